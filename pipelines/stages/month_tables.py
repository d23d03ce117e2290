"""The tables of a closed month: entries, settlements, open items, clearing, mappings, taxes.

Every table is exact: amounts are Decimal, and the open items add up to the clearing's closing
balance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import duckdb

from connectors.database.registry import Connection
from connectors.lake.windows import ONE_DAY, Window
from mappings.model import BOOKS, CLEARING
from pipelines.stages.booked_lines import booked_lines
from pipelines.stages.reconciliation import Proof, reconcile
from pipelines.stages.workspace import Workspace
from pipelines.warehouse import query

# Clearing lines carry the settlement whose money they move.
_ROLL_FORWARD = """
SELECT
    connection, currency,
    coalesce(sum(amount) FILTER (business_date < $1), 0)::DECIMAL(38,4) AS opening,
    coalesce(sum(amount) FILTER (business_date >= $1 AND part = 'activity'), 0)::DECIMAL(38,4)
        AS activity,
    coalesce(sum(amount) FILTER (business_date >= $1 AND part = 'payout'), 0)::DECIMAL(38,4)
        AS payouts,
    sum(amount)::DECIMAL(38,4) AS closing
FROM {source}
WHERE category = '{clearing}' AND business_date < $2
GROUP BY connection, currency
ORDER BY connection, currency
"""
_OPEN_ITEMS = """
SELECT
    connection, currency, settlement_id,
    min(business_date) AS first_day, max(business_date) AS last_day,
    sum(amount)::DECIMAL(38,4) AS open_amount
FROM {source}
WHERE category = '{clearing}' AND business_date < $2 AND $1 < $2
GROUP BY connection, currency, settlement_id
HAVING sum(amount) <> 0
ORDER BY connection, currency, first_day, settlement_id
"""
_ACCOUNTS = """
SELECT
    account, currency,
    coalesce(sum(amount) FILTER (amount > 0), 0)::DECIMAL(38,4) AS debits,
    coalesce(-sum(amount) FILTER (amount < 0), 0)::DECIMAL(38,4) AS credits,
    sum(amount)::DECIMAL(38,4) AS balance,
    count(*) AS lines
FROM {source}
WHERE business_date >= $1 AND business_date < $2
GROUP BY account, currency
ORDER BY account, currency
"""
_ENTRIES = """
SELECT
    entry_id, line, connection, business_date, currency, part, account, category, tax_code,
    settlement_id, amount, transactions, content_hash
FROM {source}
WHERE business_date >= $1 AND business_date < $2
ORDER BY connection, business_date, entry_id, line
"""


@dataclass(frozen=True, slots=True)
class MonthTable:
    """One table of a closed month: its name, columns, and rows in order."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


def month_tables(
    workspace: Workspace, stores: Sequence[Connection], month: Window
) -> list[MonthTable]:
    """Return every table of a month, of some stores; that of taxes where the warehouse has it."""
    proofs = [
        proof
        for proof in reconcile(workspace, stores)
        if proof.period_start < month.end and proof.period_end >= month.start
    ]
    return [
        *_journal_tables(workspace, stores, month),
        _settlements(proofs),
        _publications(workspace, stores, month),
        _mappings(workspace, stores, month),
        *_taxes(workspace, stores, month),
    ]


def _journal_tables(
    workspace: Workspace, stores: Sequence[Connection], month: Window
) -> list[MonthTable]:
    statements = {
        **{"entries": _ENTRIES, "accounts": _ACCOUNTS},
        **{"clearing": _ROLL_FORWARD, "open_items": _OPEN_ITEMS},
    }
    with workspace.engine() as con:
        source = booked_lines(con, workspace, stores)
        if source is None:
            return []
        return [
            _table(con, name, statement.format(source=source, clearing=CLEARING), month)
            for name, statement in statements.items()
        ]


def _table(con: duckdb.DuckDBPyConnection, name: str, statement: str, month: Window) -> MonthTable:
    cursor = con.execute(statement, [month.start, month.end])
    columns = tuple(column[0] for column in cursor.description or ())
    return MonthTable(name, columns, cursor.fetchall())


def _settlements(proofs: Sequence[Proof]) -> MonthTable:
    names = tuple(field.name for field in fields(Proof))
    rows = [tuple(getattr(proof, name) for name in names) for proof in proofs]
    return MonthTable("settlements", names, rows)


def _publications(workspace: Workspace, stores: Sequence[Connection], month: Window) -> MonthTable:
    columns = (
        *("target", "entry_id", "connection", "business_date", "currency", "revision"),
        *("state", "reference", "message", "content_hash"),
    )
    listed = workspace.registry.publications.list(
        None, [store.slug for store in stores], month.start, month.end
    )
    return MonthTable(
        "publications", columns, [tuple(getattr(p, name) for name in columns) for p in listed]
    )


def _mappings(workspace: Workspace, stores: Sequence[Connection], month: Window) -> MonthTable:
    """Return the mapping that was in effect at the end of the month, of each store and target."""
    registry, last = workspace.registry, month.end - ONE_DAY
    columns = ("connection", "target", "version", "digest", "effective_from", "author", "reason")
    rows: list[tuple[Any, ...]] = []
    for store in stores:
        publications = registry.publications.list(None, [store.slug], month.start, month.end)
        for target in sorted({BOOKS, *(p.target for p in publications)}):
            versions = registry.mappings.history(store.slug, target)
            saved = next((v for v in versions if v.is_in_effect(last)), None)
            detail = (
                (saved.version, saved.digest, saved.effective_from, saved.created_by, saved.reason)
                if saved is not None
                # The shipped mapping has no version of its own.
                else (0, None, None, "daybook", None)
            )
            rows.append((store.slug, target, *detail))
    return MonthTable("mappings", columns, rows)


def _taxes(workspace: Workspace, stores: Sequence[Connection], month: Window) -> list[MonthTable]:
    file = workspace.settings.warehouse_file
    if not file.exists():
        return []
    present = query(
        file, "SELECT table_name FROM information_schema.tables WHERE table_name = 'tax_summary'"
    )
    if not present.rows:
        return []
    slugs = ", ".join(f"'{store.slug}'" for store in stores)
    result = query(
        file,
        f"SELECT * FROM tax_summary WHERE month = DATE '{month.start}' "
        f"AND connection IN ({slugs}) ORDER BY ALL",
    )
    return [MonthTable("tax_summary", tuple(result.columns), result.rows)]
