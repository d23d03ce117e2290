"""Exports of orders as platforms write them, and the rows that each becomes."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    """An export and its rows; `totals` are the sums that the import tells, `secrets` its names."""

    name: str
    channel: str
    file: str
    content: bytes
    orders: list[Row]
    lines: list[Row]
    payments: list[Row]
    totals: Sequence[str]
    secrets: Sequence[str] = ("Marked Buyer", "marked@example.com", "1 Marked Street")
    time_zone: str = "Europe/London"


def table(
    columns: Sequence[str], rows: Sequence[Mapping[str, str]], *, delimiter: str = ","
) -> str:
    """Rows under a header; a column that a row does not name is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


_SHOPIFY = (
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at",
    "Accepts Marketing", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code",
    "Discount Amount", "Shipping Method", "Created at", "Lineitem quantity", "Lineitem name",
    "Lineitem price", "Lineitem compare at price", "Lineitem sku", "Lineitem requires shipping",
    "Lineitem taxable", "Lineitem fulfillment status", "Billing Name", "Billing Street",
    "Billing Country", "Shipping Name", "Shipping Street", "Shipping Address1", "Shipping City",
    "Shipping Zip", "Shipping Country", "Notes", "Note Attributes", "Cancelled at",
    "Payment Method", "Payment Reference", "Refunded Amount", "Vendor", "Outstanding Balance",
    "Id", "Tags", "Risk Level", "Source", "Lineitem discount", "Tax 1 Name", "Tax 1 Value",
    "Phone",
)  # fmt: skip
_SHOPIFY_BUYER = {
    "Email": "marked@example.com",
    "Billing Name": "Marked Buyer",
    "Shipping Name": "Marked Buyer",
    "Shipping Street": "1 Marked Street",
    "Shipping Country": "IE",
    "Notes": "leave it, with\nMarked Buyer",
}
_SHOPIFY_ROWS = (
    {
        **_SHOPIFY_BUYER, "Name": "#1001", "Id": "9001", "Financial Status": "partially_refunded",
        "Paid at": "2026-04-01 00:30:05 +0100", "Created at": "2026-04-01 00:30:00 +0100",
        "Fulfillment Status": "fulfilled", "Currency": "GBP", "Subtotal": "29.00",
        "Shipping": "4.00", "Taxes": "5.50", "Total": "1033.00", "Discount Amount": "1.00",
        "Lineitem quantity": "2", "Lineitem name": "Mug, blue", "Lineitem price": "15.00",
        "Lineitem sku": "MUG", "Lineitem discount": "1.00", "Payment Method": "Shopify Payments",
        "Refunded Amount": "5.00", "Outstanding Balance": "0.00", "Source": "web",
    },
    {
        "Name": "#1001", "Email": "marked@example.com", "Lineitem quantity": "1",
        "Lineitem name": "Kiln", "Lineitem price": "1000.00", "Lineitem sku": "KILN",
        "Lineitem discount": "0.00", "Created at": "2026-04-01 00:30:00 +0100",
    },
    {
        **_SHOPIFY_BUYER, "Name": "#1002", "Id": "9002", "Financial Status": "pending",
        "Created at": "2026-04-02 10:00:00 +0100", "Fulfillment Status": "unfulfilled",
        "Currency": "GBP", "Shipping": "0.00", "Taxes": "0.00", "Total": "8.00",
        "Discount Amount": "0.00", "Lineitem quantity": "1", "Lineitem name": "Postcard",
        "Lineitem price": "8.00", "Lineitem discount": "0.00", "Payment Method": "Bank transfer",
        "Refunded Amount": "0.00", "Outstanding Balance": "8.00", "Source": "pos",
    },
)  # fmt: skip
SHOPIFY = Case(
    name="shopify",
    channel="shopify",
    file="orders_export_1.csv",
    content=table(_SHOPIFY, _SHOPIFY_ROWS).encode(),
    orders=[
        ("gid://shopify/Order/9001", "#1001", "03-31 23:30", "2026-04-01", "partially_refunded",
         "PARTIALLY_REFUNDED / FULFILLED", "GBP", "1033", "4", "5.5", "1", "5", "IE", 2),
        ("gid://shopify/Order/9002", "#1002", "04-02 09:00", "2026-04-02", "pending", "PENDING",
         "GBP", "8", "0", "0", "0", "0", "IE", 1),
    ],
    lines=[
        ("gid://shopify/Order/9001", "1", "MUG", None, "Mug, blue", "2", "29", "1", None),
        ("gid://shopify/Order/9001", "2", "KILN", None, "Kiln", "1", "1000", "0", None),
        ("gid://shopify/Order/9002", "1", None, None, "Postcard", "1", "8", "0", None),
    ],
    payments=[
        ("order 9001", "gid://shopify/Order/9001", "payment", "paid", "Shopify Payments", "1033"),
        ("refunds of order 9001", "gid://shopify/Order/9001", "refund", "paid",
         "Shopify Payments", "-5"),
    ],
    totals=("1041",),
)  # fmt: skip
CASES = (SHOPIFY,)
