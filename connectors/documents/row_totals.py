"""Rows of a file beside the lines that they become: what rows declare, and which bring nothing."""

import duckdb

from connectors.documents.source_file import DecodedFile
from connectors.errors import TotalsMismatch


def row_mismatch(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, query: str, words: str
) -> TotalsMismatch | None:
    """Return the error about the first row that `query` finds; None where it finds none.

    The query gives what a row is `declared` to make and what is `computed`; `words` says so with
    its columns, as in "row {row}: its parts make {computed} but Total is {declared}".
    """
    first = con.execute(query).fetchone()
    if first is None:
        return None
    cells = dict(zip((name for name, *_ in con.description or ()), first, strict=True))
    figures = {name: f"{cells[name]:f}" for name in ("declared", "computed")}
    return TotalsMismatch(f"{file.name}: {words.format_map(cells | figures)}", **figures)


def verify_rows(con: duckdb.DuckDBPyConnection, file: DecodedFile, query: str, words: str) -> None:
    """Raise `TotalsMismatch` for the first row that `query` finds, as `row_mismatch` says it."""
    mismatch = row_mismatch(con, file, query, words)
    if mismatch is not None:
        raise mismatch


def rows_without_line(con: duckdb.DuckDBPyConnection, which: str = "true") -> int:
    """Return how many rows bring nothing, of those for which `which` (SQL) is true."""
    row = con.execute(
        f"SELECT count(*) FROM document_rows WHERE {which} "
        "AND row NOT IN (SELECT row FROM counted_lines)"
    ).fetchone()
    return row[0] if row else 0
