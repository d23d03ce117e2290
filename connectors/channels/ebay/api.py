"""eBay's Finances API v1: payouts and transactions, as pages of JSON.

Facts: the Finances API's document (limits of a page, filters, 204 for nothing) and "API call
limits" (15,000 calls a day). Filters take UTC instants; an open end reaches 90 days, so both ends
are always given. Answers of 204 have no body.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from connectors.channels.sync_context import SyncContext, stamp
from connectors.http import Limit, Remote, Request, Response
from connectors.http.pagination import offset

VERSION = "v1"
# eBay announces the end of an API's version in its deprecation list; v1 has no end date there.
SUNSET_ON: date | None = None
# The quota is the application's; a rate is not documented.
LIMITS = {"*": Limit(per_second=10.0, burst=20.0, per_day=15_000, of_application=True)}
_BASE = f"/sell/finances/{VERSION}"


class EbayFinances:
    """Calls about one seller's money."""

    def __init__(self, context: SyncContext, remote: Remote) -> None:
        """Read the seller of `context` through `remote`."""
        self._context, self._remote = context, remote

    def payouts(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield every payout begun in `[start, end)`, oldest first."""
        dates = f"payoutDate:[{stamp(start)}..{stamp(end)}]"
        first = self._request("getPayouts", "/payout", filter=dates, sort="payoutDate", limit=200)
        for page in self._remote.pages(first, offset("payouts", "total")):
            yield from page.at("payouts") or ()

    def transactions(self, *filters: str) -> Iterator[Response]:
        """Yield the pages of the transactions that pass every filter, in order of date."""
        query = ",".join(filters)
        first = self._request(
            "getTransactions", "/transaction", filter=query, sort="transactionDate", limit=1000
        )
        yield from self._remote.pages(first, offset("transactions", "total"))

    def payout(self, payout_id: str) -> Response:
        """Return one payout, which states its fee where the list does not."""
        return self._remote.send(self._request("getPayout", f"/payout/{payout_id}"))

    def _request(self, operation: str, path: str, **params: str | int) -> Request:
        marketplace = self._context.access.fields.get("marketplace") or "EBAY_US"
        return Request(
            operation,
            self._context.access.url("apiz", f"{_BASE}{path}"),
            params,
            headers={"X-EBAY-C-MARKETPLACE-ID": marketplace},
        )
