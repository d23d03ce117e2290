"""Orders of a seller by when they were changed, and the items of the inventory.

Sources: the documents of the Fulfillment and Inventory APIs v1. Orders are told for two years; both
ends of a range are inside. Inventory items are those made through that API, know no date, and are
counted in pages, so their list is followed by the link to the next. eBay has no list of buyers: an
order names its buyer. UNCONFIRMED: the quotas, and that a range may be longer than 90 days.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from connectors.channels.streams import Record
from connectors.channels.sync_context import SyncContext, stamp
from connectors.errors import Transient
from connectors.http import Limit, Remote, Request, Response
from connectors.http.pagination import offset

# By "API call limits", of the application; a rate is not documented.
LIMITS = {
    "getOrders": Limit(per_second=5.0, burst=10.0, per_day=100_000, of_application=True),
    "getInventoryItems": Limit(per_second=5.0, burst=10.0, per_day=100_000, of_application=True),
}
_TOLD = timedelta(days=729)
_STRETCH = timedelta(days=30)
_INSTANT = timedelta(milliseconds=1)
_PAGE = 200
_ROUNDS = 3


def read_orders(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the orders changed since, of the last two years."""
    start = max(since, context.now - _TOLD)
    with context.remote("eBay", LIMITS) as remote:
        while start <= context.now:
            end = min(start + _STRETCH, context.now)
            yield from _orders(context, remote, start, end)
            # Both ends are inside.
            start = end + _INSTANT


def read_products(context: SyncContext, _since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of all inventory items: nothing says when one was changed."""
    url = context.access.url("api", "/sell/inventory/v1/inventory_item")
    first = Request("getInventoryItems", url, {"limit": _PAGE})
    with context.remote("eBay", LIMITS) as remote:
        for page in remote.pages(first, _next_page):
            yield page.at("inventoryItems") or ()


def _orders(
    context: SyncContext, remote: Remote, start: datetime, end: datetime
) -> Iterator[Sequence[Record]]:
    """Yield pages of the orders last changed from `start` to `end`.

    What changes meanwhile leaves the range, and moves another one between two pages: then all are
    read once more.
    """
    url = context.access.url("api", "/sell/fulfillment/v1/order")
    dates = f"lastmodifieddate:[{stamp(start)}..{stamp(end)}]"
    first = Request("getOrders", url, {"filter": dates, "limit": _PAGE})
    for _ in range(_ROUNDS):
        totals = []
        for page in remote.pages(first, offset("orders", "total")):
            totals.append(int(page.at("total") or 0))
            yield page.at("orders") or ()
        if totals[-1] >= totals[0]:
            return
    raise Transient("eBay's orders change while they are listed: try again")


def _next_page(request: Request, response: Response) -> Request | None:
    """Return the request for the page that the response links to; only its number is taken."""
    query = parse_qs(urlsplit(str(response.at("next") or "")).query)
    pages = query.get("offset", [""])
    if not pages[0].isdigit():
        return None
    return request.with_params(offset=int(pages[0]))
