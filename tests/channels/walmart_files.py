"""Reconciliation reports of Walmart as a test needs them, in the true formats."""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

Line = dict[str, str]

V1 = (
    "Period Start Date", "Period End Date", "Total Payable", "Currency", "Transaction Key",
    "Transaction Posted Timestamp", "Transaction Type", "Transaction Description",
    "Customer Order #", "Customer Order line #", "Purchase Order #", "Purchase Order line #",
    "Amount", "Amount Type", "Ship Qty", "Commission Rate", "Base Commission Rate",
    "Transaction Reason Description", "Partner Item Id", "Partner GTIN", "Partner Item Name",
    "Product Tax Code", "Ship to State", "Ship to City", "Ship to Zipcode", "Contract Category",
    "Product Type", "Commission Rule", "Shipping Method", "Fulfillment Type",
    "Fulfillment Details", "Original Commission",
)  # fmt: skip
V1_WIDEST = (
    *V1,
    "Commission Incentive Program", "Commission Saving", "Customer Promo Type",
    "Total Walmart Funded Savings Program", "Campaign Id", "Item Condition", "Original charge",
    "Charge Savings", "Incentive Program Name", "Ship to country", "Store Id",
)  # fmt: skip
V0 = (
    "Walmart.com Order #", "Walmart.com Order Line #", "Walmart.com PO #",
    "Walmart.com P.O. Line #", "Transaction Type", "Transaction Date Time", "Shipped Qty",
    "Partner Item ID", "Partner Item name", "Ship to state", "Payable to Partner from Sale",
    "Commission from Sale", "Commission Rate", "Gross Sales Revenue", "Refunded Retail Sales",
    "Sales refund for Escalation", "Gross Shipping Revenue", "Gross Shipping Refunded",
    "Shipping refund for Escalation", "Net Shipping Revenue", "Total NET Tax Collected",
    "Tax Withheld", "Adjustment Description", "Return Reason Description", "Fulfillment Type",
)  # fmt: skip


def shown(day: date) -> str:
    """A day as Walmart writes it."""
    return f"{day:%m/%d/%Y}"


def line(
    kind: str,
    amount_type: str,
    amount: str,
    *,
    at: date,
    description: str = "Purchase",
    **columns: str,
) -> Line:
    """One amount; further columns by name with `_` for a blank."""
    return {
        "Transaction Posted Timestamp": shown(at),
        "Transaction Type": kind,
        "Transaction Description": description,
        "Amount": amount,
        "Amount Type": amount_type,
        **{name.replace("_", " "): value for name, value in columns.items()},
    }


def order(
    number: str = "200014533145443",
    *,
    at: date = date(2026, 3, 3),
    price: str = "20.00",
    fee: str = "-3.00",
) -> list[Line]:
    """A sale of one unit: its price and Walmart's commission."""
    same = {
        "Customer Order #": number,
        "Customer Order line #": "1",
        "Purchase Order #": f"1{number[3:]}",
        "Purchase Order line #": "1",
        "Ship Qty": "1",
        "Partner Item Id": "MUG-BLUE",
        "Fulfillment Type": "Seller Fulfilled",
        "Transaction Key": f"{at:%Y_%m_%d}_{number[-4:]}",
    }
    return [
        {**line("Sale", "Product Price", price, at=at), **same},
        {**line("Sale", "Commission on Product", fee, at=at), **same, "Commission Rate": "15"},
    ]


def summary(payable: str, *, end: date, days: int = 14, currency: str = "USD") -> Line:
    """The row that says what was paid, three days after the period's end."""
    return {
        "Period Start Date": shown(end - timedelta(days=days)),
        "Period End Date": shown(end),
        "Total Payable": payable,
        "Currency": currency,
        "Transaction Posted Timestamp": shown(end + timedelta(days=3)),
        "Transaction Type": "PaymentSummary",
        "Transaction Description": "Deposited in PAYONEER account",
    }


def total(lines: Sequence[Line]) -> Decimal:
    """What the lines come to."""
    return sum((Decimal(row.get("Amount") or 0) for row in lines), Decimal(0))


def report(
    lines: Sequence[Line],
    *,
    end: date = date(2026, 3, 14),
    days: int = 14,
    payable: str | None = None,
    currency: str = "USD",
    header: Sequence[str] = V1,
    counted: int | None = None,
) -> str:
    """A report of a period: header, the count of all its lines, the payment, and its lines."""
    paid = summary(
        f"{total(lines)}" if payable is None else payable, end=end, days=days, currency=currency
    )
    count = len(lines) + 3 if counted is None else counted
    out = io.StringIO()
    out.write(",".join(header) + f"\nNumber of Lines in file {count}\n")
    writer = csv.DictWriter(out, header, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writerows([paid, *lines])
    return out.getvalue()


def wide(rows: Sequence[Line], header: Sequence[str] = V0) -> str:
    """A report of the legacy layout."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
