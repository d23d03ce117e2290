"""Many orders of a shop at once: a bulk operation of Shopify's, which costs no points.

Source: "Perform bulk operations with the GraphQL Admin API", and the schema of `VERSION`. An
operation is started, looked after until it has ended, and its result fetched from an address that
takes no token: a line of JSON for every order, and for every line of an order, which names its
order as `__parentId`. One operation of an application runs at a time in a shop. UNCONFIRMED: that
lines of orders may be asked for as edges alone, and how long an operation takes.
"""

import io
from collections.abc import Iterator
from typing import Any

from connectors.channels.shopify.api import Admin, Node
from connectors.channels.shopify.feed_queries import BULK_OPERATION, RUN_BULK
from connectors.channels.shopify.graphql import AccessDenied
from connectors.channels.sync_context import SyncContext
from connectors.errors import Permanent, Transient
from connectors.http import Request
from connectors.http.messages import parsed

# Orders of one operation: all of them are held until the last line has come.
MOST = 10_000
_LARGEST = 512 * 2**20
# Seconds between two looks; a day's orders take some seconds, a year's some minutes.
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 15.0
_ENDED = {"CANCELED", "EXPIRED", "FAILED"}


class BulkRefused(Permanent):
    """A bulk operation that Shopify does not begin; the same orders may be had in pages."""


def read_bulk(context: SyncContext, admin: Admin, query: str) -> Iterator[list[Node]]:
    """Yield the orders of a bulk query, with their lines under `lineItems.nodes`.

    Raises `BulkRefused`, `AccessDenied` for what the application may not see, and `Transient` for
    an operation that another one keeps from beginning or that fails.
    """
    url = _result(admin, _begun(admin, query))
    if url is None:
        return
    with context.remote("Shopify's store of results", signed=False) as store:
        content = store.send(Request("bulk", url, largest=_LARGEST)).content
    orders: dict[str, Node] = {}
    for line in io.BytesIO(content):
        node: Node = parsed(line)
        parent = node.pop("__parentId", None)
        if parent is None:
            orders[str(node["id"])] = {**node, "lineItems": {"nodes": []}}
        elif str(parent) in orders:
            orders[str(parent)]["lineItems"]["nodes"].append(node)
        else:
            raise Transient("a result of Shopify's names an order that is not in it: try again")
    yield list(orders.values())


def _begun(admin: Admin, query: str) -> str:
    """Return the id of an operation that was just begun."""
    answer: Any = admin.answer("runBulk", RUN_BULK, {"query": query}).get("bulkOperationRunQuery")
    answer = answer or {}
    codes = {str(error.get("code")) for error in answer.get("userErrors") or ()}
    if codes & {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}:
        raise Transient("Shopify still works on another list of this shop's: try again")
    operation = answer.get("bulkOperation") or {}
    if codes or not operation.get("id"):
        raise BulkRefused("Shopify begins no bulk operation")
    return str(operation["id"])


def _result(admin: Admin, number: str) -> str | None:
    """Return where the result of an operation is, once it has ended; None for no orders."""
    wait = _FIRST_WAIT
    while True:
        answer = admin.answer("bulkOperation", BULK_OPERATION, {"id": number})
        operation: Any = answer.get("bulkOperation") or {}
        if operation.get("status") == "COMPLETED":
            return None if operation.get("url") is None else str(operation["url"])
        if operation.get("errorCode") == "ACCESS_DENIED":
            raise AccessDenied("Shopify does not allow this: the application lacks a scope for it")
        if not operation or operation.get("status") in _ENDED:
            raise Transient("Shopify broke off a list of the shop's orders: try again")
        admin.wait(wait)
        wait = min(wait * 2, _LONGEST_WAIT)
