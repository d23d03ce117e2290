"""Unit costs and movements of stock, taken from files; the days that change are requested."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

from connectors.costs import Movement, UnitCost, read_costs, read_movements
from connectors.database.registry import Connection
from pipelines.stages.partitions import scan
from pipelines.stages.targets import request_days
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class StockImport:
    """The result of an import: rows in the file, those new or changed, and days computed again.

    `waiting` are rows of days that no settlement covers yet: they are booked once one does.
    """

    rows: int
    changed: int
    days: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class MissingCost:
    """A SKU that was sold and has no cost on the first of the days that it was sold on."""

    sku: str
    location: str
    first_day: date
    units: int


def import_costs(
    workspace: Workspace, connection: Connection, name: str, content: bytes, actor: str
) -> StockImport:
    """Store a file's unit costs for one store; `BadInput` for what cannot be read."""
    costs = read_costs(name, content)
    stock = workspace.registry.stock
    changed = stock.add_costs(connection.slug, [asdict(cost) for cost in costs], actor)
    first = min(cost.since for cost in costs)
    return _requested(workspace, connection, costs, changed, first, actor)


def import_movements(
    workspace: Workspace, connection: Connection, name: str, content: bytes, actor: str
) -> StockImport:
    """Store a file's movements of stock for one store; `BadInput` for what cannot be read."""
    movements = read_movements(name, content)
    stock = workspace.registry.stock
    changed = stock.add_movements(connection.slug, [asdict(each) for each in movements], actor)
    first = min((each.day for each in movements), default=date.max)
    outcome = _requested(workspace, connection, movements, changed, first, actor)
    computed = workspace.lake.days("transactions", connection.slug)
    waiting = sum(each.day not in computed for each in movements)
    return replace(outcome, waiting=waiting)


def _requested(
    workspace: Workspace,
    connection: Connection,
    rows: Sequence[UnitCost] | Sequence[Movement],
    changed: int,
    since: date,
    actor: str,
) -> StockImport:
    why = "what goods cost changed"
    days = request_days(workspace, connection, since, why, actor) if changed else 0
    return StockImport(len(rows), changed, days)


def missing_costs(workspace: Workspace, connection: Connection) -> list[MissingCost]:
    """Return the SKUs that a store sold without a unit cost, those sold most first."""
    lake = workspace.lake
    files = lake.partitions(
        "transactions", connection.slug, lake.days("transactions", connection.slug)
    )
    if not files:
        return []
    costs = workspace.registry.stock.costs(connection.slug)
    with workspace.engine() as con:
        con.execute("CREATE TEMP TABLE unit_costs (sku VARCHAR, location VARCHAR, since DATE)")
        if costs:
            con.execute(
                "INSERT INTO unit_costs SELECT unnest($1), unnest($2), unnest($3)",
                [[c.sku for c in costs], [c.location for c in costs], [c.since for c in costs]],
            )
        rows = con.execute(_MISSING.format(lines=scan(files))).fetchall()
    return [MissingCost(*row) for row in rows]


_MISSING = """
SELECT
    sku, coalesce(fulfilment, '') AS location, min(business_date), sum(quantity)::INTEGER AS units
FROM {lines} AS t
WHERE category = 'sales.principal' AND sku <> '' AND quantity IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM unit_costs AS c
        WHERE c.sku = t.sku AND c.location IN ('', coalesce(t.fulfilment, ''))
            AND c.since <= t.business_date
    )
GROUP BY ALL
ORDER BY units DESC, sku, location
"""
