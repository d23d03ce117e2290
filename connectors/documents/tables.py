"""Files of rows under a header: their columns, and whether every row is complete.

A channel defines how its rows are read; the errors of a file are worded here, alike for all.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import duckdb

from connectors.documents.source_file import DecodedFile
from connectors.errors import BadInput

_SHORTENED = re.compile(r'(?:^|[,;\t"])(-?\d\.\d+E\+\d\d)(?=[,;\t"\r\n]|$)')
MAX_COLUMNS, MAX_ROWS, MAX_LINE = 1000, 2_000_000, 1_048_576


def records(head: str, delimiter: str = ",") -> Iterator[list[str]]:
    """Yield the rows of a file's first lines; a quoted cell may go over several lines."""
    return csv.reader(head.split("\n"), delimiter=delimiter)


def check_above(
    file: DecodedFile, above: int, columns: int, again: str, delimiter: str = ","
) -> None:
    """Raise `BadInput` for a row that was moved above the header, where it would not be read."""
    for number, cells in enumerate(islice(records(file.head, delimiter), above), start=1):
        if sum(map(bool, map(str.strip, cells))) > max(5, columns // 4):
            raise BadInput(
                f"{file.name}: row {number} is above the header: the rows were sorted or "
                f"moved; {again}"
            )


def check_columns(
    file: DecodedFile, columns: Sequence[str], required: Sequence[str], again: str
) -> None:
    """Raise `BadInput` for a missing or repeated column; `again` says how to fix it."""
    missing = [c for c in required if c not in columns]
    if missing:
        raise BadInput(f"{file.name}: column {missing[0]!r} is missing; {again}")
    doubled = [c for c in columns if c and columns.count(c) > 1]
    if doubled:
        raise BadInput(f"{file.name}: column {doubled[0]!r} occurs twice; {again}")


def load(
    con: duckdb.DuckDBPyConnection,
    file: DecodedFile,
    query: str,
    broken: str,
    again: str,
    rows: int | None = None,
) -> None:
    """Create `document_rows` from a file's rows; `BadInput` names a broken line.

    `broken` is what such a line is or has not. `rows` is how many there must be, none lost.
    """
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE document_rows AS {query}")
    except (duckdb.DataError, duckdb.ProgrammingError) as error:
        line = re.search(r"Line: (\d+)", str(error))
        at = f"line {line[1]}" if line else "a row"
        raise BadInput(
            f"{file.name}: {at} {broken}: the file is cut off or damaged; {again}"
        ) from error
    # DuckDB leaves rows out that it takes for comments or blanks; none may be lost.
    loaded = con.execute("SELECT count(*) FROM document_rows").fetchone()
    if rows is not None and loaded != (rows,):
        raise BadInput(
            f"{file.name}: only {loaded[0] if loaded else 0} of its {rows} rows can be read; "
            f"{again}"
        )


def check_whole(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, lacking: str, again: str
) -> None:
    """Raise `BadInput` for the first row of `document_rows` for which `lacking` (SQL) is true."""
    short = con.execute(
        f"SELECT row FROM document_rows WHERE {lacking} ORDER BY row LIMIT 1"
    ).fetchone()
    if short is not None:
        raise BadInput(f"{file.name}: row {short[0]} is incomplete: the file is cut off; {again}")


def one_currency(con: duckdb.DuckDBPyConnection, file: DecodedFile, column: str, apart: str) -> str:
    """Return the one currency of `document_rows`; `apart` is how to get files of one each."""
    currencies = con.execute(
        f"SELECT DISTINCT {column} FROM document_rows WHERE {column} IS NOT NULL ORDER BY 1"
    ).fetchall()
    names = [str(name) for (name,) in currencies]
    if not names:
        raise BadInput(f"{file.name}: no row names its payout currency; download it again")
    if len(names) > 1:
        listed = ", ".join(names)
        raise BadInput(f"{file.name}: holds {len(names)} currencies ({listed}); {apart}")
    return names[0]


def check_rows(
    file: DecodedFile,
    columns: int,
    again: str,
    *,
    delimiter: str = ",",
    quoting: bool = True,
    above: int = 0,
    widths: Sequence[int] = (),
    is_note: Callable[[str], bool] = lambda _cell: False,
    numbers: bool = True,
) -> int:
    """Return how many rows stand under the header; `BadInput` names the line of one cut off.

    A row is whole with a cell for every column, or one of `widths` cells where all rows of the
    file have that many. `above` are the lines above the header; `is_note` tells, by its first
    cell, a row that is none. Without `numbers` the channel looks for shortened ones itself.
    """
    if columns > MAX_COLUMNS:
        raise BadInput(f"{file.name}: has more than {MAX_COLUMNS:,} columns; {again}")
    whole: int | None = None
    count = 0
    for position, (line, row) in enumerate(
        _rows(file, again, delimiter, quoting=quoting, numbers=numbers)
    ):
        if position <= above or not row:
            continue
        count += 1
        if count > MAX_ROWS:
            raise BadInput(f"{file.name}: has more than {MAX_ROWS:,} rows; export a shorter period")
        if is_note(row[0]):
            continue
        if whole is None:
            whole = len(row) if len(row) in widths else columns
        if len(row) < whole or any(row[whole:]):
            raise BadInput(
                f"{file.name}: line {line} has {len(row)} fields of {whole}: the file is cut off "
                f"or damaged; {again}"
            )
    return count


def _rows(
    file: DecodedFile, again: str, delimiter: str, *, quoting: bool, numbers: bool
) -> Iterator[tuple[int, list[str]]]:
    """Yield every row of a file with the number of its last line, within bounds."""
    with file.text.open(encoding="utf-8", newline="") as text:
        lines = _bounded(file, iter(lambda: text.readline(MAX_LINE + 1), ""), again)
        reader = csv.reader(
            _check_numbers(file, lines) if numbers else lines,
            delimiter=delimiter,
            quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE,
            strict=True,
        )
        try:
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise BadInput(
                f"{file.name}: line {reader.line_num} is not a row ({error}): the file is cut "
                f"off or damaged; {again}"
            ) from error


def _bounded(file: DecodedFile, lines: Iterator[str], again: str) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            raise BadInput(
                f"{file.name}: line {number} has more than {MAX_LINE:,} characters; {again}"
            )
        yield line


def _check_numbers(file: DecodedFile, lines: Iterator[str]) -> Iterator[str]:
    """Pass lines on; `BadInput` for a number that is written as spreadsheet programs do."""
    for number, line in enumerate(lines, start=1):
        # A search for two characters costs nothing, and hardly any line has them.
        if "E+" in line and (short := _SHORTENED.search(line)):
            raise BadInput(
                f"{file.name}: line {number}: {short[1]}: a spreadsheet program has shortened "
                "its numbers; import the file as it was downloaded"
            )
        yield line


def check_once(
    con: duckdb.DuckDBPyConnection,
    file: DecodedFile,
    name: str,
    key: Sequence[str],
    again: str,
    where: str = "true",
) -> None:
    """Raise `BadInput` for two rows of `document_rows` with one number of the channel's own.

    `key` is SQL for the number and what else tells rows apart; `where` picks the rows that have
    such a number. Rows without it may be alike: real files hold identical rows.
    """
    columns = ", ".join(key)
    twice = con.execute(
        f"SELECT {key[0]}, min(row), min(row) FILTER (occurrence = 2) FROM ("
        f"SELECT *, row_number() OVER (PARTITION BY {columns} ORDER BY row) AS occurrence "
        f"FROM document_rows WHERE {key[0]} IS NOT NULL AND ({where})) "
        f"GROUP BY {columns} HAVING count(*) > 1 ORDER BY 3 LIMIT 1"
    ).fetchone()
    if twice is not None:
        number, first, second = twice
        raise BadInput(
            f"{file.name}: row {second}: {name} {number} occurs twice, in row {first} too: it "
            f"would be counted twice; {again}"
        )
