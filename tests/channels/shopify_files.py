"""Exports of Shopify's payment transactions as a test needs them, in the true formats."""

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


def export(rows: Sequence[Row], columns: Sequence[str] = TWENTY) -> str:
    """A file of these rows, as Shopify orders them: as given."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
