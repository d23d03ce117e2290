"""Drift: entries of ours that somebody edited, deleted or matched in an organisation.

Nothing is ever put right silently: what was found is recorded with the entry, shown on the store's
card, and left as it stands there.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from connectors.accounting.target import BookedEntry, OrganisationBooks, line_text
from connectors.database.registry import Connection, Publication
from connectors.database.registry.drift_checks import Deviation
from connectors.database.registry.findings import CHANGED_THERE
from mappings.model import JournalEntry
from pipelines.stages.listed_entries import listed_entries
from pipelines.stages.organisations import open_organisation
from pipelines.stages.posted_documents import PostedDocument, documents_of
from pipelines.stages.workspace import Workspace

# A check overlaps with the one before: both clocks may differ, and an answer may be slow.
_OVERLAP: Final = timedelta(hours=1)
_CARD_LINES: Final = 10


@dataclass(frozen=True, slots=True)
class Drift:
    """An entry that is not as it was posted: `edited`, `gone`, or `matched` with a bank line."""

    publication: Publication
    state: Deviation

    def __str__(self) -> str:
        """Return what happened and what to do, in a sentence."""
        entry, target = self.publication.entry_id, self.publication.target
        match self.state:
            case "edited":
                return (
                    f"{entry} was edited in {target}: a later change is posted beside it; undo the "
                    "edit there, or leave it"
                )
            case "gone":
                return (
                    f"{entry} was deleted in {target}: `daybook publish rollback` and `release` "
                    "post it again"
                )
            case _:
                return f"{entry} is matched with a bank line in {target}"


def check_organisation(
    workspace: Workspace, organisation: Connection, *, whole: bool = False
) -> list[Drift]:
    """Look at what changed in an organisation since the last check, or at all of it with `whole`.

    Returns every entry that is not as it was posted, those of earlier checks included. Entries
    that were held for a closed day are due again where it is open.
    """
    target, registry = organisation.slug, workspace.registry
    begun = datetime.now(UTC)
    posted = registry.publications.list(target, states=["posted"], all_revisions=True)
    books = open_organisation(workspace, organisation)
    before = None if whole else registry.drift_checks.checked_at(target)
    standings = {
        publication.id: _standing(books, publication)
        for publication in _suspects(books, posted, before)
    }
    registry.drift_checks.record(target, begun, standings)
    # A check that somebody requested is done with; one requested since then is not.
    registry.sync_schedule.finish(target, begun)
    _free_opened(workspace, books, target)
    latest = registry.publications.list(target, states=["posted"], all_revisions=True)
    drifts = [Drift(each, each.standing) for each in latest if each.standing is not None]
    _leave_findings(workspace, target, drifts, {each.connection for each in posted})
    return drifts


def _suspects(
    books: OrganisationBooks, posted: Sequence[Publication], before: datetime | None
) -> list[Publication]:
    """Return the entries that may have changed, and those that had at the last check."""
    references = {
        publication.id: {
            reference
            for document in documents_of(publication)
            for reference in document.reference.split()
        }
        for publication in posted
    }
    held = set().union(*references.values())
    since = before - _OVERLAP if before is not None else None
    changed = books.changed_since(since, held) if since is not None else None
    if changed is None:
        listed = listed_entries(books, posted)
        return [
            publication
            for publication in posted
            if publication.standing is not None
            or any(not _is_listed(document, listed) for document in documents_of(publication))
        ]
    return [
        publication
        for publication in posted
        if publication.standing is not None or not changed.isdisjoint(references[publication.id])
    ]


def _is_listed(document: PostedDocument, listed: dict[str, BookedEntry]) -> bool:
    """Return whether an entry is listed with its day and lines; a closer look is a call each."""
    entry = listed.get(document.reference)
    return (
        entry is not None
        and entry.day == document.entry.business_date
        and Counter((each.account, each.amount, each.description) for each in entry.lines)
        == _lines(document.entry)
    )


def _lines(entry: JournalEntry) -> Counter[tuple[str, Decimal, str]]:
    return Counter(
        (line.account, line.amount, line_text(line, entry.language))
        for line in entry.lines
        if line.amount
    )


def _standing(books: OrganisationBooks, publication: Publication) -> Deviation | None:
    standings = [books.inspect(each.reference, each.entry) for each in documents_of(publication)]
    for state in ("gone", "edited"):
        if any(standing.state == state for standing in standings):
            return "gone" if state == "gone" else "edited"
    return "matched" if any(standing.is_matched for standing in standings) else None


def _free_opened(workspace: Workspace, books: OrganisationBooks, target: str) -> None:
    publications = workspace.registry.publications
    held = publications.list(target, states=["held"])
    waiting = [each for each in held if each.waits_for == "open_period"]
    if not waiting:
        return
    there = books.closed_through()
    opened = []
    for publication in waiting:
        own = workspace.registry.closed_books.get(publication.connection)
        closed = max((day for day in (there, own) if day is not None), default=None)
        if closed is None or publication.business_date > closed:
            opened.append(publication)
    if opened:
        publications.mark(target, opened, "planned")


def _leave_findings(
    workspace: Workspace, target: str, drifts: Sequence[Drift], slugs: set[str]
) -> None:
    """Show on each store's card what was edited or deleted; a match is how it should be."""
    by_store: dict[str, list[str]] = defaultdict(list)
    for drift in drifts:
        if drift.state != "matched":
            by_store[drift.publication.connection].append(str(drift))
    present = {connection.slug for connection in workspace.registry.connections.list()}
    for slug in slugs & present:
        lines = by_store[slug]
        shown = lines[:_CARD_LINES]
        if len(lines) > len(shown):
            more = len(lines) - len(shown)
            shown.append(f"{more} more in {target}: `daybook publish check --target {target}`")
        workspace.registry.findings.set(slug, CHANGED_THERE, shown)


def organisations_posted_to(workspace: Workspace) -> list[Connection]:
    """Return the connected organisations that hold entries of ours."""
    targets = {
        publication.target
        for publication in workspace.registry.publications.list(states=["posted"])
    }
    return [each for each in workspace.registry.connections.list() if each.slug in targets]
