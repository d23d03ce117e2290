"""Purchase orders of every ship node by when they were changed, and the items of a seller.

Source: the OpenAPI documents of orders and items. Orders are told for 180 days, of the last seven
unless a first day is named, and a kind of ship node at a time. A cursor of orders is a whole query,
goes behind the path as it is, and takes nothing beside it. That of items is the same for every
page, and Walmart remembers how far it was read, so the count of items says when all have come. A
list of nothing is a 404. An order is changed when a line's `statusDate` says. UNCONFIRMED: the
limits, which are below those of Walmart's documents.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx2

from connectors.channels.streams import Record
from connectors.channels.sync_context import SyncContext, stamp
from connectors.channels.walmart.api import error_for as report_error
from connectors.channels.walmart.signature import SERVICE
from connectors.errors import Permanent, Transient
from connectors.http import Limit, Remote, Request, Response
from connectors.http.pagination import pages

SHIP_NODES = ("SellerFulfilled", "WFSFulfilled", "3PLFulfilled")
LIMITS = {
    "getAllOrders": Limit(per_second=5.0, burst=20.0),
    "getAllItems": Limit(per_second=1.0, burst=10.0),
}
# A day less than Walmart tells of, because time passes until the request arrives.
_TOLD = timedelta(days=179)
# No query answers more orders; a longer list is read in halves.
MOST = 20_000
_PAGE = 200
_SHORTEST = timedelta(minutes=1)
_INSTANT = timedelta(milliseconds=1)


class NothingListed(Permanent):
    """Walmart's list of what was asked for is empty."""


def read_orders(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the purchase orders changed since, of the last 180 days."""
    start = max(since, context.now - _TOLD)
    with _remote(context) as remote:
        for node in SHIP_NODES:
            yield from _orders(context, remote, node, start, context.now)


def read_products(context: SyncContext, _since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of all items: nothing says when one was changed."""
    url, count, page = context.access.url("api", "/v3/items"), 0, None
    cursor: Any = "*"
    with _remote(context) as remote:
        while cursor:
            # By hand: the cursor of the next page is that of this one.
            response = _sent(remote, Request("getAllItems", url, {"nextCursor": str(cursor)}))
            if response is None or response.content == page:
                break
            items = response.at("ItemResponse") or ()
            cursor, page = response.at("nextCursor") if items else None, response.content
            count += len(items)
            yield items
            if not cursor and count < int(response.at("totalItems") or 0):
                raise Transient("Walmart lists fewer items than it counts: try again")


def _orders(
    context: SyncContext, remote: Remote, node: str, start: datetime, end: datetime
) -> Iterator[Sequence[Record]]:
    """Yield pages of the orders of a kind of ship node that were changed from `start` to `end`."""
    first = Request(
        "getAllOrders",
        context.access.url("api", "/v3/orders"),
        {
            "lastModifiedStartDate": stamp(start),
            "lastModifiedEndDate": stamp(end),
            # Without it only orders of the last seven days are told.
            "createdStartDate": stamp(context.now - _TOLD),
            "shipNodeType": node,
            "limit": _PAGE,
        },
    )
    try:
        for page in pages(remote.send, first, _next_page):
            if int(page.at("list.meta.totalCount") or 0) > MOST and end - start > _SHORTEST:
                middle = start + (end - start) / 2
                yield from _orders(context, remote, node, start, middle)
                # Both ends are inside.
                yield from _orders(context, remote, node, middle + _INSTANT, end)
                return
            yield page.at("list.elements.order") or ()
    except NothingListed:
        return


def _next_page(request: Request, response: Response) -> Request | None:
    """Return the request that the cursor is; decoded and encoded anew, Walmart refuses it."""
    cursor = response.at("list.meta.nextCursor")
    if not cursor or not response.at("list.elements.order"):
        return None
    return Request(request.operation, f"{request.url.partition('?')[0]}{cursor}")


def _sent(remote: Remote, request: Request) -> Response | None:
    try:
        return remote.send(request)
    except NothingListed:
        return None


@contextmanager
def _remote(context: SyncContext) -> Iterator[Remote]:
    headers = {"WM_SVC.NAME": SERVICE, "WM_MARKET": context.access.fields.get("market") or "us"}
    with context.remote("Walmart", LIMITS, error_for, headers) as remote:
        yield remote


def error_for(response: httpx2.Response) -> Exception | None:
    """Return the error of a response, as far as its status does not say it."""
    if response.status_code == httpx2.codes.NOT_FOUND and b"CONTENT_NOT_FOUND" in response.content:
        return NothingListed("Walmart lists nothing of what was asked for")
    return report_error(response)
