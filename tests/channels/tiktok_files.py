"""Income exports of TikTok Shop as a test needs them: the sheet's text, in two true layouts."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

Row = dict[str, str]

STATEMENTS = (
    "Statement date", "Statement ID", "Payment ID", "Status", "Currency", "Type ",
    "Order/adjustment ID  ", "SKU ID", "Quantity", "Product name", "SKU name",
    "Order created date", "Order delivery date", "Total settlement amount", "Net sales",
    "Subtotal before discounts", "Seller discounts", "Refund subtotal before seller discounts",
    "Refund of seller discounts", "Shipping", "TikTok Shop shipping fee", "Customer shipping fee",
    "Refunded customer shipping fee", "TikTok Shop shipping incentive",
    "TikTok Shop shipping incentive refund", "Shipping subsidy", "Actual return shipping fee",
    "Fees", "TikTok Shop commission fee", "Affiliate commission", "Affiliate partner commission",
    "Affiliate Shop Ads commission", "SFP service fee", "Fee per item sold",
    "LIVE Specials service fee", "Voucher Xtra service fee", "Bonus cashback service fee",
    "Customer payment", "Customer refund", "Platform discounts", "Platform discounts refund",
    "Platform co-funded voucher discounts", "Seller co-funded voucher discount",
    "Seller co-funded voucher discount refund", "Adjustment amount", "Adjustment reason",
    "Related order ID", "Delivery option", "Collection methods", "Chargeable package weight",
)  # fmt: skip
SOUTH_EAST = (
    "Order/adjustment ID  ", "Type ", "Order created time(UTC)", "Order settled time(UTC)",
    "Currency", "Total settlement amount", "Total revenue", "Subtotal after seller discounts",
    "Subtotal before discounts", "Seller discounts", "Refund subtotal after seller discounts",
    "Refund subtotal before seller discounts", "Refund of seller discounts", "Total fees",
    "Transaction fee", "TikTok Shop commission fee", "Seller shipping fee", "Actual shipping fee",
    "Platform shipping fee discount", "Customer shipping fee", "Affiliate commission",
    "Adjustment amount", "Related order ID", "Customer payment",
)  # fmt: skip
_REVENUE = (
    "Subtotal before discounts", "Seller discounts", "Refund subtotal before seller discounts",
    "Refund of seller discounts",
)  # fmt: skip
_SHIPPING = (*STATEMENTS[20:27], "Actual shipping fee", "Platform shipping fee discount")
_NOUGHT = {name: "0" for name in (*STATEMENTS[13:45], *SOUTH_EAST[5:22])}


def order(
    number: str = "576400000000000001",
    *,
    at: date = date(2026, 3, 3),
    statement: str = "7300000000000000001",
    payment: str = "3400000000000000001",
    kind: str = "Order",
    total: str | None = None,
    **amounts: str,
) -> Row:
    """One row; amounts by the column's name with `_` for a blank, sums made of them."""
    leaves = {name.replace("_", " "): Decimal(value) for name, value in amounts.items()}
    revenue = sum((v for n, v in leaves.items() if n in _REVENUE), Decimal(0))
    shipping = sum((v for n, v in leaves.items() if n in _SHIPPING), Decimal(0))
    adjusted = leaves.get("Adjustment amount", Decimal(0))
    whole = sum(leaves.values(), Decimal(0))
    fees = whole - revenue - shipping - adjusted
    return _NOUGHT | {
        "Statement date": f"{at:%Y/%m/%d}",
        "Order settled time(UTC)": f"{at:%Y/%m/%d}",
        "Statement ID": statement,
        "Payment ID": payment,
        "Status": "Paid" if payment != "/" else "Processing",
        "Currency": "USD",
        "Type ": kind,
        "Order/adjustment ID  ": f"{number}\t",
        "SKU ID": "MUG-BLUE" if kind == "Order" else "/",
        "Quantity": "1" if kind == "Order" else "/",
        "Product name": "Mug" if kind == "Order" else "/",
        "Total settlement amount": total or f"{whole:f}",
        "Net sales": f"{revenue:f}",
        "Total revenue": f"{revenue:f}",
        "Subtotal after seller discounts": f"{revenue:f}",
        "Shipping": f"{shipping:f}",
        "Seller shipping fee": f"{shipping:f}",
        "Fees": f"{fees:f}",
        "Total fees": f"{fees + shipping:f}",
        "Customer payment": "99.00",
        "Related order ID": "/" if kind == "Order" else "576400000000000001",
        **{name: f"{value:f}" for name, value in leaves.items()},
    }


def export(rows: Sequence[Row], header: Sequence[str] = STATEMENTS) -> str:
    """The text of the sheet `Order details`."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
