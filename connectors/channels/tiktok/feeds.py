"""Orders and products of a shop, by when they were changed.

Sources: Partner Center's pages on orders and products (202309), as integrations report them. Times
are whole seconds, and the end is outside. A unit is a line of its own: lines carry no quantity. The
orders are sorted by when they were made, which no change moves. TikTok Shop has no list of buyers:
an order has a `user_id`. Refunds are told with returns, and change no status. UNCONFIRMED: the
limits, which are those of finance here.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from connectors.channels.streams import Record
from connectors.channels.sync_context import SyncContext
from connectors.channels.tiktok.api import LARGEST_PAGE, LIMITS
from connectors.channels.tiktok.errors import TITLE, refusal
from connectors.http import Request
from connectors.http.pagination import cursor

VERSION = "202309"
# Partner Center announces the end of a version in its change log; this one has none there.
SUNSET_ON: date | None = None
_SECOND = timedelta(seconds=1)


def read_orders(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the orders changed since, with a line for every unit under `line_items`."""
    between = {"update_time_ge": _seconds(since), "update_time_lt": _seconds(context.now + _SECOND)}
    order = {"sort_field": "create_time", "sort_order": "ASC"}
    yield from _searched(context, "order", "orders", between, order)


def read_products(context: SyncContext, since: datetime) -> Iterator[Sequence[Record]]:
    """Yield pages of the products changed since, of every status, with their `skus`."""
    body: dict[str, str | int] = {"status": "ALL", "update_time_ge": _seconds(since)}
    yield from _searched(context, "product", "products", body, {})


def _searched(
    context: SyncContext,
    area: str,
    what: str,
    body: Mapping[str, str | int],
    order: Mapping[str, str],
) -> Iterator[Sequence[Record]]:
    first = Request(
        f"search{what.title()}",
        context.access.url("api", f"/{area}/{VERSION}/{what}/search"),
        {"shop_cipher": context.access.fields["shop_cipher"], "page_size": LARGEST_PAGE, **order},
        json=dict(body),
    )
    with context.remote(TITLE, LIMITS, refusal) as remote:
        following = cursor("data.next_page_token", parameter="page_token")
        for page in remote.pages(first, following):
            yield page.at(f"data.{what}") or ()


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
