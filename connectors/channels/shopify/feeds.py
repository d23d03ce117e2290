"""Orders, products and customers of a shop, by when they were changed.

Source: `orders`, `products` and `customers` of the Admin GraphQL schema of `VERSION`, whose search
takes `updated_at`. Pages are sorted by that instant: what changes while they are read comes once
more. Of many orders, a page of which costs hundreds of points, Shopify makes a file instead
(`bulk`). UNCONFIRMED: that a product counts as updated when a variant of it is. Orders older than
60 days come only with the scope `read_all_orders`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.channels.shopify.api import LIMITS, Admin, Node
from connectors.channels.shopify.bulk import MOST, BulkRefused, read_bulk
from connectors.channels.shopify.feed_queries import (
    CUSTOMERS,
    ORDER_FEED,
    ORDER_LINES,
    ORDERS_COUNT,
    PRODUCT_VARIANTS,
    PRODUCTS,
    anonymous,
    bulk_orders,
)
from connectors.channels.shopify.graphql import AccessDenied, error_for
from connectors.channels.streams import Record
from connectors.channels.sync_context import SyncContext, stamp

# Orders that are read in pages: about a minute's points.
FEW = 200
# An hour of waits: Shopify takes minutes for a large file, and pages wait for points.
_BUDGET = 3_600.0
_SHORTEST = timedelta(minutes=1)
_INSTANT = timedelta(milliseconds=1)


def read_orders(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the orders changed since, with all their lines under `lineItems.nodes`.

    They lack `customer` and `shippingAddress` where the application may not see customers.
    """
    with _admin(context) as admin:
        try:
            yield from _orders(context, admin, since, context.now, is_anonymous=False)
        # Customers are protected: an application needs Shopify's approval, or a larger plan.
        except AccessDenied:
            yield from _orders(context, admin, since, context.now, is_anonymous=True)


def read_products(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the products changed since, with all their variants under `variants.nodes`."""
    with _admin(context) as admin:
        for page in admin.listed("products", PRODUCTS, "products", _changed(since, context.now)):
            yield [_whole(admin, node, "variants", "product", PRODUCT_VARIANTS) for node in page]


def read_contacts(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the customers changed since."""
    with _admin(context) as admin:
        yield from admin.listed("customers", CUSTOMERS, "customers", _changed(since, context.now))


def _orders(
    context: SyncContext, admin: Admin, start: datetime, end: datetime, *, is_anonymous: bool
) -> Iterator[Sequence[Record]]:
    """Yield the orders that were changed from `start` to `end`: in pages where they are few."""
    search = _changed(start, end)
    answer = admin.answer("ordersCount", ORDERS_COUNT, {"query": search}).get("ordersCount") or {}
    count = int(answer.get("count") or 0)
    if count > MOST and end - start > _SHORTEST:
        middle = start + (end - start) / 2
        yield from _orders(context, admin, start, middle, is_anonymous=is_anonymous)
        yield from _orders(context, admin, middle + _INSTANT, end, is_anonymous=is_anonymous)
        return
    if count > FEW:
        query = bulk_orders(search)
        try:
            yield from read_bulk(context, admin, anonymous(query) if is_anonymous else query)
            return
        except BulkRefused:
            pass
    query = anonymous(ORDER_FEED) if is_anonymous else ORDER_FEED
    for page in admin.listed("orderFeed", query, "orders", search):
        yield [_whole(admin, order, "lineItems", "order", ORDER_LINES) for order in page]


def _changed(start: datetime, end: datetime) -> str:
    """Return the search for what was changed from an instant to another."""
    return f"updated_at:>='{stamp(start)}' updated_at:<='{stamp(end)}'"


@contextmanager
def _admin(context: SyncContext) -> Iterator[Admin]:
    patient = replace(context, retry_policy=replace(context.retry_policy, budget=_BUDGET))
    with patient.remote("Shopify", LIMITS, error_for) as remote:
        yield Admin(context, remote)


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
