"""Exports of Shopify's payment transactions and payouts as tests need them, in the true formats."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

Row = dict[str, str]

SEVENTEEN = (
    "Transaction Date", "Type", "Order", "Card Brand", "Card Source", "Payout Status",
    "Payout Date", "Payout ID", "Available On", "Amount", "Fee", "Net", "Checkout",
    "Payment Method Name", "Presentment Amount", "Presentment Currency", "Currency",
)  # fmt: skip
EIGHTEEN = (*SEVENTEEN, "VAT")
TWENTY = (*EIGHTEEN, "Business Entity Name", "Business Entity ID")
PAYOUTS_OF_TEN = (
    "Payout Date", "Status", "Charges", "Refunds", "Adjustments", "Reserved Funds", "Fees",
    "Retried Amount", "Total", "Currency",
)  # fmt: skip
PAYOUTS = (
    "Payout Date", "Status", "Charges", "Refunds", "Adjustments", "Marketplace Sales Tax",
    "Advances", "Reserved Funds", "Fees", "Retried Amount", "Total", "Currency", "Bank Reference",
)  # fmt: skip


def row(
    kind: str,
    amount: str,
    fee: str = "0.00",
    *,
    at: str,
    order: str = "",
    payout: str = "",
    paid_on: date | None = None,
    status: str = "paid",
) -> Row:
    """One transaction."""
    return {
        "Transaction Date": at,
        "Type": kind,
        "Order": order,
        "Card Brand": "visa",
        "Card Source": "online",
        "Payout Status": status,
        "Payout Date": "" if paid_on is None else paid_on.isoformat(),
        "Payout ID": payout,
        "Available On": "" if paid_on is None else paid_on.isoformat(),
        "Amount": amount,
        "Fee": fee,
        "Net": f"{Decimal(amount) - Decimal(fee):f}",
        "Checkout": "#51257260474634" if order else "",
        "Payment Method Name": "card",
        "Presentment Amount": amount,
        "Presentment Currency": "USD",
        "Currency": "USD",
        "VAT": "0.00",
        "Business Entity Name": "Harbour Coffee",
        "Business Entity ID": "1",
    }


def payout(day: date, status: str = "paid", currency: str = "USD", **parts: str) -> Row:
    """One payout of these parts, which make its total unless that is given."""
    zeros = dict.fromkeys(PAYOUTS[2:10], "0.00")
    row = {**zeros, **{name.replace("_", " "): amount for name, amount in parts.items()}}
    total = sum((Decimal(row[name]) for name in zeros), Decimal(0))
    return {
        "Total": f"{total:f}",
        **row,
        "Payout Date": day.isoformat(),
        "Status": status,
        "Currency": currency,
        "Bank Reference": "",
    }


def export(rows: Sequence[Row], columns: Sequence[str] = TWENTY) -> str:
    """A file of these rows, as Shopify orders them: as given."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
