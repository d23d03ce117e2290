"""Older DuckDBs, which analysts' tools are built on, open the warehouse."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.warehouse import query
from pipelines.warehouse.schema import WAREHOUSE_TABLES
from tests.pipelines.warehouse_lake import Shop, publish

LOCKS = sorted((Path(__file__).parents[1] / "readers").glob("duckdb-*.lock"))
READ = """
import sys, duckdb, json
connection = duckdb.connect(sys.argv[1], read_only=True)
rows = {name: connection.sql(f"SELECT count(*) FROM {name}").fetchone()[0] for name in sys.argv[2:]}
amounts = connection.sql("SELECT amount::VARCHAR FROM transactions ORDER BY transaction_id")
comments = connection.sql("SELECT count(comment) FROM duckdb_columns()").fetchone()[0]
print(json.dumps([duckdb.__version__, rows, [a for a, in amounts.fetchall()], comments]))
"""


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_an_older_duckdb_reads_every_table(lock: Path, tmp_path: Path) -> None:
    reader = Path(sys.prefix) / "readers" / lock.stem
    assert reader.is_dir(), (
        f"`make test` installs {lock.name}; run it, or `make {reader}/.installed`"
    )
    shop, warehouse = Shop(tmp_path / "lake"), tmp_path / "warehouse.duckdb"
    shop.day(1, orders=2)
    publish(tmp_path / "lake", warehouse)
    # The file that was continued, too, not only the one that was made.
    shop.day(3, orders=1)
    report = publish(tmp_path / "lake", warehouse)
    assert not report.rebuilt

    process = subprocess.run(
        [sys.executable, "-c", READ, warehouse, *(table.name for table in WAREHOUSE_TABLES)],
        env={**os.environ, "PYTHONPATH": str(reader)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode == 0, process.stderr
    version, rows, amounts, comments = json.loads(process.stdout)
    assert version.startswith(lock.stem.removeprefix("duckdb-"))
    assert rows == report.rows
    ours = query(warehouse, "SELECT amount FROM transactions ORDER BY transaction_id")
    assert amounts == [amount for (amount,) in ours.rows]
    assert comments >= sum(len(table.columns) for table in WAREHOUSE_TABLES)
