"""Settlements as the documents in force state them, each in the file of its closing day."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from connectors.channels import channel
from connectors.channels.profile import business_day
from connectors.documents import Manifest, Statement
from connectors.registry import Connection
from connectors.windows import Window
from mappings.tables import SETTLEMENTS
from pipelines.stages.partitions import write_days
from pipelines.stages.workspace import Workspace


def chained(connection: Connection, manifests: Sequence[Manifest]) -> list[Statement]:
    """Every settlement of a connection, completed over its documents, oldest first."""
    return channel(connection.channel).chain(manifests)


def closing_day(statement: Statement, time_zone: str) -> date:
    """The day a settlement is filed under: its payout's, else its last covered one."""
    if statement.deposit_day is not None:
        return statement.deposit_day
    return business_day(statement.period_end - timedelta(microseconds=1), time_zone)


def _status(statement: Statement) -> str:
    if statement.payout is None:
        return "open"
    if statement.payout > 0:
        return "paid"
    return "carried" if statement.payout < 0 else "zero"


def _row(connection: Connection, statement: Statement, document: Manifest) -> tuple[object, ...]:
    return (
        connection.slug,
        connection.channel,
        statement.settlement_id,
        statement.marketplace,
        statement.currency,
        statement.period_start,
        statement.period_end,
        closing_day(statement, connection.timezone),
        statement.declared,
        statement.total,
        statement.lines,
        statement.deposit_day,
        statement.payout,
        _status(statement),
        None,
        statement.payout is not None,
        statement.opening_balance,
        statement.closing_balance,
        document.document,
    )


def write_settlements(
    workspace: Workspace, connection: Connection, window: Window, days: Sequence[date]
) -> dict[date, int]:
    """Write the `settlements` partitions of `days`; returns how many rows each has."""
    manifests = workspace.lake.current(connection.slug)
    wanted = set(days)
    rows = []
    for statement in chained(connection, manifests):
        if closing_day(statement, connection.timezone) in wanted:
            rows.append(_row(connection, statement, _last_document(statement, manifests)))
    with workspace.scratch("settlements") as scratch:
        con = workspace.engine(scratch)
        columns = ", ".join(f"{c.name} {c.type}" for c in SETTLEMENTS.columns)
        con.execute(f"CREATE TEMP TABLE rows ({columns})")
        if rows:
            marks = ", ".join(f"${i + 1}" for i in range(len(SETTLEMENTS.columns)))
            con.executemany(f"INSERT INTO rows VALUES ({marks})", rows)
        query = "SELECT * FROM rows ORDER BY closing_date, settlement_id"
        write_days(con, workspace.lake, SETTLEMENTS, connection.slug, days, query, scratch)
    counts = Counter(row[7] for row in rows)
    for day in (d for d in window if d not in wanted):
        workspace.lake.drop("settlements", connection.slug, day)
    return {day: counts[day] for day in days}


def _last_document(statement: Statement, manifests: Sequence[Manifest]) -> Manifest:
    """The document that states the settlement's end."""
    for manifest in reversed(manifests):
        if any(part.period_end == statement.period_end for part in manifest.settlements):
            return manifest
    raise AssertionError(f"no document states settlement {statement.settlement_id}")
