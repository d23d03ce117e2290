"""One store's due entries to one organisation, step by step: what is sent is recorded before.

What was posted is replaced where it stands. Where its day is closed, or somebody edited it there, a
correction is posted beside it, on the first open day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from connectors.accounting.target import EditedThere, OrganisationBooks, PeriodClosed
from connectors.database.registry import Connection, Publication
from connectors.database.registry.publications import DUE, LIVE
from connectors.database.registry.records import PublicationState, Wait
from connectors.errors import ConfigError, DaybookError, RateLimited, Transient
from connectors.lake.windows import ONE_DAY
from mappings.model import JournalEntry
from pipelines.stages.attached_documents import FIELD, TO_COME, attaching_days
from pipelines.stages.chart_fields import KINDS
from pipelines.stages.closed_periods import hold_text
from pipelines.stages.entry_removal import EntryRemoval
from pipelines.stages.lost_calls import StillOpen, attempt_of, may_arrive
from pipelines.stages.organisations import entries_for, open_organisation
from pipelines.stages.posted_documents import (
    PostedDocument,
    content_of,
    content_with,
    correction_of,
    documents_of,
    sent_as,
)
from pipelines.stages.preflight import ChartMismatch, Preflight
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace

# Whether a day was opened or a chart mended there, only another try tells.
MENDED_THERE: Final = ("open_period", "chart")


@dataclass(slots=True)
class Sent:
    """The result of sending a window: what was posted, taken out, and what was not, with why.

    `held` are entries of closed days, or that the organisation's chart does not take, whose owner
    acts. `unattached` are posted entries without their documents, with why.
    """

    posted: list[Publication] = field(default_factory=list)
    removed: list[Publication] = field(default_factory=list)
    held: list[Publication] = field(default_factory=list)
    failed: dict[date, str] = field(default_factory=dict)
    unattached: list[str] = field(default_factory=list)


def is_due(publication: Publication) -> bool:
    """Return whether a revision is to be sent: its time has come, or what it waits for may have."""
    waits = publication.due_at is not None and publication.due_at > datetime.now(UTC)
    return (publication.state in DUE and not waits) or publication.waits_for in MENDED_THERE


class Delivery:
    """The work that is due for one store at one organisation, while its lock is held.

    `store` is None for one that was removed: its entries are only taken out.
    """

    def __init__(
        self,
        workspace: Workspace,
        slug: str,
        organisation: Connection,
        store: Store | None = None,
    ) -> None:
        """Report to `sent`."""
        self.sent = Sent()
        self._workspace, self._store, self._connection = workspace, store, slug
        self._organisation, self._slug = organisation, organisation.slug
        self._publications = workspace.registry.publications
        self._attaching: set[date] = set()
        self._preflight = Preflight(workspace, organisation, slug)

    def run(self, chains: Sequence[Sequence[Publication]]) -> None:
        """Send what is due of some entries, each given by all its revisions, the newest last."""
        try:
            target = open_organisation(self._workspace, self._organisation)
            target.check()
            closed = self._closed(target)
        except DaybookError as error:
            # Nothing was sent, so the revisions stay as they are and are due at the next run.
            self.sent.failed |= {chain[-1].business_date: str(error) for chain in chains}
            return
        entries = self._entries(chain[-1] for chain in chains if is_due(chain[-1]))
        for chain in chains:
            newest = chain[-1]
            try:
                # Lost answers first: posting while one is unknown may leave two entries there.
                before = self._settled(target, chain)
                if any(p.withdrawn_at is not None for p in chain if p.state in LIVE):
                    self._remove(target, chain, before, closed)
                    before = None
                if newest.withdrawn_at is None:
                    self._post(target, newest, before, entries.get(newest.entry_id), closed)
            except StillOpen as error:
                self.sent.failed[newest.business_date] = str(error)
            # The entries after it would meet the same, and every call counts against the limits.
            except (Transient, RateLimited) as error:
                self.sent.failed[newest.business_date] = str(error)
                return
            # Closed since it was asked, or on its own account: its owner chooses.
            except (PeriodClosed, ChartMismatch) as error:
                self._hold(chain, error)
            # Refused for what it is: as `failed` no sensor asks for it again, and its owner looks.
            except DaybookError as error:
                # What is to be taken out, and could not be, is still held there.
                if newest.state in DUE:
                    self._publications.mark(self._slug, [newest], "failed", str(error))
                self.sent.failed[newest.business_date] = str(error)

    def _closed(self, target: OrganisationBooks) -> date | None:
        """Return the last closed day, there or in this store's own closed books."""
        own = self._workspace.registry.closed_books.get(self._connection)
        closed = [day for day in (target.closed_through(), own) if day is not None]
        return max(closed, default=None)

    def _hold(self, chain: Sequence[Publication], error: PeriodClosed | ChartMismatch) -> None:
        newest = chain[-1]
        if not is_due(newest) or any(p.withdrawn_at is not None for p in chain if p.state in LIVE):
            self.sent.failed[newest.business_date] = str(error)
            return
        waits_for: Wait = "chart" if isinstance(error, ChartMismatch) else "open_period"
        self._publications.mark(self._slug, [newest], "held", str(error), waits_for=waits_for)
        self.sent.held.append(newest)

    def _entries(self, newest: Iterable[Publication]) -> dict[str, JournalEntry]:
        due = list(newest)
        if self._store is None:
            return {}
        revisions = {p.entry_id: p.revision for p in due}
        days = sorted({p.business_date for p in due})
        self._attaching = attaching_days(self._store, self._organisation, days)
        entries = entries_for(self._store, self._organisation, days, revisions)
        return {entry.entry_id: entry for entry in entries}

    def _settled(
        self, target: OrganisationBooks, chain: Sequence[Publication]
    ) -> Publication | None:
        """Return the revision that the books hold; one whose answer was lost is looked for."""
        held = next((p for p in reversed(chain) if p.state == "posted"), None)
        for lost in chain:
            if lost.state not in {"sending", "unknown"} or lost.content is None:
                continue
            if lost.reference is not None:
                # It was posted, and is being taken out: a second void finds it gone, or voids it.
                held = lost
                continue
            before = documents_of(held)
            holding = target.find(
                sent_as(lost.content),
                # A correction stands beside what was there, and takes the place of nothing.
                before[0].entry if before and not lost.content.get("correction") else None,
                attempt_of(lost),
                is_settled=not may_arrive(lost, target.late_seconds),
            )
            if holding is None and may_arrive(lost, target.late_seconds):
                raise StillOpen(lost)
            if holding is None and lost.withdrawn_at is not None:
                # Taken out, or never there: that is recorded with the others of its entry.
                continue
            if holding is None:
                self._forget(lost, is_newest=lost is chain[-1])
                continue
            # Replacing it would undo what somebody entered there.
            if not holding.is_intact:
                raise EditedThere(f"{lost.entry_id} was changed there after Daybook posted it")
            self._publications.mark_posted(self._slug, [lost], holding.reference)
            held = self._reread(lost)
            self.sent.posted.append(held)
        return held

    def _forget(self, lost: Publication, *, is_newest: bool) -> None:
        """Record that a revision never arrived: it is due again, or a newer one takes its place."""
        if is_newest and self._is_rolled_back(lost):
            self._publications.mark(self._slug, [lost], "draft", "rolled back", waits_for="release")
            return
        state: PublicationState = "planned" if is_newest else "superseded"
        self._publications.mark(self._slug, [lost], state)

    def _reread(self, publication: Publication) -> Publication:
        listed = self._publications.list(
            self._slug,
            [publication.connection],
            publication.business_date,
            publication.business_date + ONE_DAY,
            all_revisions=True,
        )
        return next(p for p in listed if p.id == publication.id)

    def _post(
        self,
        target: OrganisationBooks,
        newest: Publication,
        held: Publication | None,
        entry: JournalEntry | None,
        closed: date | None,
    ) -> None:
        # Rolled back or left out, it is not to be sent; what was lost of it is found by now.
        if not is_due(newest):
            return
        # It had arrived after all: `_settled` found it by its marker.
        if held is not None and held.id == newest.id:
            return
        if entry is None or entry.content_hash != newest.content_hash:
            self.sent.failed[newest.business_date] = (
                f"entry {newest.entry_id} is not the planned one: run the day's journal again"
            )
            return
        self._check_taken(target, entry)
        documents = documents_of(held)
        if self._is_closed_to(newest, documents, closed):
            raise PeriodClosed(hold_text(newest.business_date, closed or newest.business_date))
        if not _is_in_place(newest, documents, closed):
            self._correct(target, newest, documents, entry, closed)
            return
        try:
            self._send_in_place(target, newest, documents, entry)
        except EditedThere:
            # What somebody deleted is not brought back by a difference, nor a draft posted so.
            if not documents:
                raise
            if target.inspect(documents[0].reference, documents[0].entry).state == "gone":
                raise
            self._correct(target, newest, documents, entry, closed)

    def _check_taken(self, target: OrganisationBooks, entry: JournalEntry) -> None:
        for name, kind in (("document", entry.document), ("payouts", entry.payouts)):
            if kind not in target.takes:
                raise ConfigError(
                    f"{entry.entry_id} is to be {KINDS[kind]}, and {self._slug} takes none: leave "
                    f"`{name}` out of the mapping"
                )

    def _is_closed_to(
        self, newest: Publication, documents: Sequence[PostedDocument], closed: date | None
    ) -> bool:
        """Return whether an entry that was never posted is of a closed day, and nobody chose."""
        if closed is None or newest.business_date > closed or documents:
            return False
        choices = self._workspace.registry.entry_choices
        chosen = choices.list(self._slug, self._connection, ["first_open_day"])
        return newest.entry_id not in {choice.entry_id for choice in chosen}

    def _send_in_place(
        self,
        target: OrganisationBooks,
        newest: Publication,
        documents: Sequence[PostedDocument],
        entry: JournalEntry,
    ) -> None:
        self._preflight.check(target, entry)
        attempt = attempt_of(newest)
        if not self._is_sending(newest, content_of(entry) | {"attempt": attempt}):
            return
        try:
            if documents:
                (before,) = documents
                reference = target.replace(before.reference, before.entry, entry, attempt)
            else:
                reference = target.post(entry, attempt)
        except (Transient, RateLimited) as error:
            self._publications.mark(self._slug, [newest], "unknown", str(error))
            raise
        self._finish(newest, reference)

    def _correct(
        self,
        target: OrganisationBooks,
        newest: Publication,
        documents: Sequence[PostedDocument],
        entry: JournalEntry,
        closed: date | None,
    ) -> None:
        """Post the difference to what stands there, on the first day that is open for it."""
        is_closed = closed is not None and newest.business_date <= closed
        day = closed + ONE_DAY if closed is not None and is_closed else newest.business_date
        correction, attempt = correction_of(documents, entry, day), attempt_of(newest)
        content = content_with(entry, documents, correction) | {"attempt": attempt}
        self._preflight.check(target, correction)
        if not self._is_sending(newest, content):
            return
        if not correction.lines:
            self._finish(newest, documents[-1].reference)
            return
        try:
            reference = target.post(correction, attempt)
        except (Transient, RateLimited) as error:
            self._publications.mark(self._slug, [newest], "unknown", str(error))
            raise
        self._finish(newest, reference)

    def _is_sending(self, newest: Publication, content: Mapping[str, Any]) -> bool:
        if newest.business_date in self._attaching:
            content = {**content, FIELD: TO_COME}
        # Planned anew since it was listed: the next run sends what is planned now.
        return self._publications.mark_sending(self._slug, newest, content)

    def _finish(self, newest: Publication, reference: str) -> None:
        self._publications.mark_posted(self._slug, [newest], reference)
        self.sent.posted.append(newest)

    def _remove(
        self,
        target: OrganisationBooks,
        chain: Sequence[Publication],
        held: Publication | None,
        closed: date | None,
    ) -> None:
        removal = EntryRemoval(self._workspace, self._connection, self._slug, self._preflight)
        removal.run(target, held, closed)
        if documents_of(held) and held is not None:
            self.sent.removed.append(held)
        live = [p for p in chain if p.state in LIVE]
        self._publications.mark_voided(self._slug, live)

    def _is_rolled_back(self, publication: Publication) -> bool:
        choices = self._workspace.registry.entry_choices
        chosen = choices.list(self._slug, self._connection, ["rolled_back"])
        return publication.entry_id in {choice.entry_id for choice in chosen}


def _is_in_place(
    newest: Publication, documents: Sequence[PostedDocument], closed: date | None
) -> bool:
    """Return whether a revision can take the place of what is posted: one document, of its day."""
    if closed is not None and newest.business_date <= closed:
        return False
    # Once corrected, the original is what an accountant has seen: it stays.
    days = [document.entry.business_date for document in documents]
    return days in ([], [newest.business_date])
