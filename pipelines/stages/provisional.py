"""Provisional figures: what a channel reports about days without a settlement.

The lines are in a table of their own, day by day, until a settlement covers the day. They are
booked if the connection's settings say so: each day and currency is then an open settlement, which
the covering one replaces.
"""

from collections.abc import Mapping, Sequence, Set
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from connectors.accounts.setup import Setup
from connectors.channels import channel
from connectors.database.registry import Connection
from connectors.documents.manifest import DayTotals, Manifest, Statement
from connectors.errors import Permanent
from connectors.lake.windows import ONE_DAY, Window, midnight
from mappings.journal.config import MappingConfig
from mappings.model import PROVISIONAL
from mappings.tables import PROVISIONAL_TRANSACTIONS
from pipelines.stages.documents import SAME_ON_EVERY_LINE, canonical, prepare
from pipelines.stages.partitions import cut_by_day
from pipelines.stages.workspace import Workspace

LOCK_SECONDS = 60.0
_TABLE = PROVISIONAL_TRANSACTIONS


def is_booked(connection: Connection) -> bool:
    """Return whether the connection has provisional figures journalled."""
    return Setup.model_validate(connection.setup).imports.provisional


def booked_documents(workspace: Workspace, connection: Connection) -> list[Manifest]:
    """Return the documents that are booked, oldest first; provisional ones only where chosen."""
    current = workspace.lake.effective_documents(connection.slug)
    if not is_booked(connection):
        return current
    documents = [*current, *_uncovered(workspace, connection, current)]
    return sorted(documents, key=lambda m: (m.period_start, m.statement))


def provisional_days(workspace: Workspace, connection: Connection) -> set[date]:
    """Return the days that provisional figures stand for."""
    current = workspace.lake.effective_documents(connection.slug)
    return {day for m in _uncovered(workspace, connection, current) for day in m.days}


def _uncovered(
    workspace: Workspace, connection: Connection, current: Sequence[Manifest]
) -> list[Manifest]:
    """Return the provisional documents, each cut down to the days that no settlement covers."""
    provisional = workspace.lake.provisional_documents(connection.slug)
    if not provisional:
        return []
    covered = {day for m in current for day in Window(m.first_day, m.last_day + ONE_DAY)}
    cut_down = (_cut_down(manifest, covered, connection.timezone) for manifest in provisional)
    return [manifest for manifest in cut_down if manifest.days]


def _cut_down(manifest: Manifest, covered: Set[date], time_zone: str) -> Manifest:
    # A settlement covers whole days, so provisional figures of these days are dropped.
    days = {day: t for day, t in manifest.days.items() if t.lines and day not in covered}
    return manifest.model_copy(
        update={
            "days": days,
            "lines": sum(totals.lines for totals in days.values()),
            "total": sum((totals.amount for totals in days.values()), Decimal(0)),
            "first_day": min(days, default=manifest.first_day),
            "last_day": max(days, default=manifest.last_day),
            "settlements": tuple(
                _statement(manifest.currency, day, totals, time_zone)
                for day, totals in days.items()
            ),
        }
    )


def _statement(currency: str, day: date, totals: DayTotals, time_zone: str) -> Statement:
    """Return a day as a settlement that nothing has closed."""
    return Statement(
        settlement_id=f"{PROVISIONAL}{currency}-{day}",
        currency=currency,
        period_start=midnight(day, time_zone),
        period_end=midnight(day, time_zone, after=1),
        lines=totals.lines,
        total=totals.amount,
        row=0,
    )


def write_provisional(
    workspace: Workspace, connection: Connection, mapping: MappingConfig
) -> set[date]:
    """Bring `provisional_transactions` up to the documents; returns the days that have lines.

    Days that a settlement covers lose theirs. Raises `Permanent` when the lines of a day are not
    those that were counted when their document arrived.
    """
    lake, slug = workspace.lake, connection.slug
    if not channel(connection.channel).supports_provisional:
        return set()
    if not lake.provisional_documents(slug) and not lake.days(_TABLE.name, slug):
        return set()
    # Runs over other windows of the connection write the same files.
    with workspace.registry.lock(f"provisional {slug}", LOCK_SECONDS):
        documents = _uncovered(workspace, connection, lake.effective_documents(slug))
        days = {day for manifest in documents for day in manifest.days}
        if documents:
            _write(workspace, connection, documents, days, mapping)
        for day in lake.days(_TABLE.name, slug) - days:
            # Days that a settlement covers by now.
            lake.drop(_TABLE.name, slug, day)
    return days


def _write(
    workspace: Workspace,
    connection: Connection,
    documents: Sequence[Manifest],
    days: Set[date],
    mapping: MappingConfig,
) -> None:
    """Write the days' files; one that says what it said before stays as it is."""
    with workspace.scratch("provisional") as scratch, workspace.serial_engine() as con:
        parts = []
        for manifest in documents:
            lines = prepare(workspace, connection, manifest, documents, mapping, con, scratch)
            parts.append(_lines(con, manifest, lines))
        files = cut_by_day(pa.concat_tables(parts), _TABLE, scratch / _TABLE.name, days)
        target = {day: workspace.lake.partition(_TABLE.name, connection.slug, day) for day in files}
        # Unchanged days keep their file, so that the warehouse doesn't load them again.
        moves = [(file, target[day]) for day, file in files.items() if _differs(file, target[day])]
        workspace.lake.adopt(moves)


def _lines(con: duckdb.DuckDBPyConnection, manifest: Manifest, lines: str) -> pa.Table:
    """Return the prepared document's lines of its uncovered days, verified by their counts."""
    same = ", ".join(f"getvariable('{name}') AS {name}" for name in SAME_ON_EVERY_LINE)
    con.register("provisional", canonical(con, manifest.channel, lines))
    rows = con.sql(
        f"SELECT {_TABLE.select_list()} FROM (SELECT *, {same} FROM provisional) "
        "WHERE list_contains($days, business_date)",
        params={"days": list(manifest.days)},
    ).to_arrow_table()
    con.unregister("provisional")
    con.register("provisional", rows)
    totals = con.execute(
        "SELECT business_date, count(*), sum(amount), count(DISTINCT transaction_id) "
        "FROM provisional GROUP BY 1"
    ).fetchall()
    con.unregister("provisional")
    _check(manifest, {day: tuple(counted) for day, *counted in totals})
    return rows


def _check(manifest: Manifest, counted: Mapping[date, tuple[int, Decimal, int]]) -> None:
    for day, totals in manifest.days.items():
        lines, amount, keys = counted.get(day, (0, Decimal(0), 0))
        if (lines, amount, keys) != (totals.lines, totals.amount, totals.lines):
            raise Permanent(
                f"document {manifest.document[:12]} has {totals.lines} lines of "
                f"{totals.amount:f} {manifest.currency} on {day}, normalised are {lines} of "
                f"{amount:f} with {keys} keys"
            )


def _differs(file: Path, target: Path) -> bool:
    # `write_parquet` makes the same bytes of the same rows.
    return not target.is_file() or target.read_bytes() != file.read_bytes()


def book_provisional(workspace: Workspace, connection: Connection, actor: str) -> None:
    """Ask for the days that provisional figures stand for: the setting was changed."""
    days = sorted(provisional_days(workspace, connection))
    if days:
        how = "booked" if is_booked(connection) else "not booked any more"
        reason = f"provisional figures are {how}"
        workspace.registry.inbox.request_days(connection.slug, days, reason, actor)
