"""Writing one table's days: Arrow rows cut by day, one Parquet file each, put in place together."""

from array import array
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.lake.engine import arrow_table, quoted
from connectors.lake.lake import Lake
from mappings.columns import Table
from mappings.tables import TRANSACTIONS

# Columns whose values hardly repeat: a dictionary of them costs time and space.
_WITHOUT_DICTIONARY = {"transaction_id", "row", "amount"}
FEW_RUNS = 400
_FIRST_DAY = date(1970, 1, 1)


def write_parquet(rows: pa.Table, path: Path) -> None:
    """Write rows as Parquet, the one way it is written; the same rows are the same bytes."""
    # Row numbers rise by one or so, and their differences take a few bits each.
    encodings = {"row": "DELTA_BINARY_PACKED"} if "row" in rows.column_names else None
    pq.write_table(
        rows,
        path,
        compression="zstd",
        use_dictionary=[name for name in rows.column_names if name not in _WITHOUT_DICTIONARY],
        column_encoding=encodings,
        # Readers go by Parquet's own types; text of few values is text, however it was held here.
        store_schema=False,
    )


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read every row of one file, of all columns or some."""
    # The callers are threads already.
    return pq.ParquetFile(path).read(columns=columns and list(columns), use_threads=False)


def cut_by_day(rows: pa.Table, table: Table, folder: Path, days: Set[date]) -> dict[date, Path]:
    """Write the rows that are of `days`, one file a day, rows of a day in the order given."""
    folder.mkdir()
    files = {}
    for day, pieces in sorted(_runs(rows, table.day_column).items()):
        if day in days:
            files[day] = folder / f"{day}.parquet"
            write_parquet(pa.concat_tables(pieces), files[day])
    return files


def _runs(rows: pa.Table, column: str) -> dict[date, list[pa.Table]]:
    """Cut rows into stretches of one day each; nothing is copied where these are few."""
    days = _days_since_1970(rows[column].combine_chunks())
    starts = np.flatnonzero(np.diff(days, prepend=days[:1] - 1))
    if len(starts) > FEW_RUNS and len(np.unique(days[starts])) < len(starts):
        return _runs(_sorted(rows, column), column)
    rows_by_day: dict[date, list[pa.Table]] = {}
    for start, end in pairwise([*starts.tolist(), len(days)]):
        day = _FIRST_DAY + timedelta(days=int(days[start]))
        rows_by_day.setdefault(day, []).append(rows.slice(start, end - start))
    return rows_by_day


def _days_since_1970(days: pa.Date32Array) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    """Return the days' numbers, as they lie in memory."""
    # Arrow's own ways to ask for runs, or for NumPy's values, import 0.07 and 0.2 s of modules.
    if not len(days):
        return np.empty(0, np.int32)
    values = days.buffers()[1]
    return np.frombuffer(values, np.int32, len(days), 4 * days.offset)


def _sorted(rows: pa.Table, column: str) -> pa.Table:
    import pyarrow.compute as pc

    return rows.take(pc.sort_indices(rows[column]))


def with_constants(rows: pa.Table, table: Table, values: Mapping[str, str]) -> pa.Table:
    """Return the rows with columns of one value each added, all in the table's order."""
    columns = [
        _constant(values[name], rows.num_rows) if name in values else rows[name]
        for name in table.names
    ]
    return pa.table(columns, list(table.names))


def _constant(value: str, count: int) -> pa.DictionaryArray:
    # Of buffers: Arrow imports pandas where it is handed Python's values, 0.2 s of a process.
    text = value.encode()
    ends = pa.py_buffer(array("i", [0, len(text)]))
    one = pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(text)])
    zeros = pa.Array.from_buffers(pa.int8(), count, [None, pa.py_buffer(bytes(count))])
    return pa.DictionaryArray.from_arrays(zeros, one)


def no_rows(con: duckdb.DuckDBPyConnection, table: Table) -> pa.Table:
    """Return the table's columns without rows: a covered day on which nothing happened."""
    nothing = ", ".join(f"NULL AS {name}" for name in table.names)
    return arrow_table(con, f"SELECT {table.select_list()} FROM (SELECT {nothing}) WHERE false")


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
    ordered_days = sorted(days)
    rows = arrow_table(con, f"SELECT {table.select_list()} FROM ({query})")
    files = cut_by_day(rows, table, scratch / table.name, set(ordered_days))
    empty = scratch / f"{table.name}-empty.parquet"
    if not files.keys() >= set(ordered_days):
        write_parquet(no_rows(con, table), empty)
    moves = []
    for day in ordered_days:
        staged = files.get(day) or scratch / table.name / f"{day}.parquet"
        if day not in files:
            staged.write_bytes(empty.read_bytes())
        moves.append((staged, lake.partition(table.name, connection, day)))
    lake.adopt(moves)


def scan_lines(files: Iterable[Path]) -> str:
    """Return SQL that reads partitions of transactions, with what an earlier release lacks null."""
    return TRANSACTIONS.read_sql(scan(files, by_name=True))


def scan(files: Iterable[Path], *, by_name: bool = False) -> str:
    """Return SQL that reads partitions as one relation; the list must not be empty.

    `by_name` reads files of several releases, of which some have fewer columns.
    """
    listed = ", ".join(quoted(str(file)) for file in files)
    union = ", union_by_name=true" if by_name else ""
    return f"read_parquet([{listed}], hive_partitioning=false{union})"
