"""Shopify's export of payment transactions on disk: what it says and how that is proven.

Format facts are read off real exports: UTF-8, comma, decimal points, instants with an offset that
changes with summer time, a payout's date without a time. There are 16 to 20 columns: `Payout ID`,
`VAT` and the business entity's came later. Every row has Amount less Fee is Net. Nothing declares
what a payout comes to: it is what the rows of a payout sum to. Where no payout has a number, its
date stands for it. The export of payouts has no transactions and is refused with what to do.
UNCONFIRMED: rows of the payout itself, which are left out; payouts that failed, which stay open.
"""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from connectors.channels.base import Reading, Upload, macros
from connectors.channels.dialect import date_format, decimal_marks, zones
from connectors.channels.profile import Profile, from_microseconds, profile
from connectors.channels.statements import open_settlement
from connectors.channels.tables import check_columns, check_whole, load
from connectors.documents import Dialect, Manifest, Statement
from connectors.engine import quoted
from connectors.errors import BadInput, Unproven
from mappings.channels import sql

FORMAT = "shopify.transactions"
_REQUIRED = (
    "Transaction Date", "Type", "Order", "Payout Status", "Payout Date", "Amount", "Fee", "Net",
    "Currency",
)  # fmt: skip
_OPTIONAL = ("Payout ID", "Payment Method Name")
_MONEY = ("Amount", "Fee", "Net")
_FORMS = ("%Y-%m-%d %H:%M:%S",)
_AGAIN = "download it again, unedited"


def _columns(opening: str) -> tuple[str, ...]:
    header = opening.partition("\n")[0].rstrip("\r\n")
    return tuple(name.strip() for name in next(csv.reader([header]), []))


def _lists_payouts(columns: Sequence[str]) -> bool:
    return {"Payout Date", "Charges", "Retried Amount", "Total"} <= set(columns)


def recognises(opening: str) -> bool:
    """Whether the first line is that of an export of transactions, or of payouts."""
    columns = _columns(opening)
    return {"Transaction Date", "Payout Status"} <= set(columns) or _lists_payouts(columns)


def _relation(columns: Sequence[str], text: Path, compression: str = "none") -> str:
    """Every row of the file as text with its number, absent optional columns as null."""
    typed = ", ".join(f"{quoted(c or f'column{i}')}: 'VARCHAR'" for i, c in enumerate(columns))
    absent = "".join(f', NULL::VARCHAR AS "{c}"' for c in _OPTIONAL if c not in columns)
    return (
        f"SELECT row_number() OVER ()::INTEGER AS row, *{absent} FROM read_csv("
        f"{quoted(str(text))}, columns={{{typed}}}, auto_detect=false, delim=',', quote='\"', "
        f"escape='\"', header=true, nullstr='', compression={quoted(compression)})"
    )


def rows(manifest: Manifest, text: Path) -> str:
    """SQL for the rows of a stored export, `text` being UTF-8, plain or `.zst`."""
    compression = "zstd" if text.suffix == ".zst" else "none"
    return _relation(manifest.dialect.columns, text, compression)


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
    columns = _columns(upload.header)
    _check_columns(upload, columns)
    _load(con, upload, columns)
    currency = _currency(con, upload)
    dialect = Dialect(
        encoding=upload.encoding,
        columns=columns,
        decimal_mark=decimal_marks(con, upload.name, list(_MONEY))[0],
        date_format=date_format(con, upload.name, ["Transaction Date"], _FORMS),
        zones=zones(con, upload.name, ["Transaction Date"]),
    )
    for macro in macros(dialect):
        con.execute(macro)
    con.execute("SET VARIABLE currency = $1", [currency])
    _prove_rows(con, upload)
    found = profile(con, upload, sql("shopify", "lines_transactions"))
    if not found.days:
        raise BadInput(f"{upload.name}: the export has payouts and no transactions; {_AGAIN}")
    found = replace(found, rows_without_amount=_rows_without_line(con))
    settlements = _settlements(con, upload, currency)
    return found.with_payouts(settlements).manifest(
        upload,
        channel="shopify",
        format=FORMAT,
        statement=_statement(found, settlements, currency),
        currency=currency,
        declared=None,
        dialect=dialect,
        period=_period(found, upload.time_zone),
        settlements=settlements,
    )


def _check_columns(upload: Upload, columns: Sequence[str]) -> None:
    if _lists_payouts(columns):
        raise BadInput(
            f"{upload.name}: is the list of payouts, which has no transactions; in the shop's "
            "admin open Finance, Payouts, Transactions, export these and import that file"
        )
    check_columns(upload, columns, _REQUIRED, _AGAIN)


def _load(con: duckdb.DuckDBPyConnection, upload: Upload, columns: Sequence[str]) -> None:
    load(
        con,
        upload,
        _relation(columns, upload.text),
        f"does not have the header's {len(columns)} fields",
        _AGAIN,
    )
    if con.execute("SELECT count(*) FROM document_rows").fetchone() == (0,):
        raise BadInput(
            f"{upload.name}: the export has a header and no rows; choose days with sales"
        )
    empty = " OR ".join(f'"{c}" IS NULL' for c in ("Transaction Date", "Type", "Currency", *_MONEY))
    check_whole(con, upload, empty, _AGAIN)


def _currency(con: duckdb.DuckDBPyConnection, upload: Upload) -> str:
    found = con.execute('SELECT DISTINCT "Currency" FROM document_rows ORDER BY 1').fetchall()
    if len(found) == 1:
        return str(found[0][0])
    names = ", ".join(str(name) for (name,) in found)
    raise BadInput(
        f"{upload.name}: holds {len(found)} currencies ({names}); export the transactions of one "
        "payout currency at a time"
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
        f"{upload.name}: row {row}: Amount less Fee is {found:f} but Net is {net:f}; {_AGAIN}",
        declared=f"{net:f}",
        found=f"{found:f}",
    )


def _rows_without_line(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute(
        "SELECT count(*) FROM document_rows WHERE row NOT IN (SELECT row FROM profiled)"
    ).fetchone()
    return row[0] if row else 0


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
        deposit_at=None if paid_on is None else _midnight(paid_on, upload.time_zone),
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
    return _midnight(first, time_zone), _midnight(last + timedelta(days=1), time_zone)


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)
