"""Journal entries to the books: exactly what is planned, once, verified by reading it back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.accounting.beancount.books import Books
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection, Publication
from connectors.database.registry.publications import DUE
from connectors.lake.windows import Window
from mappings.model import BOOKS, JournalEntry, PostedLine, original_of
from pipelines.stages.book_prices import write_prices
from pipelines.stages.closed_periods import books_hold_text
from pipelines.stages.corrected_books import hash_of, hashes_of, placed, standing, taken_back
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
        days = [publication.business_date for publication in (*self.post, *self.late)]
        return days + [orphan.business_date for orphan in self.remove]


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

    Posted is what is planned and what the books have lost. Of closed days only what their owner
    chose to post on the first open one.
    """
    posted = Books(workspace.settings.books_folder).posted([connection.slug])
    listed = workspace.registry.publications.list(
        BOOKS, [connection.slug], window.start, window.end
    )
    return _due(workspace, connection, window, listed, posted)


def _due(
    workspace: Workspace,
    connection: Connection,
    window: Window,
    listed: Sequence[Publication],
    posted: Sequence[PostedLine],
) -> Due:
    """Return the newest revisions to post, and the entries in the books without a journal."""
    remove = orphans(workspace, connection, window, posted)
    closed = workspace.registry.closed_books.get(connection.slug) or date.min
    # An entry to remove is not posted at the same time, even if the books lack it.
    gone = {orphan.entry_id for orphan in remove}
    content = hashes_of(standing(posted))
    lacking = [p for p in listed if p.entry_id not in gone and _is_lacking(p, content)]
    # What was posted and is lost comes back whatever is closed: it changes no figure.
    late = [p for p in lacking if p.business_date <= closed and p.state != "posted"]
    moved = _moved(
        workspace, connection, [*late, *(o for o in remove if o.business_date <= closed)]
    )
    is_held = {p.id for p in late if p.entry_id not in moved}
    return Due(
        tuple(p for p in lacking if p.id not in is_held),
        tuple(o for o in remove if o.business_date > closed or o.entry_id in moved),
        tuple(p for p in late if p.id in is_held and p.state in DUE),
    )


def _moved(
    workspace: Workspace, connection: Connection, entries: Sequence[Publication | Orphan]
) -> set[str]:
    """Return those of some entries of closed days that go to the first open one."""
    if not entries:
        return set()
    choices = workspace.registry.entry_choices
    chosen = choices.list(BOOKS, connection.slug, ["first_open_day"])
    return {choice.entry_id for choice in chosen}


def _is_lacking(publication: Publication, content: Mapping[str, str | None]) -> bool:
    if publication.state == "posted":
        return content.get(publication.entry_id) != publication.content_hash
    return publication.state in DUE or publication.waits_for == "open_period"


def senders(stores: Iterable[Connection], target: str) -> list[Connection]:
    """Return the stores whose entries go to `target`, as their set-up says."""
    return [s for s in stores if Setup.model_validate(s.setup).target == target]


def publish(workspace: Workspace, connection: Connection, window: Window) -> PublishResult:
    """Bring the books up to the plan for one connection and window.

    The books are written before the outbox records it; after a crash in between, the next run
    writes the same bytes.
    """
    registry, slug = workspace.registry, connection.slug
    # One folder for all connections: two writers at once would lose each other's year files.
    with registry.lock("books", LOCK_SECONDS):
        listed = registry.publications.list(BOOKS, [slug], window.start, window.end)
        books = Books(workspace.settings.books_folder)
        posted = books.posted([slug])
        outstanding = _due(workspace, connection, window, listed, posted)
        todo, gone = list(outstanding.post), outstanding.remove
        _hold_late(workspace, connection, outstanding.late)
        entries = read_entries(
            workspace,
            slug,
            {p.business_date for p in todo},
            {p.entry_id: p.revision for p in todo},
            as_posted=True,
        )
        # A day recomputed between plan and publish would post an entry that was not planned.
        stale = _stale(todo, {e.entry_id: e.content_hash for e in entries})
        todo = [p for p in todo if p.business_date not in stale]
        planned = {p.entry_id for p in todo}
        removed = {orphan.entry_id for orphan in gone}
        closed = registry.closed_books.get(slug)
        chosen, leaving = _placed(
            [e for e in entries if e.entry_id in planned], gone, posted, closed
        )
        # Also after an upgrade: new releases may add generated files.
        books.initialise()
        # An unposted newer revision of a removed entry is withdrawn with it.
        if gone:
            registry.publications.withdraw(BOOKS, slug, sorted(removed))
        # The books first, then the outbox: after a crash in between, the next run writes the same
        # bytes.
        written = books.publish(slug, connection.name, chosen, leaving)
        # With another currency in the books, their prices are others.
        if books.accounts_file in written.files_written:
            write_prices(workspace, books)
        registry.publications.mark_posted(BOOKS, todo, reference=str(slug))
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


def _placed(
    entries: Sequence[JournalEntry],
    gone: Sequence[Orphan],
    posted: Sequence[PostedLine],
    closed: date | None,
) -> tuple[list[JournalEntry], list[str]]:
    """Return the entries to write, and those to take out; what is closed stays as it is."""
    there = standing(posted)
    changes = [
        placed(entry, entry.business_date, there.get(entry.entry_id, ()), closed)
        for entry in entries
    ]
    chosen, leaving = [entry for entry in changes if entry is not None], []
    for orphan in gone:
        lines = there.get(orphan.entry_id, ())
        is_open = closed is None or orphan.business_date > closed
        # What corrects an entry that is lost has nothing left to correct.
        if closed is None or is_open or hash_of(lines) is None:
            leaving.append(orphan.entry_id)
        else:
            chosen.append(taken_back(lines, closed))
    return chosen, leaving


def _hold_late(workspace: Workspace, connection: Connection, late: Sequence[Publication]) -> None:
    if not late:
        return
    closed = workspace.registry.closed_books.get(connection.slug)
    message = books_hold_text(connection.slug, closed)
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
    posted = Books(workspace.settings.books_folder).posted([connection.slug])
    hashes = hashes_of(standing(posted))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in posted:
        sums[original_of(line.entry_id)] += line.amount
    wrong: dict[date, str] = {}
    for entry_id, publication in recorded.items():
        if hashes.get(entry_id) != publication.content_hash:
            wrong[publication.business_date] = f"entry {entry_id} is not in the books as posted"
        elif sums[entry_id]:
            wrong[publication.business_date] = f"entry {entry_id} is off balance in the books"
    return wrong
