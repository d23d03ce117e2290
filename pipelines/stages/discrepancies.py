"""Differences between the books and the journals, entry by entry.

Sums alone do not tell: a month of orders comes to nothing, with an entry too many or without it.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from connectors.database.registry import Connection
from connectors.lake.windows import Window
from mappings.model import PostedLine, day_of, original_of
from pipelines.stages.corrected_books import hashes_of, standing
from pipelines.stages.orphans import orphans
from pipelines.stages.partitions import scan
from pipelines.stages.workspace import Workspace

_ALWAYS = Window(date.min, date.max)


@dataclass(frozen=True, slots=True)
class Discrepancies:
    """Entries by settlement.

    `unsupported` are lines of entries that the books hold and no journal has, `changed` entries
    that the books hold with other figures, `missing` those that they do not hold. Days through
    `closed` stay as they are.
    """

    unsupported: dict[str, list[PostedLine]]
    changed: dict[str, set[str]]
    missing: dict[str, set[str]]
    closed: date | None = None

    def explain(
        self, settlement: str, state: str, why: str | None, *, is_even: bool = True
    ) -> tuple[str, str | None]:
        """Return the state of a settlement and what to do, given those by its sums.

        With `is_even` false the sums are apart already, and say why.
        """
        if settlement in self.unsupported:
            entries = sorted({line.entry_id for line in self.unsupported[settlement]})
            what = f"the books hold {_listed(entries)}, which no transactions support any more"
            return "differs", f"{what}: {self._way_out(entries)}"
        if is_even and settlement in self.changed:
            entries = sorted(self.changed[settlement])
            what = f"the books hold {_listed(entries)} with other figures than the journal"
            return "differs", f"{what}: {self._way_out(entries)}"
        if is_even and settlement in self.missing:
            entries = sorted(self.missing[settlement])
            return "waiting", f"{_listed(entries)} not posted yet: {self._way_out(entries)}"
        return state, why

    def _way_out(self, entries: Collection[str]) -> str:
        days = [day for entry_id in entries if (day := day_of(entry_id)) is not None]
        if self.closed is None or min(days, default=date.max) > self.closed:
            return "run `daybook publish`"
        return (
            "its day is closed, and `daybook publish first-open-day --target books` corrects it on "
            "the first open one"
        )


def _listed(entries: Collection[str]) -> str:
    first, *others = entries
    return first if not others else f"{first} and {len(others)} more"


def discrepancies(
    workspace: Workspace, connection: Connection, posted: Sequence[PostedLine]
) -> Discrepancies:
    """Compare what the books hold of a connection with its journals; held entries are left out."""
    # What publishing will remove anyway is no difference of its own.
    removable = {o.entry_id for o in orphans(workspace, connection, _ALWAYS, posted)}
    content = hashes_of(standing(posted))
    closed = workspace.registry.closed_books.get(connection.slug)
    comparison = Discrepancies(defaultdict(list), defaultdict(set), defaultdict(set), closed)
    changed = set()
    for entry_id, content_hash, settlement in _journalled(workspace, connection.slug):
        if entry_id not in content:
            comparison.missing[settlement].add(entry_id)
        elif content[entry_id] != content_hash:
            changed.add(entry_id)
            comparison.changed[settlement].add(entry_id)
    for line in posted:
        if line.settlement_id is None:
            continue
        entry_id = original_of(line.entry_id)
        if entry_id in removable:
            comparison.unsupported[line.settlement_id].append(line)
        # The books may have lines of settlements that the journal has none of any more.
        elif entry_id in changed:
            comparison.changed[line.settlement_id].add(entry_id)
    return comparison


def _journalled(workspace: Workspace, slug: str) -> list[tuple[str, str, str]]:
    """List every entry to be posted, with its content and each settlement that it is of."""
    lake = workspace.lake
    files = lake.partitions("journal_lines", slug, lake.days("journal_lines", slug))
    if not files:
        return []
    with workspace.engine() as con:
        rows = con.execute(
            f"SELECT DISTINCT entry_id, content_hash, settlement_id FROM {scan(files)} "
            "WHERE settlement_id IS NOT NULL AND held_reason IS NULL"
        )
        return rows.fetchall()
