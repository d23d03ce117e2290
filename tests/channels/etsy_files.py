"""Monthly statements of Etsy as a test needs them, newest row first, in the true formats."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

NINE = ("Date", "Type", "Title", "Info", "Currency", "Amount", "Fees & Taxes", "Net", "Tax Details")
TEN = (*NINE[:8], "Status", "Availability Date")


@dataclass(frozen=True)
class Row:
    """One row of a statement: what it does to the balance, and in which column."""

    day: date
    type: str
    title: str
    info: str = ""
    gross: Decimal | None = None
    charge: Decimal | None = None


def sale(day: date, order: str, gross: str) -> Row:
    return Row(day, "Sale", f"Payment for Order #{order}", gross=Decimal(gross))


def charge(day: date, type: str, title: str, info: str, sum: str) -> Row:
    return Row(day, type, title, info, charge=Decimal(sum))


def deposit(day: date, sum: str | Decimal) -> Row:
    return Row(day, "Deposit", f"{money(Decimal(sum))} sent to your bank account")


def money(value: Decimal | None) -> str:
    if value is None:
        return "--"
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def statement(
    rows: Sequence[Row],
    *,
    header: Sequence[str] = NINE,
    currency: str = "USD",
    newest_first: bool = True,
) -> str:
    """A statement of `rows`, which are given oldest first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in reversed(rows) if newest_first else rows:
        writer.writerow(cells(row, currency)[: 9 if header == NINE else 8])
    return out.getvalue()


def cells(row: Row, currency: str) -> list[str]:
    nothing = row.type == "Deposit"
    net = None if nothing else (row.gross or Decimal(0)) + (row.charge or Decimal(0))
    long_date = f"{row.day:%B} {row.day.day}, {row.day.year}"
    return [
        long_date, row.type, row.title, row.info, currency,
        money(row.gross), money(row.charge), money(net), "--",
    ]  # fmt: skip
