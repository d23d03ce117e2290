"""A Square merchant's orders, payments, catalogue and customers, as their searches answer them.

Shapes: Square's OpenAPI document. An order's lines name a variation of the catalogue and no SKU; a
refund is an order of its own with `returns`. A search names at most ten locations, is sorted by the
instant that it filters by, and its cursor goes with the same query alone.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.sales import Earned, Listing, Sale, Sales, SoldItem
from sandbox.square_money import SquareMoney
from sandbox.square_orders import TENDERS, payment_of, refusal, sold, stamp

Item = dict[str, Any]
_STATES = {"pending": "OPEN", "paid": "OPEN", "shipped": "OPEN", "cancelled": "CANCELED"}
# Less than Square's own limit, so that a test walks through several pages.
_ITEMS = 2
_LOCATIONS = 10


def earned(money: SquareMoney) -> Iterator[Earned]:
    """Yield what was paid of every order, and what was given back."""
    orders = {payment["id"]: payment["order_id"] for payment in money.payments}
    for payment in money.payments:
        if payment["status"] == "COMPLETED":
            amount = Decimal(payment["total_money"]["amount"]) / 100
            at = datetime.fromisoformat(payment["created_at"])
            yield Earned(payment["order_id"], at, amount, money.currency)
    for refund in money.refunds:
        if refund["status"] == "COMPLETED":
            back = Decimal(refund["amount_money"]["amount"]) / 100
            at = datetime.fromisoformat(refund["updated_at"])
            yield Earned(orders[refund["payment_id"]], at, -back, money.currency)


def number_of(place: int) -> str:
    """Return the id of an order that is placed at the emulator."""
    return f"ordX{place:06}"


class SquareFeeds:
    """The searches of one merchant."""

    def __init__(self, sales: Sales, money: Callable[[], SquareMoney]) -> None:
        """Answer of the sales of a merchant, and of its money."""
        self._sales, self._money = sales, money

    def orders(self) -> list[Item]:
        """Return every order: sales, and the returns that refunds have made."""
        money, sales = self._money(), self._sales.sales()
        returns = [order for order in money.orders.values() if "returns" in order]
        refunded = {refund["order_id"]: refund for refund in money.refunds}
        return [
            *(self._order(sale, money.orders.get(sale.number)) for sale in sales),
            *(_return(order, refunded[order["id"]]) for order in returns),
        ]

    def payments(self) -> list[Item]:
        """Return the payments of orders that were placed at the emulator, in cash."""
        return [
            payment_of(
                f"pay{sale.number}",
                sale.made_at,
                self._order(sale, None),
                (_cents(sale.total), 0),
                self._amount,
                TENDERS[1][1],
            )
            for sale in self._sales.sales()
            if sale.is_paid and sale.number.startswith("ordX")
        ]

    async def search_orders(self, request: Request) -> Response:
        """Answer POST /v2/orders/search."""
        body = await request.json()
        locations = body.get("location_ids") or []
        if not 0 < len(locations) <= _LOCATIONS:
            return refusal(400, "INVALID_REQUEST_ERROR", "INVALID_ARRAY_LENGTH", "1 to 10.")
        query = body.get("query", {})
        spans = query.get("filter", {}).get("date_time_filter", {})
        field = query.get("sort", {}).get("sort_field", "CREATED_AT").lower()
        if spans and list(spans) != [field]:
            text = "sort_field must be the field that is filtered."
            return refusal(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST", text)
        start = spans.get(field, {}).get("start_at", "")
        matches = self._sales.cached(
            "matches",
            (*locations, field, start),
            lambda: sorted(
                (o for o in self.orders() if o["location_id"] in locations and o[field] >= start),
                key=lambda order: (order[field], order["id"]),
            ),
        )
        return _page(body, "orders", matches, self._sales.largest)

    async def search_catalog(self, request: Request) -> Response:
        """Answer POST /v2/catalog/search: items, with their variations in them."""
        body = await request.json()
        begin = body.get("begin_time", "")
        kinds = body.get("object_types", [])
        listed = map(self._item, self._sales.listings) if "ITEM" in kinds else ()
        items = [item for item in listed if item["updated_at"] > begin]
        return _page(body, "objects", items, _ITEMS)

    async def search_customers(self, request: Request) -> Response:
        """Answer POST /v2/customers/search."""
        body = await request.json()
        span = body.get("query", {}).get("filter", {}).get("updated_at", {})
        matches = [
            {
                "id": f"CUST{buyer.number}",
                "created_at": stamp(buyer.changed_at),
                "updated_at": stamp(buyer.changed_at),
                "given_name": buyer.first_name,
                "family_name": buyer.last_name,
                "email_address": buyer.email,
                "creation_source": "THIRD_PARTY",
                "version": 0,
            }
            for buyer in self._sales.buyers
            if stamp(buyer.changed_at) >= span.get("start_at", "")
        ]
        return _page(body, "customers", matches, _ITEMS)

    def _order(self, sale: Sale, own: Mapping[str, Any] | None) -> Item:
        money = self._money()
        order = dict(own or sold(sale.number, money.locations[0], 0, 0, self._amount, gift=False))
        lines = [self._line(place, item) for place, item in enumerate(sale.items)]
        if own is not None:
            # What the money says of its one line stays; the catalogue is known here alone.
            lines = [{**lines[0], **own["line_items"][0]}]
        else:
            total = self._amount(_cents(sale.total))
            order |= {"total_money": total, "tenders": []}
        left = order["total_money"]["amount"] - _cents(sale.refunded)
        order["net_amounts"] = {"total_money": self._amount(left)}
        state = _STATES.get(sale.progress, "COMPLETED")
        closed = {} if state == "OPEN" else {"closed_at": stamp(sale.changed_at)}
        buyer = {"customer_id": f"CUST{sale.buyer}"} if sale.buyer else {}
        return {
            **order,
            "line_items": lines,
            "state": state,
            "source": {"name": "Point of Sale"},
            "created_at": stamp(sale.made_at),
            "updated_at": stamp(sale.changed_at),
            "version": 2,
            **closed,
            **buyer,
        }

    def _line(self, place: int, item: SoldItem) -> Item:
        price, total = self._amount(_cents(item.price)), self._amount(_cents(item.total))
        return {
            "uid": f"line{place}",
            "catalog_object_id": f"VAR-{item.sku}",
            "name": f"Item {item.sku}",
            "variation_name": "Regular",
            "quantity": str(item.quantity),
            "item_type": "ITEM",
            "base_price_money": price,
            "gross_sales_money": total,
            "total_tax_money": self._amount(0),
            "total_discount_money": self._amount(0),
            "total_money": total,
        }

    def _item(self, listing: Listing) -> Item:
        at = stamp(listing.changed_at)
        common = {"updated_at": at, "version": 1, "is_deleted": not listing.active}
        sku = {"sku": listing.sku} if listing.sku else {}
        # The first listing of a SKU is what orders name.
        first = next(each for each in self._sales.listings if each.sku == listing.sku)
        name = listing.sku if first is listing else f"{listing.sku}-{listing.number}"
        variation = {
            "item_id": f"ITEM-{listing.number}",
            "name": "Regular",
            "pricing_type": "FIXED_PRICING",
            "price_money": self._amount(_cents(listing.price)),
            **sku,
        }
        kind = {"type": "ITEM_VARIATION", "id": f"VAR-{name}"}
        data = {
            "name": listing.title,
            "product_type": "REGULAR",
            "variations": [{**kind, **common, "item_variation_data": variation}],
        }
        return {"type": "ITEM", "id": f"ITEM-{listing.number}", **common, "item_data": data}

    def _amount(self, cents: int) -> Item:
        return {"amount": cents, "currency": self._sales.currency}


def _return(order: Mapping[str, Any], refund: Mapping[str, Any]) -> Item:
    """Return the order of a refund; it has no lines of its own."""
    at = refund["created_at"]
    dates = {"created_at": at, "updated_at": refund["updated_at"], "closed_at": at}
    return {**order, **dates, "state": "COMPLETED", "version": 4}


def _page(body: Mapping[str, Any], what: str, matches: list[Item], largest: int) -> Response:
    """Return a page of a search, whose cursor is in the body and goes with the same query."""
    query = json.dumps({k: v for k, v in body.items() if k != "cursor"}, sort_keys=True)
    digest = hashlib.sha256(query.encode()).hexdigest()[:16]
    stated, _, place = str(body.get("cursor") or f"{digest}.0").partition(".")
    if stated != digest or not place.isdigit():
        return refusal(400, "INVALID_REQUEST_ERROR", "INVALID_CURSOR", "Invalid cursor.")
    start, size = int(place), min(int(body.get("limit") or 100), largest)
    answer: Item = {what: matches[start : start + size]} if matches else {}
    if start + size < len(matches):
        answer["cursor"] = f"{digest}.{start + size}"
    return JSONResponse(answer)


def _cents(amount: Decimal) -> int:
    return int(amount * 100)
