"""Etsy's Open API v3: the entries of a shop's payment account.

Facts: the OpenAPI document 3.0.0 and "Rate limits". Dates are whole seconds and both ends are
inside; a window of more than 31 days is refused, and a month may be an hour longer than that. The
limits are of the application: ten calls a second and 10,000 in 24 hours are what most have
(UNCONFIRMED); a portal shows the real ones.
"""

from collections.abc import Iterator
from datetime import date, datetime

from connectors.channels.visits import Visit
from connectors.http import Answer, Ask, Limit, Remote
from connectors.http.paging import by_offset

VERSION = "v3"
# Etsy announces no end of v3.
SUNSET_ON: date | None = None
LIMITS = {"*": Limit(per_second=10.0, burst=10.0, per_day=10_000)}
PAGE = 100
LONGEST_DAYS = 30
ENTRIES = "getShopPaymentAccountLedgerEntries"


def entries(visit: Visit, remote: Remote, start: datetime, end: datetime) -> Iterator[Answer]:
    """The pages of the entries made in `[start, end)`, as Etsy orders them."""
    path = f"/{VERSION}/application/shops/{visit.account_id}/payment-account/ledger-entries"
    first = Ask(
        ENTRIES,
        visit.access.url("api", path),
        {
            "min_created": int(start.timestamp()),
            "max_created": int(end.timestamp()) - 1,
            "limit": PAGE,
        },
    )
    yield from remote.pages(first, by_offset("results", "count"))
