"""Receipts (which are Etsy's orders) by when they were changed, and the listings of a shop.

Source: the OpenAPI document 3.0.0. A filter counts whole seconds, and both ends are inside. Sorted
by their number, receipts that change while the list is read stay in their place. Listings have no
filter by date and are told a state at a time, with their products where `Inventory` is asked for.
Etsy has no list of buyers: a receipt names its buyer. UNCONFIRMED: that a listing counts as updated
when a product of it is, and how far an offset may go.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from connectors.channels.etsy.api import LIMITS, PAGE, VERSION
from connectors.channels.streams import Record
from connectors.channels.sync_context import SyncContext
from connectors.http import Request
from connectors.http.pagination import offset

STATES = ("active", "inactive", "sold_out", "draft", "expired")
# The first instant that Etsy takes: the year 2000.
_EARLIEST = 946_684_800


def read_orders(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the receipts changed since, with their lines under `transactions`."""
    filters: dict[str, str | int] = {
        "min_last_modified": max(int(since.timestamp()), _EARLIEST),
        "sort_on": "receipt_id",
        "sort_order": "asc",
    }
    yield from _listed(context, "getShopReceipts", "receipts", filters)


def read_products(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the listings of every state, without those that are as they were."""
    for state in STATES:
        filters = {"state": state, "includes": "Inventory"}
        for page in _listed(context, "getListingsByShop", "listings", filters):
            yield [listing for listing in page if _is_changed(listing, since)]


def _is_changed(listing: Record, since: datetime) -> bool:
    changed = listing.get("updated_timestamp") or listing.get("last_modified_timestamp")
    return not isinstance(changed, int) or changed >= int(since.timestamp())


def _listed(
    context: SyncContext, operation: str, path: str, filters: Mapping[str, str | int]
) -> Iterator[Sequence[Record]]:
    url = context.access.url("api", f"/{VERSION}/application/shops/{context.account_id}/{path}")
    with context.remote("Etsy", LIMITS) as remote:
        first = Request(operation, url, {**filters, "limit": PAGE})
        for page in remote.pages(first, offset("results", "count")):
            yield page.at("results") or ()
