"""Writing one table's days: a query's rows, cut by day, one file each, put in place together."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb

from connectors.engine import quoted
from connectors.lake import Lake
from connectors.windows import ONE_DAY, Window
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
    folder.mkdir()
    if not rows:
        return {}
    if sum(rows.values()) > ROWS_WORTH_A_QUERY * len(rows):
        files = {day: folder / f"{day}.parquet" for day in rows}
        for day, path in files.items():
            copy(con, f"{query} = DATE '{day}'", path)
        return files
    span = f"{query} BETWEEN DATE '{min(rows)}' AND DATE '{max(rows)}'"
    copy(con, span, folder, f"PARTITION_BY ({column}), WRITE_PARTITION_COLUMNS true")
    return {day: folder / f"{column}={day}" / "data_0.parquet" for day in rows}


def copy(con: duckdb.DuckDBPyConnection, query: str, path: Path, *further: str) -> None:
    """Write a query's rows as Parquet, the one way it is written."""
    options = ", ".join(("FORMAT parquet", "COMPRESSION zstd", *further))
    con.execute(f"COPY ({query}) TO {quoted(str(path))} ({options})")


def no_rows(table: Table) -> str:
    """SQL for the table's columns and nothing in them: a covered day on which nothing happened."""
    nothing = ", ".join(f"NULL AS {name}" for name in table.names)
    return f"SELECT {table.select_list()} FROM (SELECT {nothing}) WHERE false"


def write_days(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    table: Table,
    connection: str,
    days: Iterable[date],
    query: str,
    scratch: Path,
) -> None:
    """Write exactly one file for each of `days`, in the query's order; empty where it has no row.

    Rows of other days are left out.
    """
    con.execute("SET threads = 1")
    con.execute(f"CREATE OR REPLACE TEMP TABLE whole AS {query}")
    wanted = sorted(days)
    window = Window(wanted[0], wanted[-1] + ONE_DAY) if wanted else Window(date.max, date.max)
    files = cut_by_day(con, table, "whole", scratch / table.name, window)
    empty = scratch / f"{table.name}-empty.parquet"
    copy(con, no_rows(table), empty)
    moves = []
    for day in wanted:
        staged = files.get(day) or scratch / f"{table.name}-{day}.parquet"
        if day not in files:
            staged.write_bytes(empty.read_bytes())
        moves.append((staged, lake.partition(table.name, connection, day)))
    lake.adopt(moves)


def scan(files: Iterable[Path]) -> str:
    """SQL that reads partitions as one relation; the list must not be empty."""
    listed = ", ".join(quoted(str(file)) for file in files)
    return f"read_parquet([{listed}], hive_partitioning=false)"
