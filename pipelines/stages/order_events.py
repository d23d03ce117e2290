"""Events of orders and listings: submitted, paid, refunded, without a SKU.

They are those of what came after its import was chosen: history that is imported starts no work.
Each is recorded once, however often its day is normalised.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import duckdb

from connectors.accounts.setup import Setup
from connectors.database.registry import Connection, NewEvent
from mappings.money import coin
from mappings.order_tables import ORDERS, PRODUCTS, UNDATED
from pipelines.stages.partitions import scan
from pipelines.stages.workspace import Workspace

# The events of an order: which orders have one, what it is about, when it was, and its amount.
_KINDS: Final = {
    "order_submitted": ("placed_at >= $since AND status <> 'cancelled'", "order_id", "placed_at"),
    "payment_received": (
        "coalesce(paid_at, updated_at, placed_at) >= $since AND status IN "
        "('paid', 'shipped', 'completed', 'refunded', 'partially_refunded')",
        "order_id",
        "coalesce(paid_at, updated_at, placed_at)",
    ),
    # What is given back later is a refund of its own.
    "refund_issued": (
        "refunded > 0 AND coalesce(updated_at, placed_at) >= $since",
        "order_id || ' ' || refunded",
        "coalesce(updated_at, placed_at)",
    ),
}


def record_order_events(
    workspace: Workspace, connection: Connection, days: Sequence[date]
) -> dict[str, int]:
    """Record what happened to the orders of some days; return how many events of a kind are new."""
    imports = Setup.model_validate(connection.setup).imports
    choice = imports.stream("orders")
    files = workspace.lake.partitions(ORDERS.name, connection.slug, days)
    if not choice.ongoing or choice.since is None or not files:
        return {}
    events = workspace.registry.events
    with workspace.engine() as con:
        # Of an imported history hardly an order has an event: each file is read once.
        any_kind = " OR ".join(f"({condition})" for condition, _, _ in _KINDS.values())
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE placed AS FROM {scan(files, by_name=True)} "
            f"WHERE NOT is_test AND ({any_kind})",
            {"since": choice.since},
        )
        lines = workspace.lake.partitions("order_lines", connection.slug, days)
        source = scan(lines, by_name=True) if lines else "(SELECT '' AS order_id, '' AS sku)"
        con.execute(f"CREATE OR REPLACE TEMP VIEW lines AS FROM {source}")
        recorded = dict[str, int]()
        for kind, (condition, subject, at) in _KINDS.items():
            query = _SUBJECTS.format(subject=subject, condition=condition)
            rows = con.execute(query, {"since": choice.since}).fetchall()
            new = events.unrecorded(kind, connection.slug, [name for name, _ in rows])
            if new:
                if not recorded:
                    _read_buyers(workspace, connection, con)
                chosen = [order for name, order in rows if name in new]
                listed = _events(con, chosen, subject, at, kind)
                recorded[kind] = len(events.record(kind, connection.slug, listed))
    return recorded


def record_listing_events(workspace: Workspace, connection: Connection, now: datetime) -> int:
    """Record the listings that have no SKU; return how many are new."""
    choice = Setup.model_validate(connection.setup).imports.stream("products")
    file = workspace.lake.partition(PRODUCTS.name, connection.slug, UNDATED)
    if not choice.ongoing or not file.exists():
        return 0
    with workspace.engine() as con:
        rows = con.execute(
            f"SELECT listing_id, title FROM {scan([file])} WHERE sku IS NULL ORDER BY 1"
        ).fetchall()
    events = [NewEvent(key, now, {"listing_id": key, "title": title}) for key, title in rows]
    return len(workspace.registry.events.record("listing_without_sku", connection.slug, events))


def _read_buyers(
    workspace: Workspace, connection: Connection, con: duckdb.DuckDBPyConnection
) -> None:
    """Make the table `ever`: who placed which order when, of the buyers of `placed`."""
    lake, slug = workspace.lake, connection.slug
    files = lake.partitions(ORDERS.name, slug, lake.days(ORDERS.name, slug))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE ever AS SELECT customer_key, placed_at, order_id "
        f"FROM {scan(files, by_name=True)} WHERE customer_key IN (SELECT customer_key FROM placed)"
    )


def _events(
    con: duckdb.DuckDBPyConnection, orders: Sequence[str], subject: str, at: str, kind: str
) -> list[NewEvent]:
    result = con.execute(_FIELDS.format(subject=subject, at=at), {"orders": list(orders)})
    names = [column[0] for column in result.description]
    events = []
    for row in result.fetchall():
        fields: dict[str, Any] = dict(zip(names, row, strict=True))
        name, occurred_at, refunded = (
            fields.pop(n) for n in ("subject", "occurred_at", "refunded")
        )
        amount = -refunded if kind == "refund_issued" else fields["amount"]
        fields["amount"] = amount and _in_coins(amount, fields["currency"])
        events.append(NewEvent(name, occurred_at, fields))
    return events


def _in_coins(amount: Decimal, currency: str | None) -> Decimal:
    """Return an amount with its currency's digits, unless the platform states more."""
    exact = amount.quantize(coin(currency or ""))
    return exact if exact == amount else amount.normalize()


_SUBJECTS = """
SELECT {subject} AS subject, order_id FROM placed WHERE {condition}
ORDER BY placed_at, order_id
"""
_FIELDS = """
WITH chosen AS (
    SELECT *, {subject} AS subject, {at} AS occurred_at
    FROM placed WHERE list_contains($orders, order_id)
),
first_orders AS (
    SELECT customer_key, arg_min(order_id, (placed_at, order_id)) AS order_id
    FROM ever WHERE customer_key IN (SELECT customer_key FROM chosen) GROUP BY customer_key
),
sold AS (
    SELECT order_id, list(DISTINCT sku ORDER BY sku) FILTER (sku IS NOT NULL) AS skus
    FROM lines WHERE list_contains($orders, order_id) GROUP BY order_id
)
SELECT
    subject, occurred_at, refunded, chosen.order_id, order_number, status,
    platform_status, currency, total AS amount, marketplace, ship_to AS country,
    coalesce(skus, []) AS skus, source, sub_source,
    CASE WHEN customer_key IS NOT NULL THEN first_orders.order_id = chosen.order_id END
        AS is_first_order,
    customer_key, business_date
FROM chosen
LEFT JOIN first_orders USING (customer_key)
LEFT JOIN sold ON sold.order_id = chosen.order_id
ORDER BY placed_at, chosen.order_id
"""
