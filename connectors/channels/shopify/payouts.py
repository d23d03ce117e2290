"""Shopify's export of payouts on disk: what it says and how that is proven.

Format facts are read off real exports: a row a payout, of 10 columns and later of 13, decimal
points, dates without a time; fees, refunds and what is reserved are negative. On every row the
parts make the Total. Nothing says when things were sold, nor the payout's number: its day stands
for both, as in an export of transactions without `Payout ID`.
UNCONFIRMED: which payouts left that were not paid (`mappings/channels/shopify/lines_payouts.sql`),
and that the money of one that was canceled comes back as a Retried Amount, as that of a failed one.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb

from connectors.channels.base import Reading, Upload, macros
from connectors.channels.shopify.exports import (
    AGAIN,
    columns,
    currency,
    load_rows,
    rows_without_line,
)
from connectors.documents.control_totals import profile
from connectors.documents.dialects import date_format, decimal_marks
from connectors.documents.manifest import Dialect, Manifest, Statement
from connectors.documents.tables import check_columns, check_once
from connectors.errors import BadInput, Unproven
from connectors.lake.windows import midnight
from mappings.channels import sql

FORMAT = "shopify.payouts"
OPTIONAL = ("Marketplace Sales Tax", "Advances", "Bank Reference")
_PARTS = (
    "Charges", "Refunds", "Adjustments", "Marketplace Sales Tax", "Advances", "Reserved Funds",
    "Fees", "Retried Amount",
)  # fmt: skip
_NEEDED = ("Payout Date", "Status", "Total", "Currency")
_REQUIRED = (*_NEEDED, *(part for part in _PARTS if part not in OPTIONAL))
# A spreadsheet gives a date its midnight.
_FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S")


def recognises(names: Sequence[str]) -> bool:
    """Whether these are an export's columns."""
    return {"Payout Date", "Charges", "Retried Amount", "Total"} <= set(names)


def reading(manifest: Manifest) -> Reading:
    """How a stored export is read; a payout that is negative was taken from the bank."""
    return Reading(
        lines_sql=sql("shopify", "lines_payouts"),
        variables={"period_end": manifest.period_end, "shortfall": "transfer.payout"},
    )


def inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    """Read an export whole and prove it row by row."""
    names = columns(upload.header)
    check_columns(upload, names, _REQUIRED, AGAIN)
    load_rows(con, upload, names, OPTIONAL, _NEEDED)
    reference = "nullif(nullif(trim(\"Bank Reference\"), ''), '--')"
    check_once(con, upload, "Bank Reference", [reference], AGAIN)
    stated = currency(con, upload, "payouts")
    dialect = Dialect(
        encoding=upload.encoding,
        columns=names,
        decimal_mark=decimal_marks(con, upload.name, [*_PARTS, "Total"])[0],
        date_format=date_format(con, upload.name, ["Payout Date"], _FORMS),
    )
    for macro in macros(dialect):
        con.execute(macro)
    for name, value in {"currency": stated, "time_zone": upload.time_zone}.items():
        con.execute(f"SET VARIABLE {name} = $1", [value])
    found = profile(con, upload, sql("shopify", "lines_payouts"))
    _prove_rows(con, upload)
    if not found.days:
        raise BadInput(f"{upload.name}: no payout of it has an amount; choose days with payouts")
    found = replace(found, rows_without_amount=rows_without_line(con))
    settlements = _settlements(con, upload, stated)
    first, last = min(found.days), max(found.days)
    return found.with_payouts(settlements).manifest(
        upload,
        channel="shopify",
        format=FORMAT,
        statement=f"payouts:{_months(first, last)}-{stated}",
        currency=stated,
        declared=found.total,
        dialect=dialect,
        period=(midnight(first, upload.time_zone), midnight(last, upload.time_zone, after=1)),
        settlements=settlements,
    )


def _prove_rows(con: duckdb.DuckDBPyConnection, upload: Upload) -> None:
    """The parts make the Total on every row."""
    wrong = con.execute(
        'SELECT row, coalesce(sum(amount), 0)::DECIMAL(19,4) AS found, money("Total") AS declared '
        "FROM document_rows LEFT JOIN profiled USING (row) "
        "GROUP BY ALL HAVING found <> declared ORDER BY row LIMIT 1"
    ).fetchone()
    if wrong is None:
        return
    row, found, declared = wrong
    raise Unproven(
        f"{upload.name}: row {row}: its parts make {found:f} but Total is {declared:f}; {AGAIN}",
        declared=f"{declared:f}",
        found=f"{found:f}",
    )


def _settlements(
    con: duckdb.DuckDBPyConnection, upload: Upload, stated: str
) -> tuple[Statement, ...]:
    """The payouts, oldest first; of two of a day that stay together none has left while one has
    not."""
    found = con.execute(
        "SELECT settlement_id, payout_day, count(*)::INTEGER, sum(amount)::DECIMAL(19,4), "
        "bool_and(has_left), max(row) FROM profiled GROUP BY ALL ORDER BY payout_day"
    ).fetchall()
    return tuple(_settlement(upload, stated, *row) for row in found)


def _settlement(
    upload: Upload,
    stated: str,
    settlement_id: str,
    day: date,
    lines: int,
    total: Any,
    has_left: bool,
    row: int,
) -> Statement:
    start = midnight(day, upload.time_zone)
    return Statement(
        settlement_id=settlement_id,
        marketplace=None,
        currency=stated,
        period_start=start,
        period_end=midnight(day, upload.time_zone, after=1),
        declared=total,
        lines=lines,
        total=total,
        deposit_at=start if has_left else None,
        deposit_day=day if has_left else None,
        payout=total if has_left else None,
        row=row,
    )


def _months(first: date, last: date) -> str:
    return "..".join(sorted({f"{first:%Y-%m}", f"{last:%Y-%m}"}))
