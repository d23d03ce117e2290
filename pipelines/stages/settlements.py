"""Settlements as the effective documents state them, each in the file of its closing day."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from connectors.database.registry import Connection
from connectors.documents.control_totals import business_day, last_business_day
from connectors.documents.manifest import Manifest, Statement
from connectors.lake.windows import ONE_DAY, Window
from mappings.channels import classify
from mappings.columns import Table
from mappings.tables import SETTLEMENTS
from pipelines.stages.partitions import scan, write_days
from pipelines.stages.payouts import payout_status
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace

# What a settlement's lines come to, without the line that closes it.
NORMALISED = "sum(amount) FILTER (payout_id IS NULL)"


def closing_day(statement: Statement, time_zone: str) -> date:
    """Return the day a settlement is filed under: its payout's, else its last covered one."""
    if statement.deposit_day is not None:
        return statement.deposit_day
    return last_business_day(statement.period_end, time_zone)


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
        payout_status(connection, statement),
        None,
        statement.payout is not None,
        statement.opening_balance,
        statement.closing_balance,
        document.document,
    )


def write_settlements(store: Store, days: Sequence[date]) -> dict[date, int]:
    """Write the `settlements` partitions of `days`; returns how many rows each has."""
    rows = [
        _row(store.connection, statement, _last_document(statement, store.documents))
        for statement in store.settlements
        if closing_day(statement, store.connection.timezone) in set(days)
    ]
    with store.workspace.scratch("settlements") as scratch, store.workspace.engine() as con:
        columns = ", ".join(f"{c.name} {c.type}" for c in SETTLEMENTS.columns)
        con.execute(f"CREATE TEMP TABLE rows ({columns})")
        if rows:
            marks = ", ".join(f"${i + 1}" for i in range(len(SETTLEMENTS.columns)))
            con.executemany(f"INSERT INTO rows VALUES ({marks})", rows)
        # An order of its own, so that the same documents make the same bytes.
        query = "SELECT * FROM rows ORDER BY closing_date, settlement_id"
        write_days(con, store.lake, SETTLEMENTS, store.slug, days, query, scratch)
    counts = Counter(row[7] for row in rows)
    return {day: counts[day] for day in days}


def unsteady_reserves(store: Store, days: Sequence[date]) -> dict[date, str | None]:
    """Check that settlements closing on `days` release what the one before held: None, or why not.

    Judged where both are known: the same site and currency, one beginning when the other ends.
    """
    manifests = store.lake.effective_documents(store.slug)
    ends = {(m.currency, m.marketplace, m.period_end): m for m in manifests}
    reasons: dict[date, str | None] = {}
    for manifest in manifests:
        before = ends.get((manifest.currency, manifest.marketplace, manifest.period_start))
        closing = {closing_day(s, store.connection.timezone) for s in manifest.settlements}
        # Nothing to compare with; a missing settlement has a finding of its own.
        if before is None or not closing <= set(days):
            continue
        held, released = _of(before, "reserve.held"), _of(manifest, "reserve.released")
        if not held and not released:
            continue
        reasons.setdefault(max(closing), None)
        if held + released:
            reasons[max(closing)] = (
                f"settlement {before.statement} held {-held:f} {before.currency} back, "
                f"{manifest.statement} releases {released:f}"
            )
    return reasons


def _of(manifest: Manifest, category: str) -> Decimal:
    names = {
        c.source_type
        for c in classify(manifest.channel, (w.name for w in manifest.source_types))
        if c.category == category
    }
    return sum((w.amount for w in manifest.source_types if w.name in names), Decimal(0))


def covered_days(statement: Statement, time_zone: str) -> set[date]:
    """Return the business days that may hold lines of a settlement."""
    last = last_business_day(statement.period_end, time_zone)
    return set(Window(business_day(statement.period_start, time_zone), last + ONE_DAY))


def sums_by_settlement(
    workspace: Workspace,
    connection: Connection,
    table: Table,
    measure: str,
) -> dict[str, Decimal]:
    """Sum a measure by settlement over every partition of one table."""
    lake = workspace.lake
    days = lake.days(table.name, connection.slug)
    files = lake.partitions(table.name, connection.slug, days)
    if not files:
        return {}
    with workspace.engine() as con:
        rows = con.execute(
            f"SELECT settlement_id, {measure} FROM {scan(files)} "
            "WHERE settlement_id IS NOT NULL GROUP BY 1"
        )
        return {name: total for name, total in rows.fetchall() if total is not None}


def _last_document(statement: Statement, manifests: Sequence[Manifest]) -> Manifest:
    """Return the document that states the settlement's end."""
    # A settlement may go on over documents of several months: its end is in the newest.
    for manifest in reversed(manifests):
        ends = {part.period_end for part in manifest.settlements}
        if manifest.currency == statement.currency and statement.period_end in ends:
            return manifest
    raise AssertionError(f"no document states settlement {statement.settlement_id}")
