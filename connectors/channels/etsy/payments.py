"""The payments that a month's ledger refers to: which they are, and what is kept of each.

The ledger says what a payment did to the balance; the payment says of which order it is, and its
adjustments what a refund gave back. Who paid, and where it was sent, is not kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.channels.etsy.api import NotTaken, PaymentsClosed, payments
from connectors.channels.sync_context import SyncContext
from connectors.http import Remote

Item = Mapping[str, Any]
_KEPT = (
    *("payment_id", "receipt_id", "currency", "shop_currency", "buyer_currency"),
    *("amount_gross", "amount_fees", "amount_net"),
    *("posted_gross", "posted_fees", "posted_net"),
    *("adjusted_gross", "adjusted_fees", "adjusted_net"),
)
_OF_ADJUSTMENT = (
    *("payment_adjustment_id", "payment_id", "status", "is_success", "reason_code"),
    *("total_adjustment_amount", "shop_total_adjustment_amount", "buyer_total_adjustment_amount"),
    "total_fee_adjustment_amount",
)
_OF_ITEM = (
    *("payment_adjustment_item_id", "adjustment_type", "amount", "shop_amount"),
    *("transaction_id", "bill_payment_id"),
)


def named(entries: Iterable[Item]) -> set[str]:
    """Return the numbers of the payments that entries refer to, or whose adjustments they carry."""
    numbers = set()
    for entry in entries:
        if str(entry.get("reference_type")).lower() == "shop_payment":
            numbers.add(str(entry.get("reference_id")))
        numbers |= {str(a.get("payment_id")) for a in entry.get("payment_adjustments") or ()}
    return {number for number in numbers if number.isdecimal() and int(number)}


@dataclass
class Payments:
    """The payments of a shop during one sync; after a refusal they are not requested again.

    The books tie without them, so nothing fails for want of one.
    """

    context: SyncContext
    remote: Remote
    _closed: bool = field(default=False, init=False)

    def of(self, numbers: Iterable[str]) -> list[Item]:
        """Return the stored fields of the payments in a response, by number."""
        # In order, so that the same payments always make the same document.
        ordered = sorted(numbers, key=int)
        items: list[Item] = []
        if not self._closed:
            try:
                # What came before it ended stays.
                items.extend(payments(self.context, self.remote, ordered))
            except (PaymentsClosed, NotTaken):
                # For this sync alone: the owner may have connected anew by the next one.
                self._closed = True
        return _in_order("payment_id", map(_record, items))


def _record(payment: Item) -> Item:
    adjustments = payment.get("payment_adjustments") or ()
    return _fields(payment, _KEPT) | {
        "payment_adjustments": _in_order("payment_adjustment_id", map(_adjustment, adjustments))
    }


def _adjustment(adjustment: Item) -> Item:
    items = adjustment.get("payment_adjustment_items") or ()
    records = (_fields(item, _OF_ITEM) for item in items)
    return _fields(adjustment, _OF_ADJUSTMENT) | {
        "payment_adjustment_items": _in_order("payment_adjustment_item_id", records)
    }


def _fields(item: Item, names: Iterable[str]) -> dict[str, Any]:
    return {name: item[name] for name in names if item.get(name) is not None}


def _in_order(number: str, items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: int(item[number]))
