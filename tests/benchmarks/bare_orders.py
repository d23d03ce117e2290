"""The floor of importing orders: a script that knows every request by heart, and three queries.

One httpx2 client sends them one after another, pages of orders are written as they come, and DuckDB
makes the tables of orders, lines and payments of them. Nobody is made a pseudonym, nothing is
compared with what was there before, and no day has a file of its own.

`python -m tests.benchmarks.bare_orders REQUESTS FOLDER` does it, in its own process.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import httpx2

from connectors.lake.engine import quoted

LARGEST = 64 * 2**20
_MONEY = "DECIMAL(19,4)"
_PAGES = f"""
SELECT * FROM read_json({{path}}, format = 'array', maximum_object_size = {LARGEST}, columns = {{{{
    id: 'VARCHAR', number: 'VARCHAR', status: 'VARCHAR', currency: 'VARCHAR',
    date_created_gmt: 'TIMESTAMP', date_modified_gmt: 'TIMESTAMP', date_paid_gmt: 'TIMESTAMP',
    total: '{_MONEY}', total_tax: '{_MONEY}', shipping_total: '{_MONEY}',
    discount_total: '{_MONEY}', payment_method: 'VARCHAR', transaction_id: 'VARCHAR',
    created_via: 'VARCHAR', customer_id: 'VARCHAR',
    billing: 'STRUCT(email VARCHAR, country VARCHAR)', shipping: 'STRUCT(country VARCHAR)',
    line_items: 'STRUCT(id VARCHAR, product_id VARCHAR, variation_id VARCHAR, name VARCHAR,
        sku VARCHAR, quantity {_MONEY}, subtotal {_MONEY}, total {_MONEY}, total_tax {_MONEY})[]',
    refunds: 'STRUCT(id VARCHAR, total {_MONEY})[]'
}}}}) WHERE status NOT IN ('checkout-draft', 'auto-draft')
"""
_TABLES = (
    "CREATE TABLE orders AS SELECT *, date_created_gmt::DATE AS business_date FROM pages "
    "ORDER BY business_date, date_created_gmt, id",
    "CREATE TABLE order_lines AS SELECT id AS order_id, currency, "
    "date_created_gmt::DATE AS business_date, unnest(line_items, max_depth := 2) FROM pages",
    "CREATE TABLE payments AS SELECT id AS order_id, transaction_id AS payment_id, currency, "
    "'payment' AS kind, payment_method, date_paid_gmt AS paid_at, total AS amount FROM pages "
    "WHERE date_paid_gmt IS NOT NULL UNION ALL "
    "SELECT order_id, 'refund ' || refund.id, currency, 'refund', payment_method, NULL, "
    "refund.total FROM (SELECT id AS order_id, currency, payment_method, "
    "unnest(refunds) AS refund FROM pages)",
)


def run(requests: list[dict[str, Any]], folder: Path) -> dict[str, float]:
    """Fetch and load: seconds of each, and the rows of each table."""
    folder.mkdir(parents=True)
    path = folder / "orders.json"
    begun, started = time.process_time(), time.perf_counter()
    with httpx2.Client() as client, path.open("wb") as pages:
        for request in requests:
            answer = client.request(request["method"], request["url"], headers=request["headers"])
            answer.raise_for_status()
            # Pages are made one long list, which DuckDB reads without more ado.
            if answer.request.url.path.endswith("/orders") and answer.content != b"[]":
                pages.write((b"," if pages.tell() else b"[") + answer.content[1:-1])
        pages.write(b"]")
    fetched = time.perf_counter()
    with duckdb.connect(str(folder / "bare.duckdb"), config={"threads": 2}) as con:
        con.execute(f"CREATE TEMP TABLE pages AS {_PAGES.format(path=quoted(str(path)))}")
        for query in _TABLES:
            con.execute(query)
        ended, cpu = time.perf_counter(), time.process_time() - begun
        counts = {
            table: con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
            for table in ("orders", "order_lines", "payments")
        }
    return {"seconds": ended - started, "fetched": fetched - started, "cpu": cpu, **counts}


if __name__ == "__main__":
    listed = json.loads(Path(sys.argv[1]).read_text())
    sys.stdout.write("\n" + json.dumps(run(listed, Path(sys.argv[2]))))
