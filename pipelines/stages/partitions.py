"""Writing one table's days: a query's rows, cut by day, one file each, put in place together."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb

from connectors.engine import quoted
from connectors.lake import Lake
from connectors.windows import Window
from mappings.tables import Table

# PARTITION_BY copies every row into its day before it writes; a query a day costs milliseconds.
ROWS_WORTH_A_QUERY = 4000


def cut_by_day(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    relation: str,
    folder: Path,
    days: Window,
    values: Mapping[str, str] | None = None,
) -> dict[date, Path]:
    """Write the rows of a temporary table that are of `days`, one file a day, in the table's order.

    `values` are SQL for columns that `relation` does not have. `con` must run on one thread.
    """
    column = table.day_column
    counts = con.execute(f"SELECT {column}, count(*) FROM {relation} GROUP BY 1 ORDER BY 1")
    rows = {day: count for day, count in counts.fetchall() if day in days}
    constants = values or {}
    columns = ", ".join(
        f"CAST({constants.get(c.name, c.name)} AS {c.type}) AS {c.name}" for c in table.columns
    )
    query = f"SELECT {columns} FROM {relation} WHERE {column}"
    form = "FORMAT parquet, COMPRESSION zstd"
    folder.mkdir()
    if not rows:
        return {}
    if sum(rows.values()) > ROWS_WORTH_A_QUERY * len(rows):
        files = {day: folder / f"{day}.parquet" for day in rows}
        for day, path in files.items():
            con.execute(f"COPY ({query} = DATE '{day}') TO {quoted(str(path))} ({form})")
        return files
    con.execute(
        f"COPY ({query} BETWEEN DATE '{min(rows)}' AND DATE '{max(rows)}') "
        f"TO {quoted(str(folder))} ({form}, PARTITION_BY ({column}), WRITE_PARTITION_COLUMNS true)"
    )
    return {day: folder / f"{column}={day}" / "data_0.parquet" for day in rows}


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
