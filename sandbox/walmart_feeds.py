"""A seller's purchase orders and items as Walmart's APIs answer them.

Shapes: the OpenAPI documents of orders and items. A cursor of orders is a whole query and takes
nothing beside it; that of items is the same for every page, and Walmart remembers how far it was
read. Orders of the last seven days alone are told unless a first day is named, and by default those
that the seller ships. A list of nothing is a 404.
"""

import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.sales import Earned, Listing, Sale, Sales, SoldItem
from sandbox.walmart_money import WalmartMoney

Item = dict[str, Any]
# Few, so that a test walks through several pages; Walmart's own is 200 orders.
_ITEMS, _LIMIT = 2, 200
_DEFAULT, _OLDEST = timedelta(days=7), timedelta(days=180)
_SHIPPERS = ("SellerFulfilled", "WFSFulfilled", "3PLFulfilled")
_STATUSES = {
    "pending": "Created", "paid": "Acknowledged", "shipped": "Shipped", "completed": "Delivered",
    "cancelled": "Cancelled", "refunded": "Refund", "partially_refunded": "Delivered",
}  # fmt: skip
_OWN, _PLACED = "1291123456", "2291123456"


def earned(money: WalmartMoney) -> Iterator[Earned]:
    """Yield the price of every order line, reported or not, and what was given back."""
    for row in money.posted():
        if row.get("Purchase Order #") and row["Amount Type"] == "Product Price":
            month, day, year = map(int, row["Transaction Posted Timestamp"].split("/"))
            at = datetime(year, month, day, 12, tzinfo=UTC)
            amount, sku = Decimal(row["Amount"]), row["Partner Item Id"]
            yield Earned(row["Purchase Order #"], at, amount, money.currency, sku)


def number_of(place: int) -> str:
    """Return the number of a purchase order that is placed at the emulator."""
    return f"{_PLACED}{place:05}"


def customer_order(purchase_order: str) -> str:
    """Return the number that the customer and the settlement know an order by."""
    prefix = "2000145331" if purchase_order.startswith(_OWN) else "3000145331"
    return f"{prefix}{purchase_order[10:]}"


@dataclass
class WalmartFeeds:
    """The lists of one seller; `cursors` are how far each list of items was read."""

    sales: Sales
    cursors: dict[str, int] = field(default_factory=dict)

    def answer_orders(self, request: Request) -> Response:
        """Answer GET /v3/orders."""
        query = dict(request.query_params)
        start = int(query.pop("soIndex", 0))
        if start and not query.pop("hasMoreElements", ""):
            return _refused(400, "INVALID_REQUEST_PARAM.GMP_ORDER_API", "nextCursor")
        if not 1 <= int(query.get("limit", 100)) <= _LIMIT:
            return _refused(400, "INVALID_REQUEST_PARAM.GMP_ORDER_API", "limit")
        made = _instant(query.get("createdStartDate"), self.sales.now - _DEFAULT)
        if made < self.sales.now - _OLDEST:
            return _refused(400, "INVALID_REQUEST_PARAM.GMP_ORDER_API", "createdStartDate")
        since = _instant(query.get("lastModifiedStartDate"), made)
        until = _instant(query.get("lastModifiedEndDate"), self.sales.now + _DEFAULT)
        shipper = query.get("shipNodeType", _SHIPPERS[0])
        matches = self.sales.cached(
            "matches",
            (made, since, until, shipper),
            lambda: [
                _order(sale, shipper)
                for place, sale in enumerate(self.sales.sales())
                if sale.made_at >= made
                and since <= sale.changed_at <= until
                and _shipper(place, sale) == shipper
            ],
        )
        if not matches:
            return _refused(404, "CONTENT_NOT_FOUND.GMP_ORDER_API", "order")
        size = min(int(query.get("limit", 100)), self.sales.largest)
        end, meta = start + size, dict[str, Any](totalCount=len(matches), limit=size)
        if end < len(matches):
            following = {**query, "hasMoreElements": "true", "soIndex": end}
            meta["nextCursor"] = f"?{urlencode(following)}"
        return JSONResponse({"list": {"meta": meta, "elements": {"order": matches[start:end]}}})

    def answer_items(self, request: Request) -> Response:
        """Answer GET /v3/items."""
        cursor = request.query_params.get("nextCursor")
        if cursor == "*":
            cursor = secrets.token_urlsafe(12)
        elif cursor not in self.cursors:
            return _refused(400, "INVALID_REQUEST_PARAM.GMP_ITEM_QUERY_API", "nextCursor")
        start = self.cursors.get(cursor, 0)
        distinct = {each.sku: each for each in reversed(self.sales.listings) if each.sku}
        listed = sorted(distinct.values(), key=lambda each: each.number)
        here = [self._item(listing) for listing in listed[start : start + _ITEMS]]
        self.cursors[cursor] = start + _ITEMS
        more = {"nextCursor": cursor} if start + _ITEMS < len(listed) else {}
        return JSONResponse({"ItemResponse": here, "totalItems": len(listed), **more})

    def _item(self, listing: Listing) -> Item:
        return {
            "mart": "WALMART_US",
            "sku": listing.sku,
            "wpid": f"0RE1TWYTKBKH{listing.number}",
            "productName": listing.title,
            "productType": "Mugs",
            "price": {"currency": self.sales.currency, "amount": float(listing.price)},
            "publishedStatus": "PUBLISHED" if listing.active else "UNPUBLISHED",
            "lifecycleStatus": "ACTIVE",
        }


def _order(sale: Sale, shipper: str) -> Item:
    address = {"name": "A Buyer", "address1": "1 High Street", "city": "Conway"}
    address |= {"state": "AR", "postalCode": "72032", "country": "USA"}
    made = int(sale.made_at.timestamp() * 1000)
    return {
        "purchaseOrderId": sale.number,
        "customerOrderId": customer_order(sale.number),
        "customerEmailId": "F9B1A2C3D4E5@relay.walmart.example.test",
        "orderDate": made,
        **({"buyerId": str(uuid.UUID(int=int(sale.buyer)))} if sale.buyer else {}),
        "isGuest": sale.buyer is None,
        "shippingInfo": {
            "phone": "5551234567",
            "estimatedDeliveryDate": made,
            "estimatedShipDate": made,
            "methodCode": "Standard",
            "postalAddress": address,
        },
        "orderLines": {
            "orderLine": [_line(sale, place, item) for place, item in enumerate(sale.items, 1)]
        },
        "shipNode": {"type": shipper, "name": "Harbour", "id": "100001"},
    }


def _shipper(place: int, sale: Sale) -> str:
    """Return who ships an order: mostly the seller."""
    return _SHIPPERS[0] if sale.number.startswith(_PLACED) else _SHIPPERS[place % 7 % 3]


def _line(sale: Sale, place: int, item: SoldItem) -> Item:
    charge = {
        "chargeType": "PRODUCT",
        "chargeName": "ItemPrice",
        "chargeAmount": {"currency": sale.currency, "amount": float(item.total)},
    }
    quantity = {"unitOfMeasurement": "EACH", "amount": str(item.quantity)}
    status = {"status": _STATUSES[sale.progress], "statusQuantity": quantity}
    return {
        "lineNumber": str(place),
        "item": {"productName": f"Item {item.sku}", "sku": item.sku, "condition": "New"},
        "charges": {"charge": [charge]},
        "orderLineQuantity": quantity,
        "statusDate": int(sale.changed_at.timestamp() * 1000),
        "orderLineStatuses": {"orderLineStatus": [status]},
        **({"refund": _refund(sale)} if sale.refunded and place == 1 else {}),
    }


def _refund(sale: Sale) -> Item:
    amount = {"currency": sale.currency, "amount": -float(sale.refunded)}
    charge = {"chargeType": "PRODUCT", "chargeName": "ItemPrice", "chargeAmount": amount}
    return {
        "refundId": f"r{sale.number}",
        "refundCharges": {
            "refundCharge": [{"refundReason": "TaxExemptCustomer", "charge": charge}]
        },
    }


def _instant(text: str | None, default: datetime) -> datetime:
    return default if text is None else datetime.fromisoformat(text)


def _refused(status: int, code: str, what: str) -> Response:
    error = {"code": code, "field": what, "description": "Invalid request", "severity": "ERROR"}
    errors = [{**error, "category": "DATA", "causes": [], "errorIdentifiers": {}}]
    return JSONResponse({"errors": {"error": errors}}, status)
