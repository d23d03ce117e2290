"""Files of rows under a header: which columns there are, and whether every row is whole.

A channel says how its rows are read; what is wrong with a file is said here, the same way for all.
"""

import re
from collections.abc import Sequence

import duckdb

from connectors.channels.base import Upload
from connectors.errors import BadInput


def check_columns(
    upload: Upload, columns: Sequence[str], required: Sequence[str], again: str
) -> None:
    """`BadInput` for a column that is missing or stands twice; `again` is how to mend it."""
    missing = [c for c in required if c not in columns]
    if missing:
        raise BadInput(f"{upload.name}: column {missing[0]!r} is missing; {again}")
    doubled = [c for c in columns if c and columns.count(c) > 1]
    if doubled:
        raise BadInput(f"{upload.name}: column {doubled[0]!r} stands twice; {again}")


def load(
    con: duckdb.DuckDBPyConnection, upload: Upload, query: str, broken: str, again: str
) -> None:
    """Make `document_rows` of a file's rows; `BadInput` names the line that is none.

    `broken` is what such a line is or has not.
    """
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE document_rows AS {query}")
    except (duckdb.DataError, duckdb.ProgrammingError) as error:
        line = re.search(r"Line: (\d+)", str(error))
        at = f"line {line[1]}" if line else "a row"
        raise BadInput(
            f"{upload.name}: {at} {broken}: the file is cut off or damaged; {again}"
        ) from error


def check_whole(con: duckdb.DuckDBPyConnection, upload: Upload, lacking: str, again: str) -> None:
    """`BadInput` names the first row of `document_rows` for which `lacking` (SQL) is true."""
    short = con.execute(
        f"SELECT row FROM document_rows WHERE {lacking} ORDER BY row LIMIT 1"
    ).fetchone()
    if short is not None:
        raise BadInput(f"{upload.name}: row {short[0]} is incomplete: the file is cut off; {again}")
