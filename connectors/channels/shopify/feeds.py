"""Orders, products and customers of a shop, by when they were changed.

Source: `orders`, `products` and `customers` of the Admin GraphQL schema of `VERSION`, whose search
takes `updated_at`. The list is sorted by that instant, so what changes while it is read comes once
more at its end. UNCONFIRMED: that a product counts as updated when a variant of it is. Orders older
than 60 days come only with the scope `read_all_orders`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from connectors.channels.shopify.api import LIMITS, Admin, Node
from connectors.channels.shopify.feed_queries import (
    ANONYMOUS_ORDER_FEED,
    CUSTOMERS,
    ORDER_FEED,
    ORDER_LINES,
    PRODUCT_VARIANTS,
    PRODUCTS,
)
from connectors.channels.shopify.graphql import AccessDenied, error_for
from connectors.channels.streams import Record
from connectors.channels.sync_context import SyncContext, stamp


def read_orders(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the orders changed since, with all their lines under `lineItems.nodes`.

    They lack `customer` and `shippingAddress` where the application may not see customers.
    """
    with context.remote("Shopify", LIMITS, error_for) as remote:
        admin = Admin(context, remote)
        try:
            yield from _orders(admin, ORDER_FEED, since)
        # Customers are protected: an application needs Shopify's approval, or a larger plan.
        except AccessDenied:
            yield from _orders(admin, ANONYMOUS_ORDER_FEED, since)


def read_products(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the products changed since, with all their variants under `variants.nodes`."""
    with context.remote("Shopify", LIMITS, error_for) as remote:
        admin = Admin(context, remote)
        for page in admin.listed("products", PRODUCTS, "products", _since(since)):
            yield [_whole(admin, node, "variants", "product", PRODUCT_VARIANTS) for node in page]


def read_contacts(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the customers changed since."""
    with context.remote("Shopify", LIMITS, error_for) as remote:
        yield from Admin(context, remote).listed("customers", CUSTOMERS, "customers", _since(since))


def _orders(admin: Admin, query: str, since: datetime) -> Iterator[Sequence[Record]]:
    for page in admin.listed("orderFeed", query, "orders", _since(since)):
        yield [_whole(admin, order, "lineItems", "order", ORDER_LINES) for order in page]


def _since(since: datetime) -> str:
    return f"updated_at:>='{stamp(since, 'seconds')}'"


def _whole(admin: Admin, node: Node, inner: str, kind: str, query: str) -> Node:
    """Return a node with those of its inner nodes, too, that its page had no room for."""
    page = node[inner]
    if not page["pageInfo"]["hasNextPage"]:
        return node
    rest = admin.inner(
        f"{kind}.{inner}", query, str(node["id"]), str(page["pageInfo"]["endCursor"])
    )
    nodes = [*page["nodes"], *(each for part in rest for each in part)]
    return {**node, inner: {**page, "nodes": nodes}}
