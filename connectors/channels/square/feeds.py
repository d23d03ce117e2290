"""Orders, payments, items and customers of a merchant, by when they were changed.

Source: Square's OpenAPI document. A search of orders names at most ten locations, answers 500 where
no limit is named, and must be sorted by the instant that it filters by. A refund is an order of its
own, with `returns` in it. A line names a variation of the catalogue, and no SKU. Payments are those
of one location, and of the last year by when they were made, whatever they are filtered by
(UNCONFIRMED), so that year is counted from the instant of the filter. The catalogue has no cost.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.channels.square.api import HEADERS, LIMITS, SquareApi, error_for
from connectors.channels.streams import Record
from connectors.channels.sync_context import SyncContext, stamp
from connectors.http import Remote, Request, Response

LOCATIONS_AT_ONCE = 10
_ORDERS_A_PAGE, _CUSTOMERS_A_PAGE, _ITEMS_A_PAGE = 500, 100, 500
_YEAR = timedelta(days=366)
_INSTANT = timedelta(milliseconds=1)
_FOUNDED = datetime(2009, 1, 1, tzinfo=UTC)


def read_orders(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the orders of every location that were changed since."""
    query = {
        "filter": {"date_time_filter": {"updated_at": {"start_at": stamp(max(since, _FOUNDED))}}},
        "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
    }
    with _remote(context) as remote:
        numbers = [str(place["id"]) for place in SquareApi(context, remote).locations()]
        for first in range(0, len(numbers), LOCATIONS_AT_ONCE):
            body = {
                "location_ids": numbers[first : first + LOCATIONS_AT_ONCE],
                "query": query,
                "limit": _ORDERS_A_PAGE,
                "return_entries": False,
            }
            yield from _searched(context, remote, "orders", body, "orders")


def read_payments(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the payments of every location that were changed since."""
    with _remote(context) as remote:
        square = SquareApi(context, remote)
        for place in square.locations():
            yield from square.changed_payments(str(place["id"]), since - _YEAR, since)


def read_products(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the items changed since, deleted ones too, with their variations in them."""
    body: dict[str, Any] = {
        "object_types": ["ITEM"],
        "include_deleted_objects": True,
        "limit": _ITEMS_A_PAGE,
    }
    # Square leaves out what was changed at this very instant, and is younger than 1970.
    if since >= _FOUNDED:
        body["begin_time"] = stamp(since - _INSTANT)
    with _remote(context) as remote:
        yield from _searched(context, remote, "catalog", body, "objects")


def read_contacts(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the customers changed since, those that Square made of a payment included."""
    body = {
        "query": {
            "filter": {"updated_at": {"start_at": stamp(max(since, _FOUNDED))}},
            "sort": {"field": "CREATED_AT", "order": "ASC"},
        },
        "limit": _CUSTOMERS_A_PAGE,
    }
    with _remote(context) as remote:
        yield from _searched(context, remote, "customers", body, "customers")


@contextmanager
def _remote(context: SyncContext) -> Iterator[Remote]:
    with context.remote("Square", LIMITS, error_for, HEADERS) as remote:
        yield remote


def _searched(
    context: SyncContext, remote: Remote, path: str, body: Mapping[str, Any], items: str
) -> Iterator[Sequence[Record]]:
    url = context.access.url("api", f"/v2/{path}/search")
    first = Request(f"Search{path.title()}", url, json=dict(body))
    for page in remote.pages(first, _next_request):
        yield page.at(items) or ()


def _next_request(request: Request, response: Response) -> Request | None:
    """Return the same search with the cursor of the response, which goes into the body."""
    cursor = response.at("cursor")
    return replace(request, json={**request.json, "cursor": str(cursor)}) if cursor else None
