"""An Etsy shop's receipts and listings, as its Open API v3 answers them.

Shapes: the OpenAPI document 3.0.0. A receipt names its buyer and where it is sent to, unasked. The
first two listings of the shop are products of one listing; another one is not active. Listings are
told a state at a time.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.etsy_money import EtsyMoney
from sandbox.sales import Earned, Listing, Sale, Sales, SoldItem

Item = dict[str, Any]
STATES = ("active", "inactive", "sold_out", "draft", "expired")
# Few, so that a test walks through several pages; Etsy's own limit is 100.
_LISTINGS, _LIMIT, _EARLIEST = 2, 100, 946_684_800
_WORDS = {
    "pending": "open", "paid": "paid", "shipped": "paid", "completed": "completed",
    "cancelled": "canceled", "refunded": "fully refunded",
    "partially_refunded": "partially refunded",
}  # fmt: skip
_SHIPPED = {"shipped", "completed", "refunded", "partially_refunded"}


def earned(money: EtsyMoney) -> Iterator[Earned]:
    """Yield what buyers paid for every receipt, and what they were given back."""
    for payment in money.payments.listed.values():
        number, currency = str(payment["receipt_id"]), money.currency
        paid = Decimal(payment["posted_gross"]["amount"]) / 100
        yield Earned(number, _instant(payment["created_timestamp"]), paid, currency)
        for adjustment in payment["payment_adjustments"]:
            back = Decimal(adjustment["shop_total_adjustment_amount"]) / 100
            yield Earned(number, _instant(adjustment["created_timestamp"]), -back, currency)


def number_of(place: int) -> str:
    """Return the number of a receipt that is made at the emulator."""
    return str(3_900_000_000 + place)


class EtsyFeeds:
    """The lists of one shop."""

    def __init__(self, sales: Sales) -> None:
        """Answer of the sales of a shop."""
        self._sales = sales

    def answer_receipts(self, request: Request) -> Response:
        """Answer GET .../receipts."""
        query = request.query_params
        start = int(query.get("min_last_modified", _EARLIEST))
        end = int(query.get("max_last_modified", 2**40))
        if start < _EARLIEST or query.get("sort_on", "created") not in _SORTS:
            return _refused("Invalid parameter")
        field = _SORTS[query.get("sort_on", "created")]
        newest_first = query.get("sort_order", "desc") in {"desc", "descending", "down"}
        receipts = self._sales.cached(
            "orders", None, lambda: [self._receipt(sale) for sale in self._sales.sales()]
        )
        matches = self._sales.cached(
            "matches",
            (start, end, field, newest_first),
            lambda: sorted(
                (each for each in receipts if start <= each["updated_timestamp"] <= end),
                key=lambda each: (each[field], each["receipt_id"]),
                reverse=newest_first,
            ),
        )
        return _page(request, matches, self._sales.largest)

    def answer_listings(self, request: Request) -> Response:
        """Answer GET .../listings: those of one state; products are told where asked for."""
        state = request.query_params.get("state", "active")
        if state not in STATES:
            return _refused("Invalid state")
        is_whole = "Inventory" in request.query_params.get("includes", "")
        listings = self._sales.listings
        groups = [listings[:2], *([each] for each in listings[2:])]
        listed = [self._listing(group, is_whole=is_whole) for group in groups]
        return _page(request, [each for each in listed if each["state"] == state], _LISTINGS)

    def _receipt(self, sale: Sale) -> Item:
        total, number = self._money(sale.total), int(sale.number)
        names = {buyer.number: buyer for buyer in self._sales.buyers}
        buyer = names.get(sale.buyer or "")
        nothing = self._money(Decimal(0))
        return {
            "receipt_id": number,
            "receipt_type": 0,
            "seller_user_id": 100_200_300,
            # A guest has a user too at Etsy, of this one order.
            "buyer_user_id": 900_000_000 + (int(buyer.number) if buyer else number % 100_000),
            "buyer_email": None,
            "name": f"{buyer.first_name} {buyer.last_name}" if buyer else "A Guest",
            "city": "Leeds",
            "zip": "LS1 1AA",
            "country_iso": "GB",
            "status": _WORDS[sale.progress],
            "payment_method": "cc",
            "is_paid": sale.is_paid,
            "is_shipped": sale.progress in _SHIPPED,
            **dict.fromkeys(("create_timestamp", "created_timestamp"), _seconds(sale.made_at)),
            **dict.fromkeys(("update_timestamp", "updated_timestamp"), _seconds(sale.changed_at)),
            "is_gift": False,
            **dict.fromkeys(("grandtotal", "subtotal", "total_price"), total),
            **dict.fromkeys(("total_shipping_cost", "total_tax_cost", "total_vat_cost"), nothing),
            **dict.fromkeys(("discount_amt", "gift_wrap_price"), nothing),
            "shipments": [],
            "transactions": [
                self._line(sale, place, item) for place, item in enumerate(sale.items)
            ],
            "refunds": self._refunds(sale),
        }

    def _refunds(self, sale: Sale) -> list[Item]:
        if not sale.refunded:
            return []
        at = _seconds(sale.changed_at)
        refund = {"amount": self._money(sale.refunded), "created_timestamp": at}
        return [{**refund, "reason": "Damaged in transit", "status": "REFUNDED"}]

    def _line(self, sale: Sale, place: int, item: SoldItem) -> Item:
        at = _seconds(sale.made_at)
        return {
            "transaction_id": int(sale.number) * 100 + place,
            "title": f"Item {item.sku}",
            "receipt_id": int(sale.number),
            "created_timestamp": at,
            "paid_timestamp": at if sale.is_paid else None,
            "shipped_timestamp": at if sale.progress in _SHIPPED else None,
            "quantity": item.quantity,
            "is_digital": False,
            "listing_id": 1_500_000_001,
            "product_id": 1_600_000_001 + place,
            "sku": item.sku,
            "price": self._money(item.price),
            "shipping_cost": self._money(Decimal(0)),
            "variations": [],
        }

    def _listing(self, group: Sequence[Listing], *, is_whole: bool) -> Item:
        first = group[0]
        at = max(_seconds(listing.changed_at) for listing in group)
        products = [
            {
                "product_id": 1_600_000_000 + listing.number,
                "sku": listing.sku or "",
                "is_deleted": False,
                "offerings": [
                    {
                        "offering_id": 1_700_000_000 + listing.number,
                        "quantity": 5,
                        "is_enabled": True,
                        "is_deleted": False,
                        "price": self._money(listing.price),
                    }
                ],
                "property_values": [],
            }
            for listing in group
        ]
        return {
            "listing_id": 1_500_000_000 + first.number,
            "title": first.title,
            "state": "inactive" if first.number == len(self._sales.skus) else "active",
            "created_timestamp": at - 86_400,
            **dict.fromkeys(("last_modified_timestamp", "updated_timestamp"), at),
            "quantity": 5 * len(group),
            "listing_type": "physical",
            "has_variations": len(group) > 1,
            "price": self._money(first.price),
            "skus": [listing.sku for listing in group if listing.sku],
            "inventory": {"products": products} if is_whole else None,
        }

    def _money(self, value: Decimal) -> Item:
        currency = self._sales.currency
        return {"amount": int(value * 100), "divisor": 100, "currency_code": currency}


_SORTS = {
    "created": "created_timestamp", "updated": "updated_timestamp", "receipt_id": "receipt_id",
}  # fmt: skip


def _page(request: Request, matches: list[Item], largest: int) -> Response:
    query = request.query_params
    limit, offset = int(query.get("limit", 25)), int(query.get("offset", 0))
    if not 1 <= limit <= _LIMIT:
        return _refused("Invalid limit")
    page = matches[offset : offset + min(limit, largest)]
    return JSONResponse({"count": len(matches), "results": page})


def _refused(why: str) -> Response:
    return JSONResponse({"error": why}, 400)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
