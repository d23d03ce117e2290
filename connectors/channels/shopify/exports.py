"""Shopify's exports: UTF-8, comma, a header, one row a line, one currency a file."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from connectors.documents.delimited import column_names, text_rows
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import check_rows, check_whole, load
from connectors.errors import BadInput

AGAIN = "download it again, unedited"


def columns(head: str) -> tuple[str, ...]:
    """Return the names in the first line."""
    return column_names(head.partition("\n")[0])


def relation(columns: Sequence[str], optional: Sequence[str], text: Path) -> str:
    """Return SQL for every row as text with its number, absent optional columns as null.

    Plain or `.zst`.
    """
    absent = "".join(f', NULL::VARCHAR AS "{c}"' for c in optional if c not in columns)
    return f"SELECT row_number() OVER ()::INTEGER AS row, *{absent} FROM {text_rows(text, columns)}"


def load_rows(
    con: duckdb.DuckDBPyConnection,
    file: DecodedFile,
    columns: Sequence[str],
    optional: Sequence[str],
    needed: Sequence[str],
) -> None:
    """Make `document_rows`; `BadInput` for a file without rows, or with one that lacks `needed`."""
    broken = f"does not have the header's {len(columns)} fields"
    rows = check_rows(file, len(columns), AGAIN)
    load(con, file, relation(columns, optional, file.text), broken, AGAIN, rows)
    if con.execute("SELECT count(*) FROM document_rows").fetchone() == (0,):
        raise BadInput(f"{file.name}: the export has a header and no rows; choose days with sales")
    check_whole(con, file, " OR ".join(f'"{c}" IS NULL' for c in needed), AGAIN)


def currency(con: duckdb.DuckDBPyConnection, file: DecodedFile, what: str) -> str:
    """Return the one currency of the rows; `BadInput` says what to export where there are more."""
    currencies = con.execute('SELECT DISTINCT "Currency" FROM document_rows ORDER BY 1').fetchall()
    if len(currencies) == 1:
        return str(currencies[0][0])
    names = ", ".join(str(name) for (name,) in currencies)
    raise BadInput(
        f"{file.name}: holds {len(currencies)} currencies ({names}); export the {what} of one "
        "payout currency at a time"
    )


def rows_without_line(con: duckdb.DuckDBPyConnection) -> int:
    """Return how many rows bring nothing."""
    row = con.execute(
        "SELECT count(*) FROM document_rows WHERE row NOT IN (SELECT row FROM counted_lines)"
    ).fetchone()
    return row[0] if row else 0
