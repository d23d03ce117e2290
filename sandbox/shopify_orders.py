"""Orders, products and customers of an emulated shop as Shopify's Admin GraphQL gives them.

Shapes: Order, LineItem, Product and Customer of the Admin schema 2026-10. Three variants make a
product. A shop without Shopify Payments has its orders, and what was paid for them, in
its money; what a buyer is called is asked for by nobody, and stands here all the same.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.sales import Earned, Listing, Sale, Sales, SoldItem
from sandbox.shopify_gateways import GatewayMoney
from sandbox.shopify_money import ShopifyMoney
from sandbox.shopify_search import connection

Node = dict[str, Any]
# Few, so that a test walks through several pages.
_LARGEST_PAGE, _INNER_PAGE, _VARIANTS = 10, 2, 3
_FINANCIAL = {
    "pending": "PENDING", "paid": "PAID", "shipped": "PAID", "completed": "PAID",
    "cancelled": "VOIDED", "refunded": "REFUNDED", "partially_refunded": "PARTIALLY_REFUNDED",
}  # fmt: skip
_SHIPPED = {"shipped", "completed", "refunded", "partially_refunded"}


def earned(money: ShopifyMoney | GatewayMoney) -> Iterator[Earned]:
    """Yield what was charged and given back for every order, by its name."""
    if isinstance(money, GatewayMoney):
        yield from _paid_at_gateways(money)
        return
    for transaction in money.listed:
        order = transaction["associatedOrder"]
        if order is not None and not transaction["test"]:
            amount = transaction["amount"]
            at = datetime.fromisoformat(transaction["transactionDate"])
            currency = amount["currencyCode"]
            yield Earned(order["name"], at, Decimal(amount["amount"]), currency)


def _paid_at_gateways(money: GatewayMoney) -> Iterator[Earned]:
    for order in money.orders:
        total = Decimal(order["totalPriceSet"]["shopMoney"]["amount"])
        made = datetime.fromisoformat(order["createdAt"])
        yield Earned(order["name"], made, total, money.currency)
        for transaction in order["transactions"]:
            if transaction["kind"] == "REFUND":
                back = Decimal(transaction["amountSet"]["shopMoney"]["amount"])
                at = datetime.fromisoformat(transaction["processedAt"])
                yield Earned(order["name"], at, -back, money.currency)


def number_of(place: int) -> str:
    """Return the name of an order that is placed at the emulator."""
    return f"#9{place:05}"


class ShopFeeds:
    """The lists of one shop; `root` are the fields of the schema's root that they answer."""

    def __init__(self, sales: Sales, money: ShopifyMoney | GatewayMoney) -> None:
        """Answer of the sales of a shop, and of its money where that is made of orders."""
        self._sales = sales
        own = money.orders if isinstance(money, GatewayMoney) else ()
        self._own = {order["name"]: order for order in own}

    def root(self) -> dict[str, Any]:
        """Return what lists, single orders and single products are."""
        return {
            "orders": lambda _info, **query: self._listed_orders(query),
            "ordersCount": lambda _info, **query: {"count": len(self._matches(query))},
            "order": lambda _info, **query: _of_id(self._orders(), query),
            "products": lambda _info, **query: self._list(self._products(), query),
            "product": lambda _info, **query: _of_id(self._products(), query),
            "customers": lambda _info, **query: self._list(self._customers(), query),
        }

    def _listed_orders(self, query: Mapping[str, Any]) -> Node:
        matches = self._matches(query)
        largest = self._sales.largest if "first" in query else len(matches)
        return connection(matches, {**query, "query": None}, largest)

    def _matches(self, query: Mapping[str, Any]) -> list[Node]:
        # The cursor is no part of the search: its pages are of one list.
        search = (query.get("query"), query.get("sortKey"))
        key = _sort_key(query)
        return self._sales.cached(
            "matches",
            search,
            lambda: _searched(sorted(self._orders(), key=lambda n: (n[key], n["id"])), query),
        )

    def _list(self, nodes: Iterable[Node], query: Mapping[str, Any]) -> Node:
        key = _sort_key(query)
        ordered = sorted(nodes, key=lambda node: (node[key], node["id"]))
        return connection(ordered, query, _LARGEST_PAGE, **_DATES)

    def _orders(self) -> list[Node]:
        return self._sales.cached("orders", None, lambda: list(self._order_nodes()))

    def _order_nodes(self) -> Iterator[Node]:
        orders = self._sales.sales()
        counts = Counter(sale.buyer for sale in orders)
        listings = {each.sku: each for each in reversed(self._sales.listings)}
        for sale in orders:
            node = _order(sale, counts[sale.buyer], listings)
            own = self._own.get(sale.number)
            if own is not None:
                node |= {**own, "updatedAt": max(own["updatedAt"], node["updatedAt"])}
            yield node

    def _products(self) -> Iterator[Node]:
        listings = self._sales.listings
        for start in range(0, len(listings), _VARIANTS):
            yield _product(listings[start : start + _VARIANTS], self._sales.currency)

    def _customers(self) -> Iterator[Node]:
        counts = Counter(sale.buyer for sale in self._sales.sales())
        for buyer in self._sales.buyers:
            yield {
                "id": f"gid://shopify/Customer/{buyer.number}",
                "createdAt": _stamp(buyer.changed_at),
                "updatedAt": _stamp(buyer.changed_at),
                "numberOfOrders": str(counts[buyer.number]),
                "firstName": buyer.first_name,
                "lastName": buyer.last_name,
                "state": "ENABLED",
                "taxExempt": False,
                "defaultEmailAddress": {"emailAddress": buyer.email},
                "defaultAddress": {"countryCodeV2": "US"},
            }


_DATES = {"created_at": "createdAt", "updated_at": "updatedAt"}


def _sort_key(query: Mapping[str, Any]) -> str:
    return "createdAt" if query.get("sortKey") == "CREATED_AT" else "updatedAt"


def _searched(nodes: list[Node], query: Mapping[str, Any]) -> list[Node]:
    """Return all nodes that pass a search."""
    every = {"query": query.get("query"), "first": len(nodes)}
    matches: list[Node] = connection(nodes, every, len(nodes), **_DATES)["nodes"]
    return matches


def variant_node(listing: Listing, currency: str) -> Node:
    """Return a variant; its cost is missing where its owner wrote none."""
    cost = None if listing.cost is None else _money(listing.cost, currency)
    return {
        "id": f"gid://shopify/ProductVariant/{4_400 + listing.number}",
        "sku": listing.sku,
        "title": "Default Title",
        "barcode": None,
        "price": f"{listing.price:.2f}",
        "inventoryItem": {
            "id": f"gid://shopify/InventoryItem/{4_500 + listing.number}",
            "tracked": True,
            "unitCost": cost,
        },
    }


def variant(sku: str | None, cost: str | None, currency: str = "GBP") -> Node:
    """Return a variant by its SKU alone, with its cost per item."""
    at = datetime(2025, 11, 2, tzinfo=UTC)
    amount = None if cost is None else Decimal(cost)
    return variant_node(Listing(0, sku, f"Item {sku}", Decimal(10), at, amount), currency)


def _product_id(listing: Listing) -> str:
    return f"gid://shopify/Product/{4_300 + (listing.number - 1) // _VARIANTS}"


def _product(listings: Sequence[Listing], currency: str) -> Node:
    variants = [variant_node(listing, currency) for listing in listings]
    return {
        "id": _product_id(listings[0]),
        "title": listings[0].title,
        "status": "ACTIVE" if listings[0].active else "DRAFT",
        "productType": "Kitchen",
        "vendor": "Harbour",
        "createdAt": "2025-11-02T09:00:00Z",
        "updatedAt": _stamp(max(listing.changed_at for listing in listings)),
        "variants": lambda _info, **query: connection(variants, query, _INNER_PAGE),
    }


def _order(sale: Sale, count: int, listings: Mapping[str | None, Listing]) -> Node:
    lines = [
        _line(sale, place, item, listings.get(item.sku)) for place, item in enumerate(sale.items)
    ]
    buyer = {"id": f"gid://shopify/Customer/{sale.buyer}", "numberOfOrders": str(count)}
    cancelled = sale.progress == "cancelled"
    return {
        "id": order_id(sale.number),
        "name": sale.number,
        "createdAt": _stamp(sale.made_at),
        "processedAt": _stamp(sale.made_at),
        "updatedAt": _stamp(sale.changed_at),
        "cancelledAt": _stamp(sale.changed_at) if cancelled else None,
        "test": False,
        "currencyCode": sale.currency,
        "displayFinancialStatus": _FINANCIAL[sale.progress],
        "displayFulfillmentStatus": "FULFILLED" if sale.progress in _SHIPPED else "UNFULFILLED",
        "sourceName": "web",
        "app": {"name": "Online Store"},
        "tags": [],
        "paymentGatewayNames": ["shopify_payments"] if sale.is_paid else [],
        **_totals(sale),
        # A guest has a customer too at Shopify, unless the order was made by hand.
        "customer": buyer if sale.buyer else None,
        "shippingAddress": {"countryCodeV2": "US"},
        "lineItems": lambda _info, **query: connection(
            lines, query, _INNER_PAGE if "first" in query else len(lines)
        ),
        "transactions": _transactions(sale),
        "refunds": _refunds(sale),
    }


def _totals(sale: Sale) -> Node:
    amounts = {
        "totalPriceSet": sale.total, "subtotalPriceSet": sale.total,
        "totalTaxSet": Decimal(0), "totalShippingPriceSet": Decimal(0),
        "totalDiscountsSet": Decimal(0), "totalTipReceivedSet": Decimal(0),
        "totalRefundedSet": sale.refunded,
    }  # fmt: skip
    return {name: _bag(amount, sale.currency) for name, amount in amounts.items()}


def _line(sale: Sale, place: int, item: SoldItem, listing: Listing | None) -> Node:
    number = int(sale.number[1:]) * 10 + place
    left = 0 if sale.progress in {"refunded", "cancelled"} else item.quantity
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "sku": item.sku,
        "name": f"Item {item.sku}",
        "title": f"Item {item.sku}",
        "quantity": item.quantity,
        "currentQuantity": left,
        "isGiftCard": False,
        "originalUnitPriceSet": _bag(item.price, sale.currency),
        "discountedTotalSet": _bag(item.total, sale.currency),
        "totalDiscountSet": _bag(Decimal(0), sale.currency),
        "taxLines": [],
        # Both are gone where the product was deleted since.
        "variant": variant_node(listing, sale.currency) if listing else None,
        "product": {"id": _product_id(listing), "title": listing.title} if listing else None,
    }


def _transactions(sale: Sale) -> list[Node]:
    if not sale.is_paid:
        return []
    kinds = [("SALE", sale.made_at, sale.total)]
    if sale.refunded:
        kinds.append(("REFUND", sale.changed_at, sale.refunded))
    return [
        {
            "id": f"gid://shopify/OrderTransaction/{int(sale.number[1:]) * 10 + place}",
            "kind": kind,
            "status": "SUCCESS",
            "test": False,
            "gateway": "shopify_payments",
            "createdAt": _stamp(at),
            "processedAt": _stamp(at),
            "amountSet": _bag(amount, sale.currency),
        }
        for place, (kind, at, amount) in enumerate(kinds)
    ]


def _refunds(sale: Sale) -> list[Node]:
    if not sale.refunded:
        return []
    return [
        {
            "id": f"gid://shopify/Refund/{int(sale.number[1:])}",
            "createdAt": _stamp(sale.changed_at),
            "totalRefundedSet": _bag(sale.refunded, sale.currency),
        }
    ]


def order_id(name: str) -> str:
    """Return the id of an order by its name."""
    return f"gid://shopify/Order/{5_000_000 + int(name[1:])}"


def _of_id(nodes: Iterable[Node], query: Mapping[str, Any]) -> Node | None:
    return next((node for node in nodes if node["id"] == query["id"]), None)


def _money(value: Decimal, currency: str) -> dict[str, str]:
    return {"amount": f"{value:f}", "currencyCode": currency}


def _bag(value: Decimal, currency: str) -> Node:
    return {"shopMoney": _money(value, currency)}


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
