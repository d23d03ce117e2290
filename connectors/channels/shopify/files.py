"""Shopify's export of payment transactions on disk: what it says and how that is proven.

Format facts are read off real exports: UTF-8, comma, decimal points, instants with an offset that
changes with summer time, a payout's date without a time. There are 16 to 20 columns: `Payout ID`,
`VAT` and the business entity's came later. Every row has Amount less Fee is Net. Nothing declares
what a payout comes to: it is what the rows of a payout sum to. Where no payout has a number, its
date stands for it.
UNCONFIRMED: rows of the payout itself, which are left out; payouts that failed, which stay open.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
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
from connectors.channels.statements import open_settlement
from connectors.documents.control_totals import Profile, from_microseconds, profile
from connectors.documents.dialects import date_format, decimal_marks, zones
from connectors.documents.manifest import Dialect, Manifest, Statement
from connectors.documents.tables import check_columns
from connectors.errors import BadInput, Unproven
from connectors.lake.windows import midnight
from mappings.channels import sql

FORMAT = "shopify.transactions"
_REQUIRED = (
    "Transaction Date", "Type", "Order", "Payout Status", "Payout Date", "Amount", "Fee", "Net",
    "Currency",
)  # fmt: skip
OPTIONAL = ("Payout ID", "Payment Method Name")
_MONEY = ("Amount", "Fee", "Net")
_FORMS = ("%Y-%m-%d %H:%M:%S",)
_NEEDED = ("Transaction Date", "Type", "Currency", *_MONEY)


def recognises(names: Sequence[str]) -> bool:
    """Whether these are an export's columns."""
    return {"Transaction Date", "Payout Status"} <= set(names)


def reading(manifest: Manifest) -> Reading:
    """How a stored export is read; a payout that is negative was taken from the bank."""
    return Reading(
        lines_sql=sql("shopify", "lines_transactions"),
        variables={
            "settlement_id": open_settlement(manifest.currency),
            "period_end": manifest.period_end,
            "shortfall": "transfer.payout",
        },
    )


def inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    """Read an export whole and prove it row by row."""
    names = columns(upload.header)
    check_columns(upload, names, _REQUIRED, AGAIN)
    load_rows(con, upload, names, OPTIONAL, _NEEDED)
    stated = currency(con, upload, "transactions")
    dialect = Dialect(
        encoding=upload.encoding,
        columns=names,
        decimal_mark=decimal_marks(con, upload.name, list(_MONEY))[0],
        date_format=date_format(con, upload.name, ["Transaction Date"], _FORMS),
        zones=zones(con, upload.name, ["Transaction Date"]),
    )
    for macro in macros(dialect):
        con.execute(macro)
    con.execute("SET VARIABLE currency = $1", [stated])
    _prove_rows(con, upload)
    found = profile(con, upload, sql("shopify", "lines_transactions"))
    if not found.days:
        raise BadInput(f"{upload.name}: the export has payouts and no transactions; {AGAIN}")
    found = replace(found, rows_without_amount=rows_without_line(con))
    settlements = _settlements(con, upload, stated)
    return found.with_payouts(settlements).manifest(
        upload,
        channel="shopify",
        format=FORMAT,
        statement=_statement(found, settlements, stated),
        currency=stated,
        declared=None,
        dialect=dialect,
        period=_period(found, upload.time_zone),
        settlements=settlements,
    )


def _prove_rows(con: duckdb.DuckDBPyConnection, upload: Upload) -> None:
    """Amount less Fee is Net on every row."""
    wrong = con.execute(
        'SELECT row, money("Amount") - money("Fee") AS found, money("Net") FROM document_rows '
        'WHERE found <> money("Net") ORDER BY row LIMIT 1'
    ).fetchone()
    if wrong is None:
        return
    row, found, net = wrong
    raise Unproven(
        f"{upload.name}: row {row}: Amount less Fee is {found:f} but Net is {net:f}; {AGAIN}",
        declared=f"{net:f}",
        found=f"{found:f}",
    )


def _settlements(
    con: duckdb.DuckDBPyConnection, upload: Upload, currency: str
) -> tuple[Statement, ...]:
    """The payouts that rows name, oldest first, and last what no payout has taken."""
    found = con.execute(
        "SELECT settlement_id, count(*)::INTEGER, sum(amount)::DECIMAL(19,4), "
        "epoch_us(min(posted_at)), epoch_us(max(posted_at)), "
        "max(payout_day) FILTER (has_left), max(row) FROM profiled "
        "GROUP BY 1 ORDER BY max(payout_day) NULLS LAST, settlement_id"
    ).fetchall()
    statements = [_settlement(upload, currency, *row) for row in found]
    waiting = open_settlement(currency)
    return tuple(sorted(statements, key=lambda s: s.settlement_id == waiting))


def _settlement(
    upload: Upload,
    currency: str,
    settlement_id: str,
    lines: int,
    total: Any,
    first: int,
    last: int,
    paid_on: date | None,
    row: int,
) -> Statement:
    return Statement(
        settlement_id=settlement_id,
        marketplace=None,
        currency=currency,
        period_start=from_microseconds(first),
        period_end=from_microseconds(last + 1),
        declared=None,
        lines=lines,
        total=total,
        deposit_at=None if paid_on is None else midnight(paid_on, upload.time_zone),
        deposit_day=paid_on,
        payout=None if paid_on is None else total,
        row=row,
    )


def _statement(found: Profile, settlements: Sequence[Statement], currency: str) -> str:
    """The one payout that the file is about, else the month that most of its lines are of."""
    if len(settlements) == 1 and settlements[0].settlement_id != open_settlement(currency):
        return f"payout:{settlements[0].settlement_id}"
    months: dict[str, int] = {}
    for day, totals in found.days.items():
        months[f"{day:%Y-%m}"] = months.get(f"{day:%Y-%m}", 0) + totals.lines
    return f"{max(months, key=lambda m: (months[m], m))}-{currency}"


def _period(found: Profile, time_zone: str) -> tuple[datetime, datetime]:
    first, last = min(found.days), max(found.days)
    return midnight(first, time_zone), midnight(last, time_zone, after=1)
