"""Writing one table's days: a query's rows, cut by day, one file each, put in place together."""

from collections.abc import Container, Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb

from connectors.engine import quoted
from connectors.lake import Lake
from mappings.tables import Table


def cut_by_day(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    relation: str,
    folder: Path,
    days: Container[date],
    values: Mapping[str, str] | None = None,
) -> dict[date, Path]:
    """Write the rows of a temporary table that are of `days`, one file a day, in the table's order.

    `values` are SQL for columns that `relation` does not have. `con` must run on one thread. A
    query a day costs half of what PARTITION_BY does, which copies every row into its day first.
    """
    folder.mkdir()
    constants = values or {}
    columns = ", ".join(
        f"CAST({constants.get(c.name, c.name)} AS {c.type}) AS {c.name}" for c in table.columns
    )
    found = con.execute(f"SELECT DISTINCT {table.day_column} FROM {relation} ORDER BY 1").fetchall()
    files = {day: folder / f"{day}.parquet" for (day,) in found if day in days}
    for day, path in files.items():
        con.execute(
            f"COPY (SELECT {columns} FROM {relation} WHERE {table.day_column} = DATE '{day}') "
            f"TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        )
    return files


def write_days(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    table: Table,
    connection: str,
    days: Iterable[date],
    query: str,
    scratch: Path,
) -> None:
    """Write exactly one file for each of `days`; a day without rows gets an empty one.

    `con` must run on one thread: then each day is one file, in the query's order.
    """
    folder = scratch / table.name
    con.execute("SET threads = 1")
    con.execute(
        f"COPY (SELECT {table.select_list()} FROM ({query})) TO {quoted(str(folder))} "
        f"(FORMAT parquet, COMPRESSION zstd, PARTITION_BY ({table.day_column}), "
        "WRITE_PARTITION_COLUMNS true)"
    )
    empty = _empty(con, table, scratch)
    moves = []
    for day in days:
        staged = folder / f"{table.day_column}={day}" / "data_0.parquet"
        if not staged.exists():
            staged = scratch / f"{table.name}-{day}.parquet"
            staged.write_bytes(empty)
        moves.append((staged, lake.partition(table.name, connection, day)))
    lake.adopt(moves)


def _empty(con: duckdb.DuckDBPyConnection, table: Table, scratch: Path) -> bytes:
    path = scratch / f"{table.name}-empty.parquet"
    nothing = ", ".join(f"NULL AS {name}" for name in table.names)
    con.execute(
        f"COPY (SELECT {table.select_list()} FROM (SELECT {nothing}) WHERE false) "
        f"TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    )
    return path.read_bytes()


def scan(files: Iterable[Path]) -> str:
    """SQL that reads partitions as one relation; the list must not be empty."""
    listed = ", ".join(quoted(str(file)) for file in files)
    return f"read_parquet([{listed}], hive_partitioning=false)"
