"""One way to write what a store sold in some days, for every channel in its own format.

A `Slice` is what one document is about: days of a month in one currency. However often it is
restated, it stays the same statement, because its first and last day always have a line.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.documents.api_documents import ApiDocument
from sandbox import amazon_files
from tests.channels import (
    ebay_files,
    etsy_files,
    shopify_files,
    square_files,
    tiktok_files,
    walmart_files,
)


@dataclass(frozen=True)
class Slice:
    """Days of a month in one currency, `first` to `last`, and how documents call them."""

    number: int
    currency: str
    first: date
    last: date

    @property
    def key(self) -> str:
        """A number of its own, as long as the platforms' are."""
        return f"{2_000_000_000 + self.number}"


@dataclass(frozen=True, order=True)
class Sale:
    """Money of a day; `number` tells two of one sum apart."""

    day: date
    number: int
    amount: Decimal


Sales = list[Sale]
Writer = Callable[[Slice, Sales], str]


def _amazon(part: Slice, sales: Sales) -> str:
    lines = [
        amazon_files.line(
            *("Order", "ItemPrice", "Principal", f"{sale.amount}"),
            at=f"{sale.day} 12:00:00 UTC",
            order_id=f"111-{sale.number:07d}",
        )
        for sale in sales
    ]
    return amazon_files.report(
        lines,
        settlement=part.key,
        currency=part.currency,
        start=f"{part.first} 00:00:00 UTC",
        end=f"{part.last + timedelta(days=1)} 00:00:00 UTC",
        deposit=f"{part.last + timedelta(days=3)} 00:00:00 UTC",
    )


def _ebay(part: Slice, sales: Sales) -> str:
    payout = {"payout": part.key}
    rows = [
        ebay_files.order(f"05-{sale.number:05d}-00001", sale.day, f"{sale.amount}", **payout)
        for sale in sales
    ]
    rows.append(ebay_files.paid(part.last, f"{_total(sales)}", part.key))
    sold_in = {"Payout currency": part.currency, "Transaction currency": part.currency}
    return ebay_files.report(
        [{**row, **sold_in} if row["Type"] != "Payout" else {**row, **_in(part)} for row in rows]
    )


def _in(part: Slice) -> dict[str, str]:
    return {"Payout currency": part.currency}


def _etsy(part: Slice, sales: Sales) -> str:
    rows = [
        etsy_files.Row(
            sale.day, "Sale", f"Payment for Order #{sale.number:010d}", gross=sale.amount
        )
        for sale in sales
    ]
    rows.append(etsy_files.deposit(part.last, _total(sales)))
    return etsy_files.statement(rows, currency=part.currency)


def _shopify(part: Slice, sales: Sales) -> str:
    paid = {"payout": part.key, "paid_on": part.last + timedelta(days=2)}
    rows = [
        shopify_files.row(
            "charge",
            f"{sale.amount}",
            at=f"{sale.day} 12:00:00 +0000",
            order=f"MUG-{sale.number}",
            **paid,  # type: ignore[arg-type]
        )
        for sale in sales
    ]
    coin = {"Currency": part.currency, "Presentment Currency": part.currency}
    return shopify_files.export([{**row, **coin} for row in rows])


def _square(part: Slice, sales: Sales) -> str:
    sign = {"USD": "$", "GBP": "£"}[part.currency]
    rows = [
        square_files.row(sale.day, f"{sale.amount}", number=f"pay{sale.number}", order=f"o{n}")
        for n, sale in enumerate(sales)
    ]
    return square_files.export(rows).replace("$", sign)


def _tiktok(part: Slice, sales: Sales) -> str:
    rows = [
        tiktok_files.order(
            f"5764{sale.number:014d}",
            at=sale.day,
            statement=f"73{part.number:03d}{sale.day:%Y%m%d}",
            payment=f"34{part.number:03d}{sale.day:%Y%m%d}",
            Subtotal_before_discounts=f"{sale.amount}",
        )
        for sale in sales
    ]
    return tiktok_files.export([{**row, "Currency": part.currency} for row in rows])


def _walmart(part: Slice, sales: Sales) -> str:
    lines = [
        walmart_files.line(
            *("Sale", "Product Price", f"{sale.amount}"),
            at=sale.day,
            **{
                "Customer_Order_#": f"2000{sale.number:011d}",
                "Purchase_Order_#": f"1{sale.number}",
            },
        )
        for sale in sales
    ]
    # Two payments of one day would be one statement.
    later = 2 * part.number
    days = (part.last - part.first).days + later
    end = part.last + timedelta(days=later)
    return walmart_files.report(lines, end=end, days=days, currency=part.currency)


def _woocommerce(part: Slice, sales: Sales) -> str:
    month = f"{part.first:%Y-%m}"
    document = ApiDocument(
        "woocommerce", "settlement", f"month:{part.currency}-{month}", part.currency
    )
    window = {
        "begins": f"{month}-01T00:00:00Z",
        "since": "2026-01-01T00:00:00.000Z",
        "until": "2026-06-01T00:00:00.000Z",
        "unsold": ["cancelled", "trash"],
        "payments": False,
    }
    document.put("window", window)
    document.put("orders", [_order(part, sale) for sale in sales])
    document.put("refunds", [])
    return document.source_file().content.decode()


def _order(part: Slice, sale: Sale) -> dict[str, Any]:
    at, sum_ = f"{sale.day}T12:00:00", f"{sale.amount}"
    item = {"id": sale.number * 10, "name": "Mug", "quantity": 1, "sku": "MUG"}
    return {
        "id": sale.number,
        "number": str(sale.number),
        "status": "processing",
        "currency": part.currency,
        "date_created_gmt": at,
        "date_paid_gmt": at,
        "total": sum_,
        "total_tax": "0.00",
        "payment_method": "bacs",
        "billing": {"country": "US"},
        "shipping": {"country": "US"},
        "meta_data": [],
        "line_items": [{**item, "subtotal": sum_, "total": sum_, "total_tax": "0.00"}],
        **{name: [] for name in ("tax_lines", "shipping_lines", "fee_lines", "coupon_lines")},
        "refunds": [],
    }


def _total(sales: Sales) -> Decimal:
    return sum((sale.amount for sale in sales), Decimal(0))


WRITERS: Mapping[str, Writer] = {
    "amazon": _amazon,
    "ebay": _ebay,
    "etsy": _etsy,
    "shopify": _shopify,
    "square": _square,
    "tiktok": _tiktok,
    "walmart": _walmart,
    "woocommerce": _woocommerce,
}
NAMES = {"woocommerce": "orders.ndjson"}


def written(channel: str, part: Slice, sales: Sales) -> tuple[str, str]:
    """A document's name and text."""
    text = WRITERS[channel](part, sorted(sales))
    return NAMES.get(
        channel, "report.csv" if re.match(r'"?\w[^\t\n]*,', text) else "report.txt"
    ), text
