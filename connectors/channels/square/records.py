"""Stored records of payments, refunds and orders: money, references and kinds of tender.

Square's responses also hold buyers, their cards and addresses, and details that change without
meaning for the books; none of that is stored. Numbers are whole (minor units), so storing them
loses nothing. Source: the schemas Payment, PaymentRefund and Order of Square's OpenAPI document.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.documents.api_documents import ApiDocument

Item = Mapping[str, Any]

# Tenders that Square never pays out: the till, other gateways, and gift cards, which were paid
# when they were sold (that their use is in no payout is UNCONFIRMED).
CASH, EXTERNAL, GIFT_CARD = "CASH", "EXTERNAL", "SQUARE_GIFT_CARD"

_PAYMENT: Mapping[str, Any] = {
    "id": None,
    "created_at": None,
    "status": None,
    "source_type": None,
    "location_id": None,
    "order_id": None,
    "amount_money": None,
    "tip_money": None,
    "total_money": None,
    "app_fee_money": None,
    "processing_fee": None,
    "card_details": {
        "card": {"card_brand": None},
        "card_payment_timeline": {"captured_at": None},
    },
    "external_details": {"type": None},
}
_REFUND: Mapping[str, Any] = {
    "id": None,
    "created_at": None,
    "status": None,
    "location_id": None,
    "payment_id": None,
    "order_id": None,
    "amount_money": None,
    "processing_fee": None,
    "destination_type": None,
    "destination_details": {"card_details": {"card": {"card_brand": None}}},
}
_ITEM: Mapping[str, Any] = {"item_type": None, "total_money": None}
_ORDER: Mapping[str, Any] = {
    "id": None,
    "total_money": None,
    "total_tax_money": None,
    "total_service_charge_money": None,
    "tenders": {"id": None, "payment_id": None, "amount_money": None},
    "line_items": _ITEM,
    "return_amounts": None,
    "returns": {"source_order_id": None, "return_line_items": _ITEM},
}
RECORDS = {"payment": _PAYMENT, "refund": _REFUND, "order": _ORDER}


def record(kind: str, item: Item) -> dict[str, Any]:
    """Return the stored fields of a payment, a refund or an order."""
    fields: dict[str, Any] = _kept(item, RECORDS[kind])
    return fields


def _kept(item: Any, fields: Mapping[str, Any] | None) -> Any:
    if fields is None:
        return item
    if isinstance(item, list):
        return [_kept(each, fields) for each in item]
    # Empty fields are left out: Square omits and nulls them at will, and the document must stay
    # equal.
    return {name: _kept(item[name], part) for name, part in fields.items() if item.get(name)}


def currency_of(money: Item) -> str:
    """Return the currency of an amount; payouts and their entries call it `currency_code`."""
    return str(money.get("currency") or money["currency_code"])


def is_done(item: Item) -> bool:
    """Return whether the money of a payment or refund has moved."""
    # APPROVED is an authorisation that may still be cancelled.
    return bool(item.get("status") == "COMPLETED")


def moved_at(item: Item) -> datetime:
    """Return when the money moved: a card may be captured days after the payment was made."""
    captured = _at(item, "card_details", "card_payment_timeline", "captured_at")
    return datetime.fromisoformat(str(captured or item["created_at"]))


def is_outside(item: Item) -> bool:
    """Return whether the money of a payment or refund bypasses Square's balance."""
    kind = item.get("source_type") or item.get("destination_type")
    brand = _at(item, "card_details", "card", "card_brand") or _at(
        item, "destination_details", "card_details", "card", "card_brand"
    )
    return kind in {CASH, EXTERNAL} or brand == GIFT_CARD


def keep(
    document: ApiDocument,
    orders: Callable[[Iterable[str]], Iterator[Item]],
    payments: Sequence[Item],
    refunds: Sequence[Item],
) -> None:
    """Add payments, refunds and their orders to a document, in a stable order."""
    for operation, items in (("ListPayments", payments), ("ListPaymentRefunds", refunds)):
        for item in sorted(items, key=lambda i: (i["created_at"], i["id"])):
            document.put(operation, item)
    named = [str(item["order_id"]) for item in (*payments, *refunds) if item.get("order_id")]
    for order in sorted(orders(named), key=lambda o: str(o["id"])):
        document.put("BatchRetrieveOrders", record("order", order))


def _at(item: Item, *names: str) -> Any:
    value: Any = item
    for name in names:
        value = (value or {}).get(name)
    return value
