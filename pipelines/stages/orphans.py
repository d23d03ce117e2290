"""Entries that the books hold and no journal supports any more.

Asked over everything that is recorded as posted and everything that stands in the books, whatever
became of the days: an order is cancelled, a settlement restated, a currency gone.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from connectors.database.registry import Connection, Publication
from connectors.database.registry.publications import LIVE
from connectors.lake.windows import Window
from mappings.model import BOOKS, PostedLine, day_of
from pipelines.stages.corrected_books import is_taken_back, standing
from pipelines.stages.partitions import scan
from pipelines.stages.provisional import booked_documents
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Orphan:
    """An entry to be removed; `publications` are the revisions that are recorded as posted."""

    entry_id: str
    connection: str
    business_date: date
    currency: str
    revision: int
    publications: tuple[Publication, ...] = ()


def orphans(
    workspace: Workspace, connection: Connection, window: Window, posted: Iterable[PostedLine]
) -> list[Orphan]:
    """Return the entries of a window that no journal supports; `posted` is what the books hold.

    An entry whose journal is only lost, or not built yet, stays: documents cover its day.
    """
    # The registry may not know an entry that stands in the books: a restored backup, another home.
    candidates = _recorded(workspace, connection, window)
    entries = standing(posted)
    for entry_id, (line, *_) in entries.items():
        # One of a closed day may be dated later.
        day = day_of(entry_id) or line.business_date
        if day in window and entry_id not in candidates:
            candidates[entry_id] = Orphan(
                entry_id, connection.slug, day, line.currency, line.revision
            )
    days = {candidate.business_date for candidate in candidates.values()}
    journalled = _journalled(workspace, connection.slug, days)
    unsupported = [
        c
        for c in candidates.values()
        if c.entry_id not in journalled and not is_taken_back(entries.get(c.entry_id, ()))
    ]
    # A journal that was lost comes back with the next run; voiding its entry would post it twice.
    awaited = _awaited(workspace, connection, {c.business_date for c in unsupported})
    return sorted(
        (c for c in unsupported if c.business_date not in awaited),
        key=lambda orphan: (orphan.business_date, orphan.entry_id),
    )


def _recorded(workspace: Workspace, connection: Connection, window: Window) -> dict[str, Orphan]:
    """Return every entry that is recorded as posted, or may be, by its id."""
    listed = workspace.registry.publications.list(
        BOOKS, [connection.slug], window.start, window.end, LIVE, all_revisions=True
    )
    revisions: dict[str, list[Publication]] = defaultdict(list)
    for publication in listed:
        revisions[publication.entry_id].append(publication)
    return {
        entry_id: Orphan(
            entry_id,
            connection.slug,
            live[-1].business_date,
            live[-1].currency,
            live[-1].revision,
            tuple(live),
        )
        for entry_id, live in revisions.items()
    }


def _journalled(workspace: Workspace, slug: str, days: Iterable[date]) -> set[str]:
    files = workspace.lake.partitions("journal_lines", slug, days)
    if not files:
        return set()
    with workspace.engine() as con:
        rows = con.execute(f"SELECT DISTINCT entry_id FROM {scan(files)}")
        return {entry_id for (entry_id,) in rows.fetchall()}


def _awaited(workspace: Workspace, connection: Connection, days: set[date]) -> set[date]:
    """Return the days that documents cover and whose journal is still to be built."""
    unbuilt = days - workspace.lake.days("journal_lines", connection.slug)
    if not unbuilt:
        return set()
    documents = booked_documents(workspace, connection)
    return {day for day in unbuilt if any(document.covers(day) for document in documents)}
