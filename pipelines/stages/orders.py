"""Orders as documents without money describe them: where goods came from and went, who bought.

Settlements of some channels do not say. Lines take it from these documents by order and SKU, in
whatever order the documents come.
"""

from collections.abc import Sequence
from datetime import date

import duckdb
import pyarrow as pa

from connectors.channels import channel
from connectors.documents.manifest import Manifest
from connectors.lake.engine import arrow_table
from pipelines.stages.documents import text_of
from pipelines.stages.partitions import scan
from pipelines.stages.workspace import Workspace

_COLUMNS = (
    "order_id VARCHAR, sku VARCHAR, ship_from VARCHAR, ship_to VARCHAR, is_marketplaces BOOLEAN, "
    "buyer_tax_number VARCHAR"
)
# An order may stand in several reports: its sale in one, its refund in another.
_TOGETHER = """
SELECT
    order_id, sku,
    CASE WHEN count(DISTINCT ship_from) = 1 THEN min(ship_from) END AS ship_from,
    CASE WHEN count(DISTINCT ship_to) = 1 THEN min(ship_to) END AS ship_to,
    bool_and(is_marketplaces) AS is_marketplaces,
    CASE WHEN count(DISTINCT buyer_tax_number) = 1 AND bool_and(buyer_tax_number IS NOT NULL)
        THEN min(buyer_tax_number)
    END AS buyer_tax_number
FROM (FROM order_rows UNION ALL SELECT order_id, '*', * EXCLUDE (order_id, sku) FROM order_rows)
GROUP BY ALL
"""
# Lines of the whole order have what all its items have.
_DESCRIBED = """
SELECT
    coalesce(s.ship_from, o.ship_from) AS ship_from,
    coalesce(s.ship_to, o.ship_to) AS ship_to,
    CASE WHEN s.tax_collected_by = 'none' AND o.is_marketplaces
        AND (starts_with(s.category, 'sales.') OR starts_with(s.category, 'refund.')
            OR starts_with(s.category, 'discount.'))
        THEN 'marketplace' ELSE s.tax_collected_by END AS tax_collected_by,
    coalesce(s.buyer_tax_number, o.buyer_tax_number) AS buyer_tax_number
FROM staged AS s
LEFT JOIN orders AS o ON o.order_id = s.order_id AND o.sku = coalesce(s.sku, '*')
ORDER BY s.position
"""


def described_orders(workspace: Workspace, documents: Sequence[Manifest]) -> pa.Table | None:
    """Return what documents say of orders, by order and SKU (`*` of all); None without any."""
    if not documents:
        return None
    with workspace.scratch("orders") as scratch, workspace.engine() as con:
        con.execute(f"CREATE TEMP TABLE order_rows ({_COLUMNS})")
        for manifest in documents:
            query = channel(manifest.channel).query(manifest, documents)
            text = text_of(workspace, manifest, scratch)
            con.execute(f"CREATE OR REPLACE TEMP VIEW document_rows AS {query.rows(text)}")
            con.execute(f"INSERT INTO order_rows BY NAME {query.lines_sql}")
        return arrow_table(con, f"{_TOGETHER} ORDER BY order_id, sku")


def describe(con: duckdb.DuckDBPyConnection, rows: pa.Table, orders: pa.Table) -> pa.Table:
    """Return canonical lines with what documents say of their orders, in the same order."""
    con.register("orders", orders)
    con.register("staged", rows.append_column("position", pa.arange(0, rows.num_rows)))
    stated = arrow_table(con, _DESCRIBED)
    for name in ("staged", "orders"):
        con.unregister(name)
    for column in stated.column_names:
        rows = rows.set_column(rows.schema.get_field_index(column), column, stated[column])
    return rows


def days_of_orders(workspace: Workspace, slug: str, documents: Sequence[Manifest]) -> set[date]:
    """Return the computed days that have lines of the orders that documents describe."""
    lake = workspace.lake
    files = lake.partitions("transactions", slug, lake.days("transactions", slug))
    orders = described_orders(workspace, documents)
    if not files or orders is None:
        return set()
    with workspace.engine() as con:
        con.register("orders", orders)
        rows = con.execute(
            f"SELECT DISTINCT business_date FROM {scan(files)} "
            "WHERE order_id IN (SELECT order_id FROM orders)"
        ).fetchall()
        con.unregister("orders")
    return {day for (day,) in rows}
