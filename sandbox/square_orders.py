"""Square's orders and tenders: what was sold, how it was paid, and what came back."""

from collections.abc import Callable, Mapping
from typing import Any

# Payments by how likely they are: of which source, and with which further words.
TENDERS: tuple[tuple[float, dict[str, Any]], ...] = (
    (0.60, {"source_type": "CARD", "card_details": {"card": {"card_brand": "VISA"}}}),
    (0.80, {"source_type": "CASH"}),
    (0.86, {"source_type": "WALLET"}),
    (0.91, {"source_type": "EXTERNAL", "external_details": {"type": "CHECK", "source": "Bank"}}),
    (
        0.96,
        {"source_type": "CARD", "card_details": {"card": {"card_brand": "SQUARE_GIFT_CARD"}}},
    ),
    (1.00, {"source_type": "SQUARE_ACCOUNT"}),
)

Amount = Callable[[int], dict[str, Any]]


def sold(
    number: str, location: str, items: int, service: int, amount: Amount, *, gift: bool
) -> dict[str, Any]:
    """Return an order of one item, with a tax of eight in the hundred unless it is a gift card."""
    tax = 0 if gift else items * 8 // 100
    return {
        "id": number,
        "location_id": location,
        "state": "COMPLETED",
        "line_items": [
            {
                "uid": "a",
                "name": "Gift card" if gift else "Flat white",
                "quantity": "1",
                "item_type": "GIFT_CARD" if gift else "ITEM",
                "total_money": amount(items),
            }
        ],
        "total_money": amount(items + tax + service),
        "total_tax_money": amount(tax),
        "total_service_charge_money": amount(service),
        "tenders": [],
    }


def returned(
    number: str, payment: Mapping[str, Any], back: int, tax: int, amount: Amount
) -> dict[str, Any]:
    """Return the order that a refund makes."""
    return {
        "id": number,
        "location_id": payment["location_id"],
        "return_amounts": {
            "total_money": amount(back),
            "tax_money": amount(tax),
            "tip_money": amount(0),
            "discount_money": amount(0),
            "service_charge_money": amount(0),
        },
        "returns": [{"source_order_id": payment["order_id"]}],
    }


def is_outside(payment: Mapping[str, Any]) -> bool:
    """Return whether a payment goes past Square's balance."""
    brand = payment.get("card_details", {}).get("card", {}).get("card_brand")
    return payment["source_type"] in {"CASH", "EXTERNAL"} or brand == "SQUARE_GIFT_CARD"
