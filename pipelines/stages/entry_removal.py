"""Entries that nothing supports any more: taken out of an organisation's books.

In a closed period nothing is taken out. There an entry is taken back on the first open day, by one
of the opposite figures, once its owner chose that.
"""

from collections.abc import Sequence
from datetime import date

from connectors.accounting.target import EditedThere, OrganisationBooks, PeriodClosed
from connectors.database.registry import Publication
from connectors.database.registry.records import Choice
from connectors.errors import DaybookError, RateLimited, Transient
from connectors.lake.windows import ONE_DAY
from pipelines.stages.closed_periods import removal_text
from pipelines.stages.lost_calls import StillOpen, attempt_of, may_arrive
from pipelines.stages.posted_documents import PostedDocument, documents_of, opposite_of
from pipelines.stages.preflight import Preflight
from pipelines.stages.workspace import Workspace


class EntryRemoval:
    """The removal of a store's entries from one organisation."""

    def __init__(
        self, workspace: Workspace, connection: str, slug: str, preflight: Preflight
    ) -> None:
        """Of the store `connection`, at the organisation `slug`."""
        self._publications = workspace.registry.publications
        self._choices = workspace.registry.entry_choices
        self._connection, self._slug, self._preflight = connection, slug, preflight

    def run(self, target: OrganisationBooks, held: Publication | None, closed: date | None) -> None:
        """Take out what is held there of an entry; nothing where nothing is.

        Raises `PeriodClosed` for an entry of a closed day that its owner did not choose to take
        back, `EditedThere` where an edit would be lost, or a match without anybody's wish.
        """
        documents = documents_of(held)
        if held is None or not documents:
            return
        is_rolled_back = self._is_chosen(held, "rolled_back")
        late = [d for d in documents if closed is not None and d.entry.business_date <= closed]
        if late and closed is not None:
            if not self._is_chosen(held, "first_open_day"):
                text = removal_text(held.business_date, closed, is_rolled_back=is_rolled_back)
                raise PeriodClosed(text)
            self._take_back(target, held, documents, closed)
            return
        # All before the first goes: half of an entry is worse than the whole. One alone is looked
        # at when it goes. After a lost call it looks edited half-way, by that call itself.
        if not _is_begun(held) and (len(documents) > 1 or not is_rolled_back):
            for document in documents:
                _check_removable(target, document, is_rolled_back)
        self._void(target, held, documents)

    def _is_chosen(self, held: Publication, choice: Choice) -> bool:
        chosen = self._choices.list(self._slug, self._connection, [choice])
        return held.entry_id in {each.entry_id for each in chosen}

    def _void(
        self, target: OrganisationBooks, held: Publication, documents: Sequence[PostedDocument]
    ) -> None:
        # Where the answer is lost it is asked for again, and not called back: it may be gone.
        self._publications.mark(self._slug, [held], "sending")
        try:
            # The newest first: what is left when this is killed is a whole revision of before.
            for document in reversed(documents):
                target.void(document.reference, document.entry)
        except (Transient, RateLimited):
            raise
        except DaybookError:
            # Refused, so it stands there as it was.
            self._publications.mark(self._slug, [held], "posted")
            raise

    def _take_back(
        self,
        target: OrganisationBooks,
        held: Publication,
        documents: Sequence[PostedDocument],
        closed: date,
    ) -> None:
        """Post the opposite of what stands there; before it is sent again, it is looked for."""
        # What went before its period was closed is not taken back once more.
        present = [each for each in documents if _is_present(target, each)]
        if not present:
            return
        opposite = opposite_of(present, held.revision, closed + ONE_DAY)
        self._preflight.check(target, opposite)
        if _is_begun(held):
            still = may_arrive(held, target.late_seconds)
            attempt = attempt_of(held)
            if target.find(opposite, None, attempt, is_settled=not still) is not None:
                return
            if still:
                raise StillOpen(held)
        self._publications.mark(self._slug, [held], "sending")
        try:
            target.post(opposite, attempt_of(held))
        except (Transient, RateLimited):
            raise
        except DaybookError:
            self._publications.mark(self._slug, [held], "posted")
            raise


def _is_begun(held: Publication) -> bool:
    return held.state in {"sending", "unknown"}


def _is_present(target: OrganisationBooks, document: PostedDocument) -> bool:
    """Return whether a document stands as it was posted; `EditedThere` where it was edited."""
    standing = target.inspect(document.reference, document.entry)
    if standing.state == "edited":
        raise _edited(document)
    return standing.state != "gone"


def _check_removable(
    target: OrganisationBooks, document: PostedDocument, is_rolled_back: bool
) -> None:
    standing = target.inspect(document.reference, document.entry)
    if standing.state == "edited":
        raise _edited(document)
    if standing.is_matched and not is_rolled_back:
        raise EditedThere(
            f"{document.entry.entry_id} is matched with a bank line there: undo the match, "
            "then publish again, or roll the entry back"
        )


def _edited(document: PostedDocument) -> EditedThere:
    return EditedThere(
        f"{document.entry.entry_id} was edited or deleted there after Daybook posted it: "
        "undo that, or take it out by hand"
    )
