"""Square's orders, payments and payouts: what was sold, how it was paid, and what came back."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

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

# What else happens: how likely it is on a day, its type, and the least and most of it in cents.
ODDITIES: tuple[tuple[float, str, int, int], ...] = (
    (0.10, "DISPUTE", -4000, -900),
    (0.05, "OPEN_DISPUTE", -2500, -700),
    (0.10, "SQUARE_CAPITAL_PAYMENT", -900, -100),
    (0.06, "RESERVE_HOLD", -1500, -500),
    (0.06, "RESERVE_RELEASE", 500, 1500),
    (0.05, "HOLD_ADJUSTMENT", -2000, -500),
    (0.05, "RELEASE_ADJUSTMENT", 500, 2000),
    (0.05, "THIRD_PARTY_FEE", -300, -50),
    (0.05, "LOCAL_OFFERS_FEE", -400, -100),
    (0.05, "FREE_PROCESSING", 50, 300),
    (0.05, "TAX_ON_FEE", -80, -10),
    (0.04, "GIFT_CARD_LOAD_FEE", -60, -20),
    (0.04, "AUTOMATIC_SAVINGS", -1000, -100),
    (0.03, "ADJUSTMENT", -300, 300),
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


def payment_of(
    number: str,
    at: datetime,
    order: Mapping[str, Any],
    amounts: tuple[int, int],
    amount: Amount,
    tender: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a payment of an order: what it comes to, and the tip."""
    return {
        "id": number,
        "created_at": stamp(at),
        "updated_at": stamp(at + timedelta(seconds=4)),
        "status": "COMPLETED",
        "location_id": order["location_id"],
        "order_id": order["id"],
        "amount_money": amount(amounts[0]),
        "tip_money": amount(amounts[1]),
        "total_money": amount(sum(amounts)),
        "buyer_email_address": "guest@example.com",
        **tender,
    }


def payout_of(name: str, number: int, location: str, at: datetime, kind: str) -> dict[str, Any]:
    """Return a payout, without what it comes to and when it arrives."""
    return {
        "id": name,
        "status": "PAID",
        "location_id": location,
        "created_at": stamp(at),
        "updated_at": stamp(at),
        "destination": {"type": "BANK_ACCOUNT", "id": "bact:Zpp3oedR3AeEUNd3z7"},
        "version": 1,
        "type": kind,
        "end_to_end_id": f"L21{number:08}",
    }


def processing_fee(at: datetime, money: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what Square keeps of a payment, or gives back of a refund."""
    return [{"effective_at": stamp(at), "type": "INITIAL", "amount_money": money}]


def stamp(instant: datetime) -> str:
    """Return an instant as Square writes it."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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


def refusal(status: int, category: str, code: str, detail: str) -> Response:
    """Return Square's envelope of errors."""
    errors = [{"category": category, "code": code, "detail": detail}]
    return JSONResponse({"errors": errors}, status)
