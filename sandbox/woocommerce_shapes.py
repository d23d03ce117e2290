"""Shapes of a WooCommerce store's orders and refunds: the keys of 9.9.5, money as text."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any


def text(value: Decimal) -> str:
    """Return money."""
    return f"{value:.2f}"


def gmt(instant: datetime) -> str:
    """Return an instant; it has no zone."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def notes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the notes that plugins leave on an order."""
    return [
        {"id": n, "key": key, "value": value} for n, (key, value) in enumerate(values.items(), 1)
    ]


def shipping(number: int, total: Decimal) -> dict[str, Any]:
    """Return a line of shipping."""
    line = {"id": number * 10 + 7, "method_title": "Flat", "method_id": "flat_rate"}
    return line | {"instance_id": "", "total": text(total), "total_tax": "0.00", "taxes": []}


def surcharge(number: int, name: str, total: Decimal) -> dict[str, Any]:
    """Return a fee that the buyer pays."""
    line = {"id": number * 10 + 8, "name": name, "tax_class": "", "tax_status": "none"}
    return line | {"amount": "", "total": text(total), "total_tax": "0.00", "taxes": []}


def taxed(total: Decimal) -> str:
    """Return the sales tax of an amount: eight in the hundred."""
    return text((total * Decimal("0.08")).quantize(Decimal("0.01")))


def item_line(number: int, product: int, sku: str, quantity: int, price: Decimal) -> dict[str, Any]:
    """Return a line of an order: so many of a product, before any coupon."""
    total = quantity * price
    return {
        "id": number,
        "name": f"Widget {product}",
        "product_id": 10 + product,
        "variation_id": 0,
        "quantity": quantity,
        "tax_class": "",
        "subtotal": text(total),
        "subtotal_tax": "0.00",
        "total": text(total),
        "total_tax": taxed(total),
        "taxes": [],
        "meta_data": [],
        "sku": sku,
        "price": float(price),
        "image": {"id": "", "src": ""},
        "parent_name": None,
    }


def given_back(number: int, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as a refund has it: below zero."""
    less = {name: f"-{item[name]}" for name in ("total", "total_tax")}
    origin = [{"id": 1, "key": "_refunded_item_id", "value": str(item["id"])}]
    return {
        **item, **less, "id": number * 10, "subtotal": less["total"],
        "quantity": -item["quantity"], "meta_data": origin,
    }  # fmt: skip


def empty(number: int, currency: str, method: str, at: datetime) -> dict[str, Any]:
    """Return an order of nothing; the keys are those of WooCommerce 9.9.5, in its order."""
    person = {"first_name": "A", "last_name": "Buyer", "country": "US", "state": "NY"}
    return {
        "id": number,
        "parent_id": 0,
        "status": "pending",
        "currency": currency,
        "version": "9.9.5",
        "prices_include_tax": False,
        "date_created": gmt(at),
        "date_modified": gmt(at),
        "customer_id": 0,
        "billing": {**person, "email": "buyer@example.test"},
        "shipping": person,
        "payment_method": method,
        "payment_method_title": method,
        "transaction_id": f"ch_{number}",
        "date_completed": None,
        "date_paid": None,
        "number": str(number),
        "meta_data": [],
        "line_items": [],
        "tax_lines": [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        "date_created_gmt": gmt(at),
        "date_modified_gmt": gmt(at),
        "date_completed_gmt": None,
        "date_paid_gmt": None,
        "currency_symbol": "$",
    }


def sum_up(order: dict[str, Any]) -> None:
    """Add totals up as WooCommerce does; gift cards lower what is to be paid."""

    def added(lines: str, name: str) -> Decimal:
        return sum((Decimal(line[name]) for line in order[lines]), Decimal(0))

    tax = added("line_items", "total_tax")
    order["tax_lines"] = [
        {
            "id": order["id"] * 10 + 6,
            "rate_code": "US-NY-STATE-1",
            "rate_id": 1,
            "label": "State",
            "compound": False,
            "tax_total": text(tax),
            "shipping_tax_total": "0.00",
            "rate_percent": 8,
        }
    ]
    cards = sum((Decimal(card["amount"]) for card in order.get("gift_cards", ())), Decimal(0))
    total = sum((added(n, "total") for n in ("line_items", "shipping_lines", "fee_lines")), tax)
    order |= {"total_tax": text(tax), "total": text(total - cards)}


def movement(
    number: str,
    kind: str,
    at: datetime,
    amount: int,
    fee: int,
    currency: str,
    order: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return a transaction of WooPayments, which a later deposit takes."""
    return {
        "transaction_id": number,
        "type": kind,
        "channel": "online",
        "date": at.strftime("%Y-%m-%d %H:%M:%S"),
        "source": "visa",
        "customer_name": "A Buyer",
        "customer_email": "buyer@example.test",
        "customer_country": "US",
        "amount": amount,
        "fees": fee,
        "net": amount - fee,
        "currency": currency,
        "risk_level": 0,
        "deposit_id": f"wcpay_estimated_daily_{currency}_1",
        "deposit_status": "estimated",
        "available_on": (at + timedelta(days=2)).strftime("%Y-%m-%d"),
        "loan_id": "flxln_1" if kind.startswith("financing") else None,
        "order_id": order["id"] if order else None,
        "order": {"number": order["number"]} if order else None,
    }


def deposited(number: str, day: date, total: int, currency: str) -> dict[str, Any]:
    """Return a deposit of WooPayments that is at the bank a day later."""
    return {
        "id": number,
        "date": milliseconds(day + timedelta(days=1)),
        "type": "deposit" if total > 0 else "withdrawal",
        "amount": total,
        "status": "in_transit",
        "bankAccount": "STRIPE TEST BANK •••• 6789 (USD)",
        "currency": currency,
        "automatic": True,
        "fee": 0,
        "fee_percentage": 0,
        "created": milliseconds(day) // 1000,
    }


def milliseconds(day: date) -> int:
    """Return the midnight that a day begins with, in UTC."""
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000
