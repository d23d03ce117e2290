"""Shopify's Admin GraphQL API about a shop: payouts, balance transactions, orders, costs.

Source: the Admin GraphQL schema of `VERSION`, and its pages on rate limits and search syntax.
Queries cost points from a bucket of 2,000 that refills at 100 a second on the smallest plan; one
above 1,000 is refused, and is repeated with fewer nodes a page. Responses state their cost, and
unused points are returned. UNCONFIRMED: that `payments_transfer_id` selects a payout's
transactions; where it selects none of them, they are looked for by the payout's date.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from connectors.channels.shopify.graphql import VERSION, TooCostly
from connectors.channels.shopify.queries import (
    CHANGED,
    ORDERS,
    PAYOUTS,
    SCOPES,
    TRANSACTIONS,
    VARIANTS,
)
from connectors.channels.sync_context import SyncContext, stamp
from connectors.http import Limit, Remote, Request, Response
from connectors.http.pagination import graphql_cursor, pages

# A version answers for at least twelve months, and then Shopify answers with the oldest it has
# ("API versioning": released 2026-10-01).
SUNSET_ON: date | None = date(2027, 10, 1)
# In points.
LIMITS = {"*": Limit(per_second=100.0, burst=2000.0)}
# Nodes a page at first, at most 250; orders are larger, because they include their transactions.
_SIZES = {
    **{"payouts": 250, "balanceTransactions": 250, "changedOrders": 250, "orders": 50},
    **{"productVariants": 250, "orderFeed": 14, "products": 20, "customers": 250},
    **{"order.lineItems": 100, "product.variants": 100},
}
# Points of a node, estimated until Shopify states its count; below, those of a short query.
_POINTS = {
    **{"payouts": 2.0, "balanceTransactions": 6.0, "changedOrders": 1.0, "orders": 12.0},
    **{"productVariants": 3.0, "orderFeed": 68.0, "products": 35.0, "customers": 3.0},
    **{"order.lineItems": 9.0, "product.variants": 3.0},
}
_SHORT, _LARGEST = 10.0, 1000.0
_ACCOUNT = "data.shopifyPaymentsAccount"
_NEAR = timedelta(days=2)

Node = dict[str, Any]

__all__ = ["LIMITS", "SUNSET_ON", "VERSION", "Admin", "payout_of"]


class Admin:
    """Queries about one shop's money."""

    def __init__(self, context: SyncContext, remote: Remote) -> None:
        """Read the shop of `context` through `remote`."""
        self._remote, self._sizes, self._points = remote, dict(_SIZES), dict(_POINTS)
        self._url = context.access.url("shop", f"/admin/api/{VERSION}/graphql.json")

    def payouts(self, since: datetime) -> Iterator[Node] | None:
        """Return every payout issued since, oldest first.

        None for a shop without Shopify Payments.
        """
        first = self._request("payouts", PAYOUTS, f"issued_at:>='{stamp(since)}'")
        pages = self._pages(first, f"{_ACCOUNT}.payouts")
        opening = next(pages)
        # Null without an error: the shop has no Shopify Payments.
        if opening.at(_ACCOUNT) is None:
            return None
        return _nodes(opening, pages, f"{_ACCOUNT}.payouts")

    def transactions(self, start: datetime, end: datetime) -> Iterator[list[Node]]:
        """Yield pages of the balance transactions processed in `[start, end)`."""
        yield from self._transactions(_between("processed_at", start, end))

    def transactions_of(self, payout: Node) -> Iterator[list[Node]]:
        """Yield pages of the balance transactions that a payout has taken."""
        number, begun = str(payout["legacyResourceId"]), False
        for page in self._transactions(f"payments_transfer_id:{number}"):
            own = [node for node in page if payout_of(node) == number]
            begun = begun or bool(own)
            yield own
        if begun:
            return
        # The fallback of the UNCONFIRMED filter above.
        issued = datetime.fromisoformat(payout["issuedAt"])
        for page in self._transactions(_between("payout_date", issued - _NEAR, issued + _NEAR)):
            yield [node for node in page if payout_of(node) == number]

    def sees_all_orders(self) -> bool:
        """Return whether orders older than 60 days are visible."""
        request = Request("scopes", self._url, json={"query": SCOPES}, cost=_SHORT)
        scopes = self._remote.send(request).at("data.currentAppInstallation.accessScopes") or []
        return any(scope["handle"] == "read_all_orders" for scope in scopes)

    def changed(self, since: datetime) -> Iterator[Node]:
        """Yield every order changed since."""
        first = self._request("changedOrders", CHANGED, f"updated_at:>='{stamp(since)}'")
        for page in self._pages(first, "data.orders"):
            yield from page.at("data.orders.nodes")

    def orders(self, start: datetime, end: datetime) -> Iterator[Node]:
        """Yield every order made in `[start, end)`, oldest first, with all its transactions."""
        first = self._request("orders", ORDERS, _between("created_at", start, end))
        for page in self._pages(first, "data.orders"):
            yield from page.at("data.orders.nodes")

    def variants(self) -> Iterator[Node]:
        """Yield every product variant with its SKU and its cost per item."""
        for page in self._pages(
            self._request("productVariants", VARIANTS, ""), "data.productVariants"
        ):
            yield from page.at("data.productVariants.nodes")

    def listed(
        self, operation: str, question: str, connection: str, search: str
    ) -> Iterator[list[Node]]:
        """Yield pages of a list that a search selects from."""
        path = f"data.{connection}"
        for page in self._pages(self._request(operation, question, search), path):
            yield page.at(f"{path}.nodes") or []

    def answer(
        self, operation: str, question: str, variables: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """Return the `data` of a query without pages."""
        body = {"query": question, "variables": dict(variables)}
        answer = self._remote.send(Request(operation, self._url, json=body, cost=_SHORT))
        return answer.at("data") or {}

    def wait(self, seconds: float) -> None:
        """Wait for what the shop works on; `RateLimited` where this takes too long."""
        self._remote.wait(seconds)

    def inner(self, path: str, question: str, number: str, after: str) -> Iterator[list[Node]]:
        """Yield pages of a list inside one node, like `order.lineItems`, after a cursor."""
        variables = {"first": self._sizes[path], "after": after, "id": number}
        first = Request(path, self._url, json={"query": question, "variables": variables})
        for page in self._pages(first, f"data.{path}"):
            yield page.at(f"data.{path}.nodes") or []

    def _transactions(self, query: str) -> Iterator[list[Node]]:
        path = f"{_ACCOUNT}.balanceTransactions"
        for page in self._pages(self._request("balanceTransactions", TRANSACTIONS, query), path):
            yield page.at(f"{path}.nodes") or []

    def _pages(self, first: Request, connection: str) -> Iterator[Response]:
        return pages(self._sent, first, graphql_cursor(connection))

    def _sent(self, request: Request) -> Response:
        """Return the response, with as many nodes as Shopify allows for this operation."""
        while True:
            size = self._sizes[request.operation]
            body = {**request.json, "variables": {**request.json["variables"], "first": size}}
            # At most what a query may cost: a larger permit would wait for points for nothing.
            cost = min(_SHORT + size * self._points[request.operation], _LARGEST)
            try:
                response = self._remote.send(replace(request, json=body, cost=cost))
            except TooCostly:
                if size == 1:
                    raise
                # Kept for the client's life: the next page costs the same.
                self._sizes[request.operation] = size // 2
                continue
            requested = response.at("extensions.cost.requestedQueryCost")
            if isinstance(requested, int | float):
                # Shopify's own count replaces the estimate for the next request.
                self._points[request.operation] = requested / size
            actual = response.at("extensions.cost.actualQueryCost")
            if isinstance(actual, int | float):
                self._remote.release(request, cost - actual)
            return response

    def _request(self, operation: str, question: str, query: str) -> Request:
        variables = {"first": self._sizes[operation], "after": None, "query": query}
        return Request(operation, self._url, json={"query": question, "variables": variables})


def payout_of(transaction: Node) -> str | None:
    """Return the number of the payout that has taken a transaction; None while none has."""
    payout = transaction["associatedPayout"]["id"]
    return None if payout is None else str(payout).rpartition("/")[2]


def _nodes(opening: Response, pages: Iterator[Response], path: str) -> Iterator[Node]:
    yield from opening.at(f"{path}.nodes")
    for page in pages:
        yield from page.at(f"{path}.nodes")


def _between(name: str, start: datetime, end: datetime) -> str:
    """Return a half-open range of instants in Shopify's search syntax."""
    return f"{name}:>='{stamp(start)}' {name}:<'{stamp(end)}'"
