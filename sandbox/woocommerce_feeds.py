"""A WooCommerce store's orders, products and customers; its money is made of the same orders.

Shapes: the live captures of WooCommerce 9.9.5. The first two listings are variations of one
product, whose list leaves them out. Customers have no filter by date, and by default no other role
than `customer` is listed.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.sales import Listing, Progress, Sale, Sales, SoldItem
from sandbox.woocommerce_money import WooMoney
from sandbox.woocommerce_shapes import empty, gmt, item_line, sum_up, text

Item = dict[str, Any]
_STATUSES: dict[Progress, str] = {
    "pending": "pending", "paid": "processing", "shipped": "processing", "completed": "completed",
    "cancelled": "cancelled", "refunded": "refunded", "partially_refunded": "processing",
}  # fmt: skip
_PROGRESS: dict[str, Progress] = {
    "processing": "paid", "completed": "completed", "refunded": "refunded",
    "cancelled": "cancelled", "trash": "cancelled",
}  # fmt: skip
# Carts that were never ordered.
DRAFTS = {"checkout-draft", "auto-draft"}
_PARENT, _VARIATIONS = 500, 2


class WooSales(Sales):
    """The sales of one store; an order that is placed or changed is so in its money, too."""

    def __init__(self, money: Callable[[], WooMoney], currency: str) -> None:
        """Begin with the store's orders, and with three buyers, one of them a subscriber."""
        skus = ("SKU-0", "SKU-1", "SKU-2")
        super().__init__(money, tuple, _number, currency, skus)
        self._store = money

    def orders(self) -> list[Item]:
        """Return every order of the money, and the two that each store has."""
        money = self._store()
        if money.orders and not any(order["id"] == 1 for order in money.orders):
            money.orders[:0] = [self._written(sale) for sale in self._examples()]
        return money.orders

    def sales(self) -> list[Sale]:
        """Return every order that was more than a cart."""
        return [_sale(order) for order in self.orders() if order["status"] not in DRAFTS]

    def place(
        self, *items: SoldItem, buyer: str | None = None, progress: Progress = "paid"
    ) -> Sale:
        """Place an order now, which is paid on delivery."""
        sale = super().place(*items, buyer=buyer, progress=progress)
        self._store().orders.append(self._written(sale))
        return sale

    def change(self, number: str, progress: Progress) -> Sale:
        """Let something become of an order now; no money is given back by it."""
        order = next(order for order in self.orders() if order["number"] == number)
        order |= {"status": _STATUSES[progress], "date_modified_gmt": gmt(self._tick())}
        return _sale(order)

    def products(self) -> list[Item]:
        """Return every product; the first holds the variations."""
        variations, others = self.listings[:_VARIATIONS], self.listings[_VARIATIONS:]
        newest = max(listing.changed_at for listing in variations)
        parent = Listing(_PARENT, "", "Mug", Decimal(0), newest)
        names = [listing.number for listing in variations]
        first = {**_product(parent), "type": "variable", "variations": names, "price": "11"}
        return [first, *map(_product, others)]

    def variations(self, number: str) -> list[Item] | None:
        """Return the variations of a product; None where there is no such product."""
        if number not in {str(product["id"]) for product in self.products()}:
            return None
        own = self.listings[:_VARIATIONS] if number == str(_PARENT) else ()
        return [{**_product(listing), "type": "variation"} for listing in own]

    def customers(self, role: str) -> list[Item]:
        """Return the users of a role, or of all."""
        listed: list[Item] = [
            {
                "id": int(buyer.number),
                "date_created_gmt": gmt(buyer.changed_at),
                "date_modified_gmt": gmt(buyer.changed_at),
                "email": buyer.email,
                "first_name": buyer.first_name,
                "last_name": buyer.last_name,
                "role": "subscriber" if place == 1 else "customer",
                "username": buyer.first_name.lower(),
                "billing": {"country": "US", "email": buyer.email},
                "shipping": {"country": "US"},
                "is_paying_customer": True,
                "meta_data": [],
            }
            for place, buyer in enumerate(self.buyers)
        ]
        return [user for user in listed if role in {"all", user["role"]}]

    def _written(self, sale: Sale) -> Item:
        """Return an order as the store keeps it."""
        # The examples are older than all other orders.
        number = {_number(801): 1, _number(802): 2}.get(sale.number, int(sale.number))
        order = empty(number, sale.currency, "cod", sale.made_at)
        order["line_items"] = [
            item_line(number * 100 + place, place, item.sku or "", item.quantity, item.price)
            for place, item in enumerate(sale.items)
        ]
        sum_up(order)
        paid = gmt(sale.made_at) if sale.is_paid else None
        changes = {"status": _STATUSES[sale.progress], "customer_id": int(sale.buyer or 0)}
        changes |= {"date_paid_gmt": paid, "date_modified_gmt": gmt(sale.changed_at)}
        return {**order, **changes, "number": str(number)}


def _number(place: int) -> str:
    return str(90_000_000 + place)


def _sale(order: Item) -> Sale:
    made, changed = (
        datetime.fromisoformat(order[name]).replace(tzinfo=UTC)
        for name in ("date_created_gmt", "date_modified_gmt")
    )
    progress = _PROGRESS.get(order["status"], "pending")
    items = tuple(
        SoldItem(line["sku"], line["quantity"], Decimal(str(line["price"])))
        for line in order["line_items"]
    )
    buyer = str(order["customer_id"]) if order["customer_id"] else None
    return Sale(order["number"], made, changed, progress, order["currency"], items, buyer)


def _product(listing: Listing) -> Item:
    made = listing.changed_at - timedelta(days=90)
    return {
        "id": listing.number,
        "name": listing.title,
        "type": "simple",
        "status": "publish" if listing.active else "draft",
        "sku": listing.sku or "",
        "global_unique_id": "",
        "price": text(listing.price),
        "regular_price": text(listing.price),
        "virtual": False,
        "downloadable": False,
        "stock_status": "instock",
        "parent_id": _PARENT if listing.number <= _VARIATIONS else 0,
        "categories": [{"id": 15, "name": "Kitchen", "slug": "kitchen"}],
        "variations": [],
        "date_created_gmt": gmt(made),
        "date_modified_gmt": gmt(listing.changed_at),
    }


def listed_of(sales: WooSales, route: str, query: Mapping[str, str]) -> list[Item] | None:
    """Return what a route of products or customers lists; None for any other route."""
    parts = route.split("/")
    if route == "products":
        return sales.products()
    if route == "customers":
        return sales.customers(query.get("role", "customer"))
    if parts[0] == "products" and parts[2:] == ["variations"]:
        return sales.variations(parts[1])
    return None
