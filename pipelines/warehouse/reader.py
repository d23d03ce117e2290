"""Asking the warehouse: one statement, read-only, with nothing else of the machine in reach.

Here belongs what `daybook sql` needs: opening the file as it stands, running the statement, and
values that JSON can carry exactly.
"""

import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb

from connectors.errors import BadInput, summary

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """An answer; values are what JSON knows, with amounts, dates and instants as exact text."""

    columns: tuple[str, ...]
    rows: list[tuple[Json, ...]]


def query(warehouse_file: Path, sql: str, *, memory_limit: str = "1200MB") -> QueryResult:
    """Run one statement against the warehouse as last published; raises BadInput.

    Every call opens the file anew, so that it sees the newest one; a publish is neither waited
    for nor held up.
    """
    if not warehouse_file.is_file():
        raise BadInput("the warehouse has not been built yet: run `daybook sync`")
    with tempfile.TemporaryDirectory(prefix="daybook-sql-") as spill:
        try:
            with _sealed(warehouse_file, spill, memory_limit) as con:
                statements = con.extract_statements(sql)
                if len(statements) != 1:
                    raise BadInput(f"one statement at a time: this is {len(statements)}")
                cursor = con.execute(statements[0])
                columns = _distinct([column[0] for column in cursor.description or ()])
                rows = cursor.fetchall() if columns else []
        except duckdb.Error as error:
            raise BadInput(summary(error)) from error
        return QueryResult(columns, [tuple(_json(value) for value in row) for row in rows])


@contextmanager
def _sealed(
    warehouse_file: Path, spill: str, memory_limit: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    path = str(warehouse_file).replace("'", "''")
    with duckdb.connect(config={"temp_directory": spill, "memory_limit": memory_limit}) as con:
        # Attached, not connected to: connections of one process to one path share what the first
        # of them opened, which may be the file from before the last swap.
        try:
            con.execute(f"ATTACH '{path}' AS warehouse (READ_ONLY)")
        except duckdb.Error as error:
            raise BadInput(
                f"{warehouse_file} cannot be opened; `daybook sync` rebuilds it: {summary(error)}"
            ) from error
        con.execute("USE warehouse")
        con.execute("SET TimeZone = 'UTC'")
        # Names in SQL would reach this process's variables, and functions any file here; the last
        # setting keeps a statement from undoing the others.
        con.execute("SET python_enable_replacements = false")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        yield con


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Number repeated names (`a, a_1`): a row is an object with a key for each column."""
    columns: list[str] = []
    for name in names:
        candidate, number = name, 0
        while candidate in columns:
            number += 1
            candidate = f"{name}_{number}"
        columns.append(candidate)
    return tuple(columns)


def _json(value: object) -> Json:
    answer: Json
    match value:
        case None | bool() | int() | str():
            answer = value
        case float():
            # JSON has no infinity and no NaN.
            answer = value if math.isfinite(value) else str(value)
        case Decimal():
            answer = format(value, "f")
        case datetime() | date() | time():
            answer = value.isoformat()
        case bytes():
            answer = value.hex()
        case list() | tuple():
            answer = [_json(item) for item in value]
        case dict():
            answer = {str(key): _json(item) for key, item in value.items()}
        case _:
            answer = str(value)
    return answer
