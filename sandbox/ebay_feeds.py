"""A seller's orders and inventory items as eBay's Fulfillment and Inventory APIs answer them.

Shapes: the documents of Fulfillment v1 and Inventory v1. An order names its buyer and where it is
sent to, unasked. Inventory items have a SKU each and no price; their list counts pages, not items.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.ebay_money import EBayMoney
from sandbox.ebay_pages import filter_of, page_of
from sandbox.sales import Earned, Sale, Sales, SoldItem

Item = dict[str, Any]
# Few, so that a test walks through several pages; eBay's own limit is 200.
_ITEMS = 2
_LIMIT = 200
_OLDEST = timedelta(days=730)
_PAYMENT = {
    "pending": "PENDING", "paid": "PAID", "shipped": "PAID", "completed": "PAID",
    "cancelled": "PENDING", "refunded": "FULLY_REFUNDED",
    "partially_refunded": "PARTIALLY_REFUNDED",
}  # fmt: skip
_NOT_SENT = {"pending", "paid", "cancelled"}


def earned(money: EBayMoney) -> Iterator[Earned]:
    """Yield what buyers paid for every order, and what they were given back."""
    for transaction in money.listed:
        if transaction["transactionType"] in {"SALE", "REFUND"}:
            amount = Decimal(transaction["totalFeeBasisAmount"]["value"])
            at = datetime.fromisoformat(transaction["transactionDate"])
            sign = 1 if transaction["transactionType"] == "SALE" else -1
            yield Earned(transaction["orderId"], at, sign * amount, money.currency)


def number_of(place: int) -> str:
    """Return the number of an order that is placed at the emulator."""
    return f"27-{place:05}-00001"


class EbayFeeds:
    """The lists of one seller."""

    def __init__(self, sales: Sales, money: EBayMoney) -> None:
        """Answer of the sales of a seller; the lines' numbers are those of the money."""
        self._sales, self._money_of_seller = sales, money

    def answer_orders(self, request: Request) -> Response:
        """Answer GET /order."""
        query = request.query_params
        if int(query.get("limit", 50)) > _LIMIT:
            return _refused(30810, "Invalid limit.")
        start = query.get("filter", "").partition("[")[2].partition("..")[0]
        if start and datetime.fromisoformat(start) < self._sales.now - _OLDEST:
            return _refused(30850, "The start date is more than two years in the past.")
        passes = filter_of("lastmodifieddate", request)
        matches = self._sales.cached(
            "matches",
            query.get("filter"),
            lambda: [
                order
                for order in self._orders()
                if passes({"lastmodifieddate": order["lastModifiedDate"]})
            ],
        )
        return page_of(request, "orders", matches, self._sales.largest)

    def answer_items(self, request: Request) -> Response:
        """Answer GET /inventory_item; `offset` is the number of the page."""
        distinct = {each.sku: each for each in reversed(self._sales.listings) if each.sku}
        items = [
            {
                "sku": listing.sku,
                "locale": "en_US",
                "condition": "NEW",
                "product": {"title": listing.title, "brand": "Harbour"},
                "availability": {"shipToLocationAvailability": {"quantity": 7}},
            }
            for listing in sorted(distinct.values(), key=lambda each: each.number)
        ]
        page = int(request.query_params.get("offset", 0))
        size = min(int(request.query_params.get("limit", 25)), _ITEMS)
        here = items[page * size : (page + 1) * size]
        answer: Item = {"href": str(request.url), "limit": size, "size": len(here)}
        answer |= {"total": len(items), "inventoryItems": here}
        if (page + 1) * size < len(items):
            following = request.url.include_query_params(offset=page + 1)
            answer["next"] = f"{following.path}?{following.query}"
        return JSONResponse(answer)

    def _orders(self) -> list[Item]:
        return self._sales.cached("orders", None, self._written)

    def _written(self) -> list[Item]:
        lines = {
            transaction["orderId"]: transaction["orderLineItems"][0]["lineItemId"]
            for transaction in self._money_of_seller.listed
            if "orderLineItems" in transaction
        }
        return [self._order(sale, lines.get(sale.number)) for sale in self._sales.sales()]

    def _order(self, sale: Sale, line: str | None) -> Item:
        total = self._money(sale, sale.total)
        return {
            "orderId": sale.number,
            "creationDate": _stamp(sale.made_at),
            "lastModifiedDate": _stamp(sale.changed_at),
            "orderFulfillmentStatus": "NOT_STARTED" if sale.progress in _NOT_SENT else "FULFILLED",
            "orderPaymentStatus": _PAYMENT[sale.progress],
            "sellerId": "ember_craft",
            "buyer": self._buyer(sale),
            "pricingSummary": {"priceSubtotal": total, "total": total},
            "cancelStatus": _cancelled(sale),
            "paymentSummary": self._payments(sale),
            "fulfillmentStartInstructions": [
                {
                    "fulfillmentInstructionsType": "SHIP_TO",
                    "ebaySupportedFulfillment": False,
                    "shippingStep": {
                        "shipTo": {"fullName": "A Buyer", "contactAddress": {"countryCode": "GB"}}
                    },
                }
            ],
            "ebayCollectAndRemitTax": False,
            "totalFeeBasisAmount": total,
            "lineItems": [
                self._line(sale, place, item, line) for place, item in enumerate(sale.items)
            ],
        }

    def _buyer(self, sale: Sale) -> Item:
        # eBay knows guests by a name of its own making.
        name = f"buyer_{sale.buyer}" if sale.buyer else f"guest-{sale.number}"
        return {"username": name, "taxAddress": {"countryCode": "GB"}}

    def _payments(self, sale: Sale) -> Item:
        refund = {
            "refundId": f"5{sale.number[3:8]}",
            "refundDate": _stamp(sale.changed_at),
            "refundStatus": "REFUNDED",
            "amount": self._money(sale, sale.refunded),
        }
        payment = {
            "paymentMethod": "EBAY",
            "paymentDate": _stamp(sale.made_at),
            "paymentStatus": "PAID",
            "amount": self._money(sale, sale.total),
        }
        return {
            "totalDueSeller": self._money(sale, sale.total),
            "payments": [payment] if sale.is_paid else [],
            "refunds": [refund] if sale.refunded else [],
        }

    def _line(self, sale: Sale, place: int, item: SoldItem, number: str | None) -> Item:
        cost = self._money(sale, item.total)
        return {
            "lineItemId": number or f"2001{sale.number[3:8]}{place:03}",
            "legacyItemId": f"3350{sale.number[3:8]}",
            "sku": item.sku,
            "title": f"Item {item.sku}",
            "quantity": item.quantity,
            "lineItemCost": cost,
            "total": cost,
            "soldFormat": "FIXED_PRICE",
            "listingMarketplaceId": "EBAY_GB",
            "purchaseMarketplaceId": "EBAY_GB",
            "lineItemFulfillmentStatus": (
                "NOT_STARTED" if sale.progress in _NOT_SENT else "FULFILLED"
            ),
            "taxes": [],
        }

    def _money(self, sale: Sale, value: Decimal) -> dict[str, str]:
        return {"value": f"{value:.2f}", "currency": sale.currency}


def _cancelled(sale: Sale) -> Item:
    if sale.progress != "cancelled":
        return {"cancelState": "NONE_REQUESTED", "cancelRequests": []}
    return {
        "cancelState": "CANCELED",
        "cancelledDate": _stamp(sale.changed_at),
        "cancelRequests": [],
    }


def _refused(number: int, message: str) -> Response:
    error = {"errorId": number, "domain": "API_FULFILLMENT", "category": "REQUEST"}
    return JSONResponse({"errors": [{**error, "message": message}]}, 400)


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
