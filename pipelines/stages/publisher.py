"""Journal entries to the books: exactly what is planned, once, verified by reading it back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.accounting.beancount.books import Books
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection, Publication
from connectors.database.registry.publications import DUE
from connectors.lake.windows import Window
from mappings.model import BOOKS
from pipelines.stages.book_prices import write_prices
from pipelines.stages.journals import read_entries
from pipelines.stages.orphans import Orphan, orphans
from pipelines.stages.workspace import Workspace

LOCK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Due:
    """Entries that the books lack, and those they hold that no journal supports any more.

    `late` are of days whose books are closed: they are held for their owner.
    """

    post: tuple[Publication, ...]
    remove: tuple[Orphan, ...]
    late: tuple[Publication, ...] = ()

    @property
    def days(self) -> list[date]:
        """Return the business days of all of it."""
        return [p.business_date for p in self.post] + [o.business_date for o in self.remove]


@dataclass(frozen=True, slots=True)
class PublishResult:
    """The result of publishing a window; `held` entries wait for the owner, with the reason.

    `stale` names days whose journal is not the planned one: they are left as they were.
    """

    posted: tuple[Publication, ...]
    stale: dict[date, str]
    unchanged: int
    held: tuple[Publication, ...]
    removed: tuple[Orphan, ...]
    files: int


def due(workspace: Workspace, connection: Connection, window: Window) -> Due:
    """Return what would be posted to the books now, and what would be removed from them.

    Posted is what is planned and what the books have lost.
    """
    registry = workspace.registry
    return _due(
        workspace,
        connection,
        window,
        registry.publications.list(BOOKS, [connection.slug], window.start, window.end),
    )


def _due(
    workspace: Workspace, connection: Connection, window: Window, listed: Sequence[Publication]
) -> Due:
    """Return the newest revisions to post, and the entries in the books without a journal."""
    posted = Books(workspace.settings.books_folder).posted([connection.slug])
    remove = tuple(orphans(workspace, connection, window, posted))
    closed = workspace.registry.closed_books.get(connection.slug) or date.min
    remove = tuple(orphan for orphan in remove if orphan.business_date > closed)
    # An entry to remove is not posted at the same time, even if the books lack it.
    gone = {orphan.entry_id for orphan in remove}
    content = {(line.entry_id, line.content_hash) for line in posted}
    lacking = [p for p in listed if p.entry_id not in gone and _is_lacking(p, content)]
    # What was posted and is lost comes back whatever is closed: it changes no figure.
    is_late = {p.id for p in lacking if p.business_date <= closed and p.state != "posted"}
    return Due(
        tuple(p for p in lacking if p.id not in is_late),
        remove,
        tuple(p for p in lacking if p.id in is_late and p.state in DUE),
    )


def _is_lacking(publication: Publication, content: set[tuple[str, str]]) -> bool:
    if publication.state == "posted":
        return (publication.entry_id, publication.content_hash) not in content
    return publication.state in DUE or publication.waits_for == "open_period"


def senders(stores: Iterable[Connection], target: str) -> list[Connection]:
    """Return the stores whose entries go to `target`, as their set-up says."""
    return [s for s in stores if Setup.model_validate(s.setup).target == target]


def publish(workspace: Workspace, connection: Connection, window: Window) -> PublishResult:
    """Bring the books up to the plan for one connection and window.

    The books are written before the outbox records it; after a crash in between, the next run
    writes the same bytes.
    """
    registry = workspace.registry
    # One folder for all connections: two writers at once would lose each other's year files.
    with registry.lock("books", LOCK_SECONDS):
        listed = registry.publications.list(BOOKS, [connection.slug], window.start, window.end)
        outstanding = _due(workspace, connection, window, listed)
        todo, gone = list(outstanding.post), outstanding.remove
        _hold_late(workspace, connection, outstanding.late)
        entries = read_entries(
            workspace,
            connection.slug,
            {p.business_date for p in todo},
            {p.entry_id: p.revision for p in todo},
            as_posted=True,
        )
        # A day recomputed between plan and publish would post an entry that was not planned.
        stale = _stale(todo, {e.entry_id: e.content_hash for e in entries})
        todo = [p for p in todo if p.business_date not in stale]
        planned = {p.entry_id for p in todo}
        removed = {orphan.entry_id for orphan in gone}
        chosen = [e for e in entries if e.entry_id in planned]
        books = Books(workspace.settings.books_folder)
        # Also after an upgrade: new releases may add generated files.
        books.initialise()
        # An unposted newer revision of a removed entry is withdrawn with it.
        if gone:
            registry.publications.withdraw(
                BOOKS, connection.slug, [orphan.entry_id for orphan in gone]
            )
        # The books first, then the outbox: after a crash in between, the next run writes the same
        # bytes.
        written = books.publish(
            connection.slug, connection.name, chosen, [orphan.entry_id for orphan in gone]
        )
        # With another currency in the books, their prices are others.
        if books.accounts_file in written.files_written:
            write_prices(workspace, books)
        registry.publications.mark_posted(BOOKS, todo, reference=str(connection.slug))
        registry.publications.mark_voided(
            BOOKS, [p for orphan in gone for p in orphan.publications]
        )
    return PublishResult(
        posted=tuple(todo),
        stale=stale,
        unchanged=sum(p.state == "posted" and p.entry_id not in planned | removed for p in listed),
        held=tuple(p for p in listed if p.state == "held"),
        removed=gone,
        files=len(written.files_written),
    )


def _hold_late(workspace: Workspace, connection: Connection, late: Sequence[Publication]) -> None:
    if not late:
        return
    closed = workspace.registry.closed_books.get(connection.slug)
    message = (
        f"the books are closed through {closed}: leave it out (`daybook publish leave-out "
        f"{connection.slug} --target books`), or open them again (`daybook close --reopen`)"
    )
    workspace.registry.publications.mark(BOOKS, late, "held", message, waits_for="open_period")


def _stale(planned: Sequence[Publication], built: dict[str, str]) -> dict[date, str]:
    """Return the days whose journal is not the planned one, with what to do about each."""
    return {
        p.business_date: (
            f"entry {p.entry_id} is planned as {p.content_hash[:12]} but its journal has "
            f"{built.get(p.entry_id, 'no such entry')[:13]}: run the day's journal again"
        )
        for p in planned
        if built.get(p.entry_id) != p.content_hash
    }


def read_back(workspace: Workspace, connection: Connection, window: Window) -> dict[date, str]:
    """Return days on which the books differ from what is recorded as posted, with the reason."""
    listed = workspace.registry.publications.list(
        BOOKS, [connection.slug], window.start, window.end, states=["posted"]
    )
    recorded = {p.entry_id: p for p in listed}
    hashes: dict[str, str] = {}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in Books(workspace.settings.books_folder).posted([connection.slug]):
        hashes[line.entry_id] = line.content_hash
        sums[line.entry_id] += line.amount
    wrong: dict[date, str] = {}
    for entry_id, publication in recorded.items():
        if hashes.get(entry_id) != publication.content_hash:
            wrong[publication.business_date] = f"entry {entry_id} is not in the books as posted"
        elif sums[entry_id]:
            wrong[publication.business_date] = f"entry {entry_id} is off balance in the books"
    return wrong
