"""Transactions files of Square as a test needs them, in the true formats."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

OLD = (
    "Date", "Time", "Time Zone", "Gross Sales", "Discounts", "Net Sales", "Gift Card Sales", "Tax",
    "Tip", "Partial Refunds", "Total Collected", "Source", "Card", "Card Entry Methods", "Cash",
    "Square Gift Card", "Other Tender", "Other Tender Type", "Other Tender Note", "Fees",
    "Net Total", "Transaction ID", "Payment ID", "Card Brand", "PAN Suffix", "Description",
    "Event Type", "Location", "Dining Option",
)  # fmt: skip
NEW = (*OLD[:5], "Service Charges", *OLD[5:], "Third Party Fees", "Deposit ID", "Deposit Date",
       "Transaction Status", "Cash App")  # fmt: skip
TENDERS = ("Card", "Cash", "Square Gift Card", "Other Tender")


def money(value: Decimal) -> str:
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def row(
    day: date,
    gross: str,
    fee: str = "0",
    *,
    number: str = "pay1",
    order: str = "MUG-BLUE-1",
    at: str = "14:05:00",
    tender: str = "Card",
    deposit: str = "",
    event: str = "Payment",
    **more: str,
) -> dict[str, str]:
    """One payment or refund; `more` are the amounts of further columns, which it collected too."""
    extra = {name.replace("_", " "): Decimal(value) for name, value in more.items()}
    collected = Decimal(gross) + sum(extra.values(), Decimal(0))
    amounts = {
        "Gross Sales": Decimal(gross),
        "Net Sales": Decimal(gross),
        "Total Collected": collected,
        tender: collected,
        "Fees": Decimal(fee),
        "Net Total": collected + Decimal(fee),
        **extra,
    }
    return {
        "Date": day.isoformat(),
        "Time": at,
        "Time Zone": "London",
        "Transaction ID": order,
        "Payment ID": number,
        "Description": "Mug, paid in USD",
        "Event Type": event,
        "Location": "Harbour",
        "Deposit ID": deposit,
        "Transaction Status": "Complete",
        **{name: money(value) for name, value in amounts.items()},
    }


def export(rows: Sequence[dict[str, str]], header: Sequence[str] = NEW) -> str:
    """A transactions file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    zero = dict.fromkeys(("Discounts", "Service Charges", "Gift Card Sales", "Tax", "Tip"), "$0.00")
    writer.writerows({**zero, **each} for each in rows)
    return out.getvalue()
