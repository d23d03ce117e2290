"""Shopify's exports: UTF-8, comma, a header, one row a line, one currency a file."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from connectors.documents.delimited import column_names, text_rows
from connectors.documents.manifest import Statement
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import check_rows, check_whole, load
from connectors.errors import BadInput
from connectors.lake.windows import midnight

AGAIN = "download it again, unedited"
APART = "export the {} of one payout currency at a time"


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


def settlement(
    file: DecodedFile,
    currency: str,
    settlement_id: str,
    lines: int,
    total: Decimal,
    *,
    period: tuple[datetime, datetime],
    paid_on: date | None,
    row: int,
    declared: Decimal | None = None,
) -> Statement:
    """Return a payout, which is what its lines sum to; `paid_on` is the day on which it left."""
    return Statement(
        settlement_id=settlement_id,
        currency=currency,
        period_start=period[0],
        period_end=period[1],
        declared=declared,
        lines=lines,
        total=total,
        deposit_at=None if paid_on is None else midnight(paid_on, file.time_zone),
        deposit_day=paid_on,
        payout=None if paid_on is None else total,
        row=row,
    )
