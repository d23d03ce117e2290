"""Orders by when they were changed, with their lines, and listings by marketplace.

Sources: the models of Orders 2026-01-01 and Listings Items 2021-08-01. A search of orders answers
lines, and persons only where `BUYER` or `RECIPIENT` is asked for, which is never done here. An end
lies two minutes back at least. Twenty pages of orders come at once, and then one in three minutes,
so a first read of more than some thousand orders is broken off: `budget` bounds its waits. A search
of listings pages through a thousand at most, so it goes on from the date of the last one. Amazon
has no list of buyers, and tells refunds in its finances alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from connectors.channels.amazon.api import error_for
from connectors.channels.amazon.finances import BEHIND
from connectors.channels.amazon.marketplaces import REGIONS
from connectors.channels.streams import Record
from connectors.channels.sync_context import SyncContext, stamp
from connectors.errors import Permanent
from connectors.http import Limit, Remote, Request, Response
from connectors.http.pagination import cursor

ORDERS_VERSION, LISTINGS_VERSION = "2026-01-01", "2021-08-01"
# Amazon's list of deprecations (2026-11) names no end of these versions.
SUNSET_ON: date | None = None
LIMITS = {
    "searchOrders": Limit(per_second=0.0056, burst=20.0),
    "searchListingsItems": Limit(per_second=5.0, burst=5.0),
}
# One page of orders takes 179 s to be allowed; an hour of waits is twenty more of them.
_WAIT, _BUDGET = 240.0, 3_600.0
_FOUNDED = datetime(1995, 1, 1, tzinfo=UTC)
_ORDERS_A_PAGE, _LISTINGS_A_PAGE = 100, 20
_DATASETS = "PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT"


def read_orders(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the orders changed since, with their lines under `orderItems`."""
    query: dict[str, str | int] = {
        "lastUpdatedAfter": stamp(since, "seconds"),
        "lastUpdatedBefore": stamp(context.now - BEHIND, "seconds"),
        "maxResultsPerPage": _ORDERS_A_PAGE,
        "includedData": _DATASETS,
    }
    url = _url(context, f"/orders/{ORDERS_VERSION}/orders")
    following = cursor("pagination.nextToken", parameter="paginationToken")
    with _remote(context, "Inventory and Order Tracking") as amazon:
        for page in amazon.pages(Request("searchOrders", url, query), following):
            yield page.at("orders") or ()


def read_products(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the listings changed since, a marketplace at a time."""
    with _remote(context, "Product Listing") as amazon:
        for marketplace in _marketplaces(context):
            # Amazon is younger than 1970, and an instant before it may be refused.
            first = stamp(max(since, _FOUNDED), "seconds")
            yield from _listings(context, amazon, marketplace, first)


def _listings(
    context: SyncContext, amazon: Remote, marketplace: str, since: str
) -> Iterator[Sequence[Record]]:
    """Yield pages of one marketplace's listings, by when they were changed."""
    seen: set[str] = set()
    while True:
        count, total, before, last = 0, 0, len(seen), since
        for page in amazon.pages(_search(context, marketplace, since), _next_page):
            listed = page.at("items") or ()
            count, total = count + len(listed), int(page.at("numberOfResults") or 0)
            yield [item for item in listed if item["sku"] not in seen]
            seen |= {str(item["sku"]) for item in listed}
            last = max([last, *(_changed(item) for item in listed)])
        if count >= total:
            return
        # No page goes beyond the thousandth: the rest is searched for from there.
        if len(seen) == before:
            raise Permanent("Amazon shows too few of the listings that were changed at one time")
        since = last


def _search(context: SyncContext, marketplace: str, since: str) -> Request:
    seller = context.access.fields["seller_id"]
    return Request(
        "searchListingsItems",
        _url(context, f"/listings/{LISTINGS_VERSION}/items/{seller}"),
        {
            "marketplaceIds": marketplace,
            "includedData": "summaries,offers,fulfillmentAvailability",
            "lastUpdatedAfter": since,
            "sortBy": "lastUpdatedDate",
            "sortOrder": "ASC",
            "pageSize": _LISTINGS_A_PAGE,
        },
    )


def _next_page(request: Request, response: Response) -> Request | None:
    return cursor("pagination.nextToken", parameter="pageToken")(request, response)


def _changed(item: Record) -> str:
    """Return when a listing was changed, as it is written; nothing where it doesn't say."""
    return max((str(s.get("lastUpdatedDate", "")) for s in item.get("summaries") or ()), default="")


def _marketplaces(context: SyncContext) -> Sequence[str]:
    """Return the marketplaces in which the seller takes part; all of the region if unknown."""
    region = REGIONS[context.access.fields["region"]].marketplaces
    listed: Any = context.account.get("marketplaces")
    shops = listed if isinstance(listed, list) else []
    names = {shop.get("name") for shop in shops if isinstance(shop, Mapping)}
    return [each.id for each in region if each.name in names] or [each.id for each in region]


def _url(context: SyncContext, path: str) -> str:
    return context.access.url(REGIONS[context.access.fields["region"]].api, path)


def _remote(context: SyncContext, role: str) -> Remote:
    policy = replace(context.retry_policy, max_wait=_WAIT, budget=_BUDGET)
    patient = replace(context, retry_policy=policy)
    return patient.remote("Amazon", LIMITS, partial(error_for, role=role))
