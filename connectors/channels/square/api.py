"""Square's API: locations, payouts and their entries, payments, refunds and orders, as pages.

Facts: Square's OpenAPI document. Lists of payouts and payments are those of the main location
unless one is named, and of the last year unless dates are given, so both always are. A cursor is
good for five minutes and for the same query alone. Square publishes no rate limit and states no
wait: `LIMITS` and `WAIT_SECONDS` are modest guesses (UNCONFIRMED).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import httpx2

from connectors.channels.square.authorisation import VERSION
from connectors.channels.sync_context import SyncContext, stamp
from connectors.errors import Permanent, RateLimited, Transient
from connectors.http import Limit, Remote, Request, Response
from connectors.http.pagination import cursor

# Square retires a version a year or more after it says so; nothing is said of this one.
SUNSET_ON: date | None = None
LIMITS = {"*": Limit(per_second=10.0, burst=20.0)}
WAIT_SECONDS = 5.0
HEADERS = {"Square-Version": VERSION}
LARGEST_PAGE, LARGEST_BATCH = 100, 100

Item = Mapping[str, Any]


def error_for(response: httpx2.Response) -> Exception | None:
    """Return the error that Square names where its status says too little."""
    status = response.status_code
    if status == httpx2.codes.TOO_MANY_REQUESTS and "Retry-After" not in response.headers:
        return RateLimited("Square asks us to wait", WAIT_SECONDS)
    if status == httpx2.codes.BAD_REQUEST and b"INVALID_CURSOR" in response.content:
        return Transient("Square's list grew too old while it was read: try again")
    return None


class SquareApi:
    """Calls about one merchant's money."""

    def __init__(self, context: SyncContext, remote: Remote) -> None:
        """Read the merchant of `context` through `remote`."""
        self._context, self._remote = context, remote

    def locations(self) -> list[Item]:
        """Return every location, those that are closed included; their list has one page."""
        response = self._remote.send(self._request("ListLocations", "/v2/locations"))
        return list(response.at("locations") or ())

    def payouts(self, location: str, start: datetime, end: datetime) -> Iterator[Item]:
        """Yield every payout of a location made in `[start, end)`, oldest first."""
        request = self._between("ListPayouts", "/v2/payouts", location, start, end)
        yield from self._listed(request, "payouts")

    def entries(self, payout_id: str) -> Iterator[Response]:
        """Yield the pages of a payout's entries, oldest first."""
        first = self._request(
            "ListPayoutEntries",
            f"/v2/payouts/{payout_id}/payout-entries",
            sort_order="ASC",
            limit=LARGEST_PAGE,
        )
        yield from self._remote.pages(first, cursor("cursor", parameter="cursor"))

    def payments(self, location: str, start: datetime, end: datetime) -> Iterator[Item]:
        """Yield every payment of a location begun in `[start, end)`, whatever became of it."""
        request = self._between("ListPayments", "/v2/payments", location, start, end)
        yield from self._listed(request, "payments")

    def changed_payments(
        self, location: str, made_since: datetime, since: datetime
    ) -> Iterator[list[Item]]:
        """Yield pages of a location's payments changed since, of those made since another day."""
        request = self._request(
            "ListPayments",
            "/v2/payments",
            location_id=location,
            begin_time=stamp(made_since),
            updated_at_begin_time=stamp(since),
            sort_field="UPDATED_AT",
            sort_order="ASC",
            limit=LARGEST_PAGE,
        )
        for page in self._remote.pages(request, cursor("cursor", parameter="cursor")):
            yield page.at("payments") or []

    def refunds(self, location: str, start: datetime, end: datetime) -> Iterator[Item]:
        """Yield every refund of a location begun in `[start, end)`, whatever became of it."""
        request = self._between("ListPaymentRefunds", "/v2/refunds", location, start, end)
        yield from self._listed(request, "refunds")

    def payment(self, number: str) -> Item | None:
        """Return one payment; None where Square no longer shows it."""
        return self._one("GetPayment", f"/v2/payments/{number}", "payment")

    def refund(self, number: str) -> Item | None:
        """Return one refund; None where Square no longer shows it."""
        return self._one("GetPaymentRefund", f"/v2/refunds/{number}", "refund")

    def orders(self, numbers: Iterable[str]) -> Iterator[Item]:
        """Yield the orders of these numbers; one that Square does not know is left out."""
        distinct = sorted(set(numbers))
        url = self._context.access.url("api", "/v2/orders/batch-retrieve")
        for first in range(0, len(distinct), LARGEST_BATCH):
            some = distinct[first : first + LARGEST_BATCH]
            request = Request("BatchRetrieveOrders", url, json={"order_ids": some})
            yield from self._remote.send(request).at("orders") or ()

    def _one(self, operation: str, path: str, what: str) -> Item | None:
        try:
            item = self._remote.send(self._request(operation, path)).at(what)
        # The books tie without the details, so one that cannot be had fails nothing.
        except Permanent:
            return None
        return item if isinstance(item, dict) else None

    def _listed(self, request: Request, items: str) -> Iterator[Item]:
        for page in self._remote.pages(request, cursor("cursor", parameter="cursor")):
            yield from page.at(items) or ()

    def _between(
        self, operation: str, path: str, location: str, start: datetime, end: datetime
    ) -> Request:
        return self._request(
            operation,
            path,
            location_id=location,
            begin_time=stamp(start),
            end_time=stamp(end),
            sort_order="ASC",
            limit=LARGEST_PAGE,
        )

    def _request(self, operation: str, path: str, **params: str | int) -> Request:
        return Request(operation, self._context.access.url("api", path), params)
