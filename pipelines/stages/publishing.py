"""Journal entries to the books: exactly what is planned, once, and proven by reading it back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.accounting.beancount.books import Books
from connectors.registry import Connection, Publication
from connectors.registry.records import PublicationState
from connectors.setup import Setup
from connectors.windows import Window
from pipelines.stages.journals import BOOKS, read_entries
from pipelines.stages.workspace import Workspace

LOCK_SECONDS = 120.0
_DUE: tuple[PublicationState, ...] = ("planned", "failed", "sending", "unknown")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What publishing a window did; `held` entries wait for the owner, with the reason.

    `stale` names days whose journal is not the planned one: they are left as they were.
    """

    posted: tuple[Publication, ...]
    stale: dict[date, str]
    unchanged: int
    held: tuple[Publication, ...]
    withdrawn: int
    files: int


def due(workspace: Workspace, connection: str, window: Window) -> list[Publication]:
    """What would be posted to the books now: what is planned, and what they have lost."""
    return _due(
        workspace,
        workspace.registry.publications(BOOKS, [connection], window.start, window.end),
    )


def _due(workspace: Workspace, listed: Sequence[Publication]) -> list[Publication]:
    """Of the newest revisions: those to post, and posted ones that the books hold no longer."""
    slugs = sorted({p.connection for p in listed if p.state == "posted"})
    kept = {
        (line.entry_id, line.content_hash)
        for line in Books(workspace.settings.books_folder).posted(slugs)
    }
    return [
        p
        for p in listed
        if p.state in _DUE or (p.state == "posted" and (p.entry_id, p.content_hash) not in kept)
    ]


def senders(stores: Iterable[Connection], target: str) -> list[Connection]:
    """Of these stores, those whose entries go to `target`, as their set-up says."""
    return [s for s in stores if Setup.model_validate(s.setup).target == target]


def due_since(
    workspace: Workspace, stores: Sequence[Connection], since: date | None, window: Window
) -> list[Publication]:
    """The entries that an accounting organisation should have of these stores, and held ones.

    They are those of business days from `since` on, as they stand in the plan for the books; none
    where it is None. Daybook does not send them yet.
    """
    if since is None or since >= window.end or not stores:
        return []
    start = max(since, window.start)
    listed = workspace.registry.publications(BOOKS, [s.slug for s in stores], start, window.end)
    return [p for p in listed if p.state != "voided"]


def publish(workspace: Workspace, connection: Connection, window: Window) -> Outcome:
    """Bring the books up to the plan for one connection and window.

    The books are written before the outbox says posted; a crash in between is mended by the next
    run, which writes the same bytes.
    """
    registry = workspace.registry
    with registry.lock("books", LOCK_SECONDS):
        listed = registry.publications(BOOKS, [connection.slug], window.start, window.end)
        gone = _vanished(workspace, connection, listed)
        todo = [p for p in _due(workspace, listed) if p not in gone]
        entries = read_entries(
            workspace,
            connection.slug,
            {p.business_date for p in todo},
            {p.entry_id: p.revision for p in todo},
        )
        stale = _stale(todo, {e.entry_id: e.content_hash for e in entries})
        todo = [p for p in todo if p.business_date not in stale]
        planned = {p.entry_id for p in todo}
        chosen = [e for e in entries if e.entry_id in planned]
        books = Books(workspace.settings.books_folder)
        books.initialise()
        written = books.publish(
            connection.slug, connection.name, chosen, [p.entry_id for p in gone]
        )
        registry.mark_posted(BOOKS, todo, reference=str(connection.slug))
        registry.mark_voided(BOOKS, gone)
    return Outcome(
        posted=tuple(todo),
        stale=stale,
        unchanged=sum(p.state == "posted" and p not in todo for p in listed) - len(gone),
        held=tuple(p for p in listed if p.state == "held"),
        withdrawn=len(gone),
        files=len(written.files_written),
    )


def _stale(planned: Sequence[Publication], built: dict[str, str]) -> dict[date, str]:
    """What is written must be what was planned; a day that differs must be built again."""
    return {
        p.business_date: (
            f"entry {p.entry_id} is planned as {p.content_hash[:12]} but its journal has "
            f"{built.get(p.entry_id, 'no such entry')[:13]}: run the day's journal again"
        )
        for p in planned
        if built.get(p.entry_id) != p.content_hash
    }


def _vanished(
    workspace: Workspace, connection: Connection, listed: Sequence[Publication]
) -> list[Publication]:
    """Posted entries whose journal is no longer there."""
    posted = [p for p in listed if p.state == "posted"]
    if not posted:
        return []
    days = {p.business_date for p in posted}
    current = {e.entry_id for e in read_entries(workspace, connection.slug, days, {})}
    unbuilt = days - workspace.lake.days("journal_lines", connection.slug)
    known = workspace.lake.days("transactions", connection.slug)
    return [
        p
        for p in posted
        if p.entry_id not in current
        and (p.business_date not in unbuilt or p.business_date not in known)
    ]


def read_back(workspace: Workspace, connection: Connection, window: Window) -> dict[date, str]:
    """Days on which the books do not hold what is recorded as posted, and what is different."""
    listed = workspace.registry.publications(
        BOOKS, [connection.slug], window.start, window.end, states=["posted"]
    )
    recorded = {p.entry_id: p for p in listed}
    found: dict[str, str] = {}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in Books(workspace.settings.books_folder).posted([connection.slug]):
        found[line.entry_id] = line.content_hash
        sums[line.entry_id] += line.amount
    wrong: dict[date, str] = {}
    for entry_id, publication in recorded.items():
        if found.get(entry_id) != publication.content_hash:
            wrong[publication.business_date] = f"entry {entry_id} is not in the books as posted"
        elif sums[entry_id]:
            wrong[publication.business_date] = f"entry {entry_id} is off balance in the books"
    return wrong
