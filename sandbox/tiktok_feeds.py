"""A TikTok shop's orders and products, as its searches answer them.

Shapes: Partner Center's pages on orders and products (202309), as users of them report. A unit is a
line of its own, and what is given back is told elsewhere. The first two listings of the shop are
SKUs of one product. A token goes with the same search alone.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from starlette.requests import Request

from sandbox.sales import Earned, Listing, Sale, Sales
from sandbox.tiktok_money import Invalid, TikTokMoney

Item = dict[str, Any]
# Few, so that a test walks through several pages; TikTok Shop's own limit is 100.
_PRODUCTS, _LIMIT = 2, 100
_STATUSES = {
    "pending": "UNPAID", "paid": "AWAITING_SHIPMENT", "shipped": "IN_TRANSIT",
    "completed": "COMPLETED", "cancelled": "CANCELLED", "refunded": "COMPLETED",
    "partially_refunded": "COMPLETED",
}  # fmt: skip


def earned(money: TikTokMoney) -> Iterator[Earned]:
    """Yield what buyers paid for the goods of every order, and what they were given back."""
    for statement in money.statements:
        for transaction in statement.transactions:
            if transaction["type"] != "ORDER" or not transaction["order_id"]:
                continue
            leaves, number = transaction["revenue_breakdown"], transaction["order_id"]
            back = Decimal(leaves["refund_subtotal_before_discount_amount"])
            if back:
                at = datetime.combine(statement.day, time(12), UTC)
                yield Earned(number, at, back, money.currency)
                continue
            price = Decimal(leaves["subtotal_before_discount_amount"])
            price += Decimal(leaves["seller_discount_amount"])
            at = datetime.fromtimestamp(transaction["order_create_time"], UTC)
            if price:
                yield Earned(number, at, price, money.currency)


def number_of(place: int) -> str:
    """Return the number of an order that is placed at the emulator."""
    return f"5769{place:012}"


class TiktokFeeds:
    """The searches of one shop."""

    def __init__(self, sales: Sales) -> None:
        """Answer of the sales of a shop."""
        self._sales = sales

    def answer_orders(self, request: Request, body: Mapping[str, Any]) -> Item:
        """Answer POST /order/202309/orders/search."""
        sort = request.query_params.get("sort_field", "create_time")
        if sort not in {"create_time", "update_time"}:
            raise Invalid("Invalid sort_field query parameter")
        start, end = body.get("update_time_ge", 0), body.get("update_time_lt", 2**40)
        orders = self._sales.cached(
            "orders", None, lambda: [self._order(sale) for sale in self._sales.sales()]
        )
        matches = self._sales.cached(
            "matches",
            (start, end, sort),
            lambda: sorted(
                (order for order in orders if start <= order["update_time"] < end),
                key=lambda order: (order[sort], order["id"]),
            ),
        )
        return _page(request, body, "orders", matches, self._sales.largest)

    def answer_products(self, request: Request, body: Mapping[str, Any]) -> Item:
        """Answer POST /product/202309/products/search."""
        listings = self._sales.listings
        groups = [listings[:2], *([each] for each in listings[2:])]
        start = body.get("update_time_ge", 0)
        products = [self._product(group) for group in groups]
        matches = [product for product in products if product["update_time"] >= start]
        return _page(request, body, "products", matches, _PRODUCTS)

    def _order(self, sale: Sale) -> Item:
        made, changed = int(sale.made_at.timestamp()), int(sale.changed_at.timestamp())
        total = f"{sale.total:f}"
        units = [item for item in sale.items for _ in range(item.quantity)]
        user = sale.buyer or f"9{sale.number[-6:]}"
        return {
            "id": sale.number,
            "status": _STATUSES[sale.progress],
            "create_time": made,
            "update_time": changed,
            **({"paid_time": made} if sale.is_paid else {}),
            **({"cancel_time": changed} if sale.progress == "cancelled" else {}),
            "user_id": user,
            "buyer_email": f"{user}@scs.tiktokw.example.test",
            "recipient_address": {"name": "A*** B***", "region_code": "GB"},
            "commerce_platform": "TIKTOK_SHOP",
            "fulfillment_type": "FULFILLMENT_BY_SELLER",
            "is_sample_order": False,
            "payment": {
                "currency": sale.currency,
                "sub_total": total,
                "shipping_fee": "0",
                "seller_discount": "0",
                "platform_discount": "0",
                "total_amount": total,
                "original_total_product_price": total,
                "tax": "0",
            },
            "line_items": [
                {
                    "id": f"{sale.number}{place:02}",
                    "product_id": "1729000000000000001",
                    "sku_id": f"1729{place:015}",
                    "seller_sku": item.sku,
                    "product_name": f"Item {item.sku}",
                    "sku_name": "Default",
                    "original_price": f"{item.price:f}",
                    "sale_price": f"{item.price:f}",
                    "seller_discount": "0",
                    "platform_discount": "0",
                    "currency": sale.currency,
                    "display_status": _STATUSES[sale.progress],
                    "is_gift": False,
                }
                for place, item in enumerate(units)
            ],
        }

    def _product(self, group: Sequence[Listing]) -> Item:
        first = group[0]
        at = max(int(listing.changed_at.timestamp()) for listing in group)
        return {
            "id": f"17290000000000{first.number:05}",
            "title": first.title,
            "status": "ACTIVATE" if first.active else "SELLER_DEACTIVATED",
            "create_time": at - 86_400,
            "update_time": at,
            "sales_regions": ["GB"],
            "skus": [
                {
                    "id": f"17291111111111{listing.number:05}",
                    "seller_sku": listing.sku or "",
                    "price": {
                        "currency": self._sales.currency,
                        "sale_price": f"{listing.price:.2f}",
                        "tax_exclusive_price": f"{listing.price:.2f}",
                    },
                    "inventory": [{"quantity": 7, "warehouse_id": "7100000000000000001"}],
                }
                for listing in group
            ],
        }


def _page(
    request: Request, body: Mapping[str, Any], what: str, matches: list[Item], largest: int
) -> Item:
    query = request.query_params
    size = int(query.get("page_size", 0))
    if not 1 <= size <= _LIMIT:
        raise Invalid("Invalid page_size query parameter")
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:12]
    stated, _, place = query.get("page_token", f"{digest}|0").partition("|")
    if stated != digest or not place.isdigit():
        raise Invalid("Invalid page_token query parameter")
    start, end = int(place), int(place) + min(size, largest)
    token = f"{digest}|{end}" if end < len(matches) else ""
    return {"next_page_token": token, "total_count": len(matches), what: matches[start:end]}
