"""Unit costs and movements of stock, from files or a shop; the days that change are requested."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Event

from connectors.accounts.accounts import Accounts
from connectors.accounts.platforms import has_settlements
from connectors.channels import channel
from connectors.channels.history import today_of
from connectors.costs import CHANNELS_OWN, Movement, UnitCost, read_costs, read_movements
from connectors.database.registry import Connection
from connectors.errors import BadInput
from connectors.http.shape import each_readable
from connectors.lake.windows import Window
from mappings.model import BOOKS
from mappings.order_tables import PRODUCTS, UNDATED
from pipelines.stages.fetch import sync_context
from pipelines.stages.mapping import mapping_of
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
class CostPull:
    """The result of a pull: SKUs with a cost, those new or changed, and days computed again.

    `ambiguous` are SKUs of several items with different costs, which are left out.
    """

    rows: int
    changed: int
    days: int
    ambiguous: tuple[str, ...]


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


def pull_costs(
    workspace: Workspace,
    connection: Connection,
    store: Connection,
    actor: str,
    now: datetime | None = None,
) -> CostPull:
    """Store what a connected shop says its items cost, for the goods of a store, from today on.

    The owner's own costs go before them. A cost that is as it was adds nothing. Raises `BadInput`
    where the platform has no costs, or the store books none, and the errors of its calls.
    """
    source = channel(connection.channel)
    if source.read_costs is None:
        raise BadInput(
            f"{connection.slug}: {source.title} states no unit costs: import a file with `daybook "
            "costs import`"
        )
    _check_booked(workspace, store)
    now = now or datetime.now(UTC)
    accounts = Accounts(workspace.settings, workspace.registry)
    today = Window(today_of(connection, now), today_of(connection, now))
    with accounts.recording_refusals(connection.slug):
        context = sync_context(
            workspace, accounts, connection, today, today.start, now, (), Event()
        )
        stated = list(each_readable(source.title, source.read_costs(context)))
    return _take(workspace, store, stated, today.start, actor)


def take_listed_costs(workspace: Workspace, connection: Connection, now: datetime) -> CostPull:
    """Store what a store's own listings say their items cost, from today on.

    A store that books no cost of goods takes none. The owner's own costs go before them.
    """
    file = workspace.lake.partition(PRODUCTS.name, connection.slug, UNDATED)
    if not file.exists() or not _books_costs(workspace, connection):
        return CostPull(0, 0, 0, ())
    today = today_of(connection, now)
    with workspace.engine() as con:
        rows = con.execute(
            f"SELECT sku, unit_cost, currency FROM {scan([file])} "
            "WHERE sku IS NOT NULL AND unit_cost > 0 AND currency IS NOT NULL ORDER BY ALL"
        ).fetchall()
    stated = [UnitCost(sku, CHANNELS_OWN, today, cost, code) for sku, cost, code in rows]
    return _take(workspace, connection, stated, today, "import")


def _take(
    workspace: Workspace,
    store: Connection,
    stated: Iterable[UnitCost],
    today: date,
    actor: str,
) -> CostPull:
    costs, ambiguous = _by_sku(stated)
    latest = {c.sku: c for c in workspace.registry.stock.costs(store.slug) if _is_channels(c)}
    new = [c for c in costs if _figures(latest.get(c.sku)) != _figures(c)]
    stock = workspace.registry.stock
    # A poll every five minutes that finds nothing new is no entry of the audit log.
    changed = stock.add_costs(store.slug, [asdict(c) for c in new], actor) if new else 0
    outcome = _requested(workspace, store, costs, changed, today, actor)
    return CostPull(outcome.rows, outcome.changed, outcome.days, ambiguous)


def _books_costs(workspace: Workspace, store: Connection) -> bool:
    listed = workspace.registry.connections.list()
    targets = [BOOKS, *(each.slug for each in listed if not has_settlements(each))]
    return any(mapping_of(workspace.registry, store.slug, t).cost_of_goods for t in targets)


def _check_booked(workspace: Workspace, store: Connection) -> None:
    if not _books_costs(workspace, store):
        raise BadInput(
            f"{store.slug} books no cost of goods: say `cost_of_goods: true` in its mapping first"
        )


def _by_sku(stated: Iterable[UnitCost]) -> tuple[list[UnitCost], tuple[str, ...]]:
    """Return one cost a SKU, and the SKUs that stand for items of different costs."""
    by_sku: dict[str, set[UnitCost]] = defaultdict(set)
    for cost in stated:
        by_sku[cost.sku].add(cost)
    single = [cost for costs in by_sku.values() if len(costs) == 1 for cost in costs]
    return single, tuple(sorted(sku for sku, costs in by_sku.items() if len(costs) > 1))


def _is_channels(cost: UnitCost) -> bool:
    return cost.location == CHANNELS_OWN


def _figures(cost: UnitCost | None) -> tuple[Decimal, str] | None:
    return None if cost is None else (cost.cost, cost.currency)


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
        WHERE c.sku = t.sku AND c.location IN ('', '*channel', coalesce(t.fulfilment, ''))
            AND c.since <= t.business_date
    )
GROUP BY ALL
ORDER BY units DESC, sku, location
"""
