"""The floor: what the same work costs as one DuckDB script that knows its input by heart.

It reads the same TSV files, casts to the types of `transactions`, classifies by joining the same
table, writes one Parquet file and sums by day and category. It checks nothing, cuts nothing by day,
syncs nothing, knows one dialect, and does not number rows: their order costs it a thread.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from connectors.lake.engine import open_engine, quoted
from mappings.channels import classify
from mappings.tables import TRANSACTIONS
from tests.benchmarks.generate import COLUMNS, WORDS

FIELDS = """
SELECT
    'amazon-de' AS connection,
    'amazon' AS channel,
    "marketplace-name" AS marketplace,
    concat("settlement-id", ':', "order-item-code", ':', "amount-description") AS transaction_id,
    "settlement-id" AS settlement_id,
    NULL AS payout_id,
    "order-id" AS order_id,
    "order-item-code" AS order_item_id,
    sku,
    CAST("quantity-purchased" AS INTEGER) AS quantity,
    strptime("posted-date-time", '%d.%m.%Y %H:%M:%S UTC') AT TIME ZONE 'UTC' AS posted_at,
    CAST(posted_at AT TIME ZONE 'Europe/Berlin' AS DATE) AS business_date,
    coalesce(k.category, 'unclassified') AS category,
    concat_ws(' / ', "transaction-type", "amount-type", "amount-description") AS source_type,
    "promotion-id" AS description,
    'EUR' AS currency,
    CAST(replace(amount, ',', '.') AS DECIMAL(19,4)) AS amount,
    CASE k.category WHEN 'tax.seller_collected' THEN 'seller'
        WHEN 'tax.facilitator_out' THEN 'marketplace' ELSE 'none' END AS tax_collected_by,
    NULL AS ship_from,
    NULL AS ship_to,
    "fulfillment-id" AS fulfilment,
    {document} AS document,
    NULL AS row
FROM {files} AS d
LEFT JOIN categories AS k
    ON k.source_type = concat_ws(' / ', "transaction-type", "amount-type", "amount-description")
WHERE amount IS NOT NULL
"""


def run(files: Sequence[Path], out: Path, *, threads: int, memory_limit: str) -> int:
    """Do it; returns how many sums there are. `out` is a folder of its own."""
    with open_engine(threads=threads, memory_limit=memory_limit, spill=out / "spill") as con:
        return _run(con, files, out)


def _run(con: duckdb.DuckDBPyConnection, files: Sequence[Path], out: Path) -> int:
    columns = ", ".join(f"{quoted(c)}: 'VARCHAR'" for c in COLUMNS)
    names = ", ".join(quoted(str(f)) for f in files)
    source = (
        f"read_csv([{names}], columns={{{columns}}}, auto_detect=false, delim='\\t', quote='', "
        "escape='', header=true, nullstr='')"
    )
    _load_categories(con)
    fields = FIELDS.format(files=source, document=quoted("0" * 64))
    target = quoted(str(out / "floor.parquet"))
    con.execute("SET preserve_insertion_order = false")
    con.execute(
        f"COPY (SELECT {TRANSACTIONS.select_list()} FROM ({fields})) TO {target} "
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    return len(
        con.execute(
            f"SELECT business_date, category, sum(amount) FROM {target} GROUP BY ALL"
        ).fetchall()
    )


def _load_categories(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TEMP TABLE categories (source_type VARCHAR, category VARCHAR)")
    placed = classify("amazon", WORDS)
    con.execute(
        "INSERT INTO categories SELECT unnest($1), unnest($2)",
        [[c.source_type for c in placed], [c.category for c in placed]],
    )
