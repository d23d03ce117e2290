"""Transaction reports of eBay's Seller Hub as a test needs them, in the true formats."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

Row = dict[str, str]

NEW = (
    "Transaction creation date", "Type", "Order number", "Legacy order ID", "Buyer username",
    "Buyer name", "Ship to city", "Ship to province/region/state", "Ship to zip",
    "Ship to country", "Net amount", "Payout currency", "Payout date", "Payout ID",
    "Payout method", "Payout status", "Reason for hold", "Item ID", "Transaction ID",
    "Item title", "Custom label", "Quantity", "Item subtotal", "Shipping and handling",
    "Seller collected tax", "eBay collected tax", "Final Value Fee - fixed",
    "Final Value Fee - variable", 'Very high "item not as described" fee',
    "Below standard performance fee", "International fee", "Charity donation",
    "Deposit processing fee", "Regulatory operating fee", "Gross transaction amount",
    "Transaction currency", "Exchange rate", "Reference ID", "Description",
)  # fmt: skip
_LATER = {
    "Payout method", "International fee", "Charity donation", "Deposit processing fee",
    "Regulatory operating fee", 'Very high "item not as described" fee',
}  # fmt: skip
OLD = ("Transaction date", *(c for c in NEW[1:] if c not in _LATER))
FIXED, VARIABLE = "Final Value Fee - fixed", "Final Value Fee - variable"


def stamp(day: date) -> str:
    """A day as the American site writes it."""
    return f"{day:%b} {day.day}, {day.year}"


def row(
    kind: str,
    day: date,
    net: str,
    *,
    payout: str = "--",
    order: str = "--",
    gross: str = "",
    **cells: str,
) -> Row:
    """One row; further cells by the columns' names, with underscores for their spaces."""
    blank = dict.fromkeys(NEW, "--")
    named_cells = {name.replace("_", " "): value for name, value in cells.items()}
    return {
        **blank,
        "Transaction creation date": stamp(day),
        "Transaction date": stamp(day),
        "Type": kind,
        "Order number": order,
        "Net amount": net,
        "Payout currency": "USD",
        "Payout ID": payout,
        "Gross transaction amount": gross or net,
        "Transaction currency": "USD",
        **named_cells,
    }


def order(
    number: str,
    day: date,
    price: str,
    fee: str = "0",
    *,
    payout: str = "--",
    kind: str = "Order",
    **cells: str,
) -> Row:
    """An order, or a refund, of one item, with its variable fee."""
    net = f"{Decimal(price) + Decimal(fee):f}"
    more = {"Item_ID": "335012345678", "Transaction_ID": "10001", "Item_subtotal": price, **cells}
    if kind == "Order":
        more = {"Custom_label": "MUG-BLUE-1", "Quantity": "1", **more}
    made = row(kind, day, net, payout=payout, order=number, gross=price, **more)
    return {**made, VARIABLE: "--" if fee == "0" else fee}


def paid(day: date, amount: str, payout: str) -> Row:
    """The row of a payout: what left, as eBay writes it, with thousands apart."""
    net = f"{-Decimal(amount):,f}"
    more = {"Payout_date": stamp(day), "Payout_status": "Funds sent", "Transaction_currency": "--"}
    return row("Payout", day, net, payout=payout, **more)


def roll_up(
    number: str, day: date, net: str, gross: str, items: Sequence[Row], **cells: str
) -> list[Row]:
    """An order of several items: its own row, and theirs without net, gross and payout."""
    bare = {"Net amount": "--", "Gross transaction amount": "--", "Payout ID": "--"}
    head = row("Order", day, net, order=number, gross=gross, **cells)
    return [head, *({**item, "Order number": number, **bare} for item in items)]


def report(
    rows: Sequence[Row],
    columns: Sequence[str] = NEW,
    above: Sequence[Sequence[str]] = (),
    *,
    quoting: int = csv.QUOTE_MINIMAL,
) -> str:
    """A file of these rows, as given; `above` are the lines over its header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=quoting)
    writer.writerows([*above, columns])
    writer.writerows([[r[c] for c in columns] for r in rows])
    return out.getvalue()


def preamble(first: date, last: date) -> list[list[str]]:
    """The lines that newer reports have over their header."""
    return [
        ["Transaction report"],
        ["Seller", "harbour_mugs"],
        ["Start date", stamp(first)],
        ["End date", stamp(last)],
        ["All dates are in the seller's time zone"],
        ["Amounts of taxes that eBay collects are not in the net amount", "", ""],
        [],
        ["Type", "All"],
        [],
    ]
