"""Applying changed partitions to an open, writable warehouse: rows out, rows in, marts anew.

Here belongs what happens inside the file. A rebuild is the same work on an empty file, so that
both ways end in equal tables. Which file it is and how it is swapped stands in `publishing`.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import TypeAlias

import duckdb

from connectors.errors import Permanent
from mappings.columns import Table
from mappings.tables import TABLES
from pipelines.warehouse.partitions import Changes, Partition
from pipelines.warehouse.schema import (
    MARTS,
    PUBLICATIONS,
    WITHOUT_INDEX,
    mart_sql,
)

# Rows with the columns of `PUBLICATIONS`, in order.
Publications: TypeAlias = Sequence[tuple[object, ...]]

# Measured: 500 tiny files at a time read quicker than all at once, and in less memory.
FILES_AT_ONCE = 500
# Rows of a mart to compute anew.
BY_DAY = "(connection, business_date) IN (FROM changed_days)"
SCOPES = {
    "settlement_reconciliation": "(connection, settlement_id) IN (FROM changed_settlements)",
    "tax_summary": "(connection, month) IN (FROM changed_months)",
    "orders_daily": "(connection, business_date) IN (FROM changed_order_days)",
    **dict.fromkeys(
        ("orders_without_settlement", "sales_without_order", "listing_issues"),
        "connection IN (FROM changed_stores)",
    ),
}

KEY_TYPES = {"table_name": "VARCHAR", "connection": "VARCHAR", "day": "DATE"}
FILE_TYPES = {"size": "BIGINT", "modified_ns": "BIGINT", "inode": "UBIGINT"}

SCOPE = """
CREATE OR REPLACE TEMP TABLE changed_days AS
    SELECT connection, day AS business_date FROM touched WHERE table_name = 'transactions';
CREATE OR REPLACE TEMP TABLE changed_months AS
    SELECT DISTINCT connection, CAST(date_trunc('month', day) AS DATE) AS month
    FROM touched WHERE table_name = 'journal_lines';
CREATE OR REPLACE TEMP TABLE changed_order_days AS
    SELECT connection, day AS business_date FROM touched WHERE table_name = 'orders';
CREATE OR REPLACE TEMP TABLE changed_settlements (connection VARCHAR, settlement_id VARCHAR);
"""


def apply_changes(con: duckdb.DuckDBPyConnection, lake_folder: Path, changes: Changes) -> None:
    """Make the tables and marts what the changed files say; raises Permanent on bad rows."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE touched AS {_rows(KEY_TYPES)}",
        _columns(changes.changed + changes.removed, KEY_TYPES),
    )
    con.execute(SCOPE)
    for table in TABLES.values():
        _note_settlements(con, table)
        con.execute(f"DELETE {_touched_rows(table)}")
    for name, partitions in groupby(changes.changed, lambda partition: partition.table_name):
        _read_files(con, lake_folder, TABLES[name], partitions)
    for table in TABLES.values():
        _note_settlements(con, table)
        if table.name in WITHOUT_INDEX:
            _refuse_duplicates(con, table, all_rows=len(changes.changed) == changes.total)
    _refresh_marts(con)
    _remember(con, changes)


def replace_publications(con: duckdb.DuckDBPyConnection, publications: Publications) -> None:
    """Write the whole table anew: it is small, and comes from the registry, not from the lake."""
    con.execute(f"DELETE FROM {PUBLICATIONS.name}")
    types = {column.name: column.type for column in PUBLICATIONS.columns}
    columns = [list(column) for column in zip(*publications, strict=True)] or [[] for _ in types]
    con.execute(f"INSERT INTO {PUBLICATIONS.name} BY NAME {_rows(types)}", columns)


def _touched_rows(table: Table) -> str:
    """Select the rows that stand in a changed or removed partition of a table."""
    return (
        f"FROM {table.name} WHERE (connection, {table.day_column}) IN "
        f"(SELECT (connection, day) FROM touched WHERE table_name = '{table.name}')"
    )


def _note_settlements(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Note settlements before rows go and after rows come: one may lose its last line."""
    if "settlement_id" not in table.names:
        return
    con.execute(
        f"INSERT INTO changed_settlements SELECT DISTINCT connection, settlement_id "
        f"{_touched_rows(table)} AND settlement_id IS NOT NULL "
        "EXCEPT FROM changed_settlements"
    )


def _read_files(
    con: duckdb.DuckDBPyConnection, lake_folder: Path, table: Table, files: Iterable[Partition]
) -> None:
    columns = table.select_list().replace(
        "CAST(connection AS VARCHAR)", f"CAST({_stands_where_it_says(table)} AS VARCHAR)", 1
    )
    source = table.read_sql("read_parquet(?, filename = true, union_by_name = true)")
    statement = f"INSERT INTO {table.name} SELECT {columns} FROM {source}"
    paths = iter([partition.path(lake_folder) for partition in files])
    while batch := list(islice(paths, FILES_AT_ONCE)):
        con.execute(statement, [batch])


def _stands_where_it_says(table: Table) -> str:
    """Return SQL for the connection; an error if the row is of another connection or day."""
    folder = "split_part(filename, '/', -2)"
    day = "CAST(left(split_part(filename, '/', -1), 10) AS DATE)"
    return (
        f"CASE WHEN connection = {folder} AND {table.day_column} = {day} THEN connection "
        f"ELSE error('a row of another connection or day is in ' || filename) END"
    )


def _refuse_duplicates(con: duckdb.DuckDBPyConnection, table: Table, *, all_rows: bool) -> None:
    """Refuse keys that stand twice; hashes of eight bytes first keep this small and quick."""
    key = ", ".join(table.key)
    touched = "" if all_rows else f"WHERE h IN (SELECT hash({key}) {_touched_rows(table)})"
    duplicate = con.execute(
        f"WITH hashes AS (SELECT hash({key}) AS h FROM {table.name}), "
        f"suspects AS (SELECT h FROM hashes {touched} GROUP BY h HAVING count(*) > 1) "
        f"SELECT concat_ws(', ', {key}), count(*) FROM {table.name} "
        f"WHERE hash({key}) IN (FROM suspects) GROUP BY {key} HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    if duplicate:
        raise Permanent(
            f"{table.name}: {duplicate[1]} rows have the same {key} {duplicate[0]}; the warehouse "
            "was left as it was. Re-run the days of that connection"
        )


# Names of products stand on every day that sold them; what is missing is asked of a whole store,
# and of none that imports no orders.
_WHOLE_STORES = """
INSERT INTO changed_days
    SELECT DISTINCT connection, business_date FROM transactions
    WHERE connection IN (SELECT connection FROM touched WHERE table_name = 'products')
    EXCEPT FROM changed_days;
CREATE OR REPLACE TEMP TABLE changed_stores AS
    SELECT DISTINCT connection FROM touched
    WHERE connection IN (
        SELECT connection FROM _partitions WHERE table_name IN ('orders', 'products')
        UNION SELECT connection FROM touched WHERE table_name IN ('orders', 'products')
    );
"""


def _refresh_marts(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_WHOLE_STORES)
    for mart in MARTS:
        con.execute(f"DELETE FROM {mart.name} WHERE {SCOPES.get(mart.name, BY_DAY)}")
        con.execute(f"INSERT INTO {mart.name} BY NAME {mart_sql(mart)}")


def _remember(con: duckdb.DuckDBPyConnection, changes: Changes) -> None:
    con.execute(
        "DELETE FROM _partitions WHERE (table_name, connection, day) IN "
        "(SELECT (table_name, connection, day) FROM touched)"
    )
    types = KEY_TYPES | FILE_TYPES
    con.execute(f"INSERT INTO _partitions BY NAME {_rows(types)}", _columns(changes.changed, types))
    con.execute("UPDATE _warehouse SET replaced = replaced + ?", [changes.replaced])


def _rows(types: Mapping[str, str]) -> str:
    """SQL of rows whose columns are the statement's parameters, a list each."""
    # Arrow imports pandas where it makes columns of Python's values: 0.2 s of every process.
    return "SELECT " + ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in types.items())


def _columns(partitions: Sequence[Partition], names: Iterable[str]) -> list[list[object]]:
    return [[getattr(partition, name) for partition in partitions] for name in names]
