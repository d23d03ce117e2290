"""A synthetic lake of any size: what the warehouse benchmark is run on.

Here belongs the making of Parquet partitions in bulk, with amounts that tie out from settlement
to journal. No measuring.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from mappings.tables import TABLES

FIRST_DAY = date(2024, 1, 1)

LINES = """
CREATE OR REPLACE TABLE lines AS
WITH base AS (
    SELECT c.range AS c, d.range AS d, n.range AS n, hash(c.range, d.range, n.range) AS h
    FROM range(?, ?) c, range(?) d, range(?) n
),
fields AS (
    SELECT *, 'store-' || lpad(CAST(c AS VARCHAR), 2, '0') AS connection,
        CAST(? AS DATE) + CAST(d AS INTEGER) AS day,
        list_extract(['sales.principal', 'sales.shipping', 'fee.referral', 'fee.fulfilment',
            'refund.principal', 'tax.facilitator_in', 'tax.facilitator_out', 'fee.advertising',
            'discount.seller', 'fee.storage'], CAST(n % 10 + 1 AS INTEGER)) AS category
    FROM base
),
final AS (
    SELECT connection, 'amazon' AS channel,
        list_extract(['Amazon.com', 'Amazon.de'], CAST(h % 2 + 1 AS INTEGER)) AS marketplace,
        sha256(connection || CAST(d // 14 AS VARCHAR))
            || ':' || CAST(d * 100000 + n AS VARCHAR) || ':0' AS transaction_id,
        connection || '-' || CAST(d // 14 AS VARCHAR) AS settlement_id,
        NULL AS payout_id,
        '302-' || CAST(c * 1000000000 + d * 1000000 + n // 5 AS VARCHAR) AS order_id,
        CAST(h % 100000000 AS VARCHAR) AS order_item_id,
        'SKU-' || CAST(h % 800 AS VARCHAR) AS sku, 1 AS quantity,
        CAST(day AS TIMESTAMP) + INTERVAL 9 HOUR AS posted_at, day AS business_date,
        category, 'ItemPrice / ' || category AS source_type, NULL AS description,
        'USD' AS currency,
        CASE WHEN category LIKE 'sales%' OR category LIKE '%_in' THEN 1 ELSE -1 END
            * CAST(h % 20000 AS DECIMAL(19,4)) / 100 AS amount,
        'none' AS tax_collected_by, 'US' AS ship_from, 'US' AS ship_to, 'AFN' AS fulfilment,
        sha256(connection || CAST(d // 14 AS VARCHAR)) AS document, n + 1 AS row
    FROM fields
)
SELECT * FROM final ORDER BY connection, business_date
"""

SETTLEMENTS = """
SELECT connection, 'amazon' AS channel, settlement_id, NULL AS marketplace, 'USD' AS currency,
    min(posted_at) AS period_start, max(posted_at) AS period_end,
    max(business_date) AS closing_date, sum(amount) AS declared_total, sum(amount) AS raw_total,
    count(*) AS raw_lines, max(business_date) AS deposit_date, sum(amount) AS payout_amount,
    'paid' AS payout_status, NULL AS bank_reference, true AS closed, NULL AS opening_balance,
    NULL AS closing_balance, any_value(document) AS document
FROM lines GROUP BY connection, settlement_id
"""

JOURNAL = """
WITH sums AS (
    SELECT connection, business_date, currency, category, settlement_id,
        sum(amount) AS amount, count(*) AS transactions
    FROM lines GROUP BY ALL
),
postings AS (
    SELECT * EXCLUDE (settlement_id, amount), NULL AS settlement_id, -amount AS amount FROM sums
    UNION ALL BY NAME
    SELECT connection, business_date, currency, settlement_id, 'clearing' AS category,
        sum(amount) AS amount, sum(transactions) AS transactions
    FROM sums GROUP BY ALL
)
SELECT 'je:' || connection || ':' || business_date || ':' || currency AS entry_id,
    row_number() OVER (PARTITION BY connection, business_date ORDER BY category) AS line,
    connection, business_date, currency, 'activity' AS part, 'Income:' || category AS account,
    category, NULL AS tax_code, settlement_id, amount, transactions,
    sha256(connection || business_date) AS content_hash, NULL AS held_reason
FROM postings
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How many connections, days of each, and lines on each day."""

    connections: int
    days: int
    lines: int


def write_lake(folder: Path, size: Size) -> None:
    """Write every partition of every table, connection by connection."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for number in range(size.connections):
            con.execute(LINES, [number, number + 1, size.days, size.lines, FIRST_DAY.isoformat()])
            _write_connection(con, folder, f"store-{number:02}", size.days)


def _write_connection(
    con: duckdb.DuckDBPyConnection, folder: Path, connection: str, days: int
) -> None:
    sources = {
        "transactions": "FROM lines",
        "settlements": SETTLEMENTS,
        "journal_lines": JOURNAL,
    }
    for name, source in sources.items():
        table = TABLES[name]
        rows = con.sql(
            f"SELECT {table.select_list()} FROM ({source}) ORDER BY {table.day_column}"
        ).to_arrow_table()
        target = folder / name / connection
        target.mkdir(parents=True, exist_ok=True)
        for day, part in _by_day(rows, table.day_column, days):
            pq.write_table(part, target / f"{day}.parquet", compression="zstd")


def _by_day(rows: pa.Table, column: str, days: int) -> Iterator[tuple[date, pa.Table]]:
    """Slices of a table sorted by day; a day without rows is a table of zero rows."""
    values: list[date] = rows.column(column).to_pylist()
    start = 0
    for day in (FIRST_DAY + timedelta(days=n) for n in range(days)):
        end = start
        while end < len(values) and values[end] == day:
            end += 1
        yield day, rows.slice(start, end - start)
        start = end
