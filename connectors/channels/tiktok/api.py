"""TikTok Shop's Finance API: statements, their transactions and payments, as pages in an envelope.

Facts: Partner Center's finance pages (202309 and 202501). Times are seconds, pages hold at most a
hundred, an empty `next_page_token` ends a list. What is in `request_id` differs from call to call,
so `data` alone is handed on. Payments are not to be had in South-East Asia. No limit is published
(UNCONFIRMED): fifty calls a second are told of; what is kept to here is a fifth of that.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from connectors.channels.sync_context import SyncContext
from connectors.channels.tiktok.errors import TITLE, refusal
from connectors.channels.tiktok.markets import SOUTH_EAST_ASIA
from connectors.http import Limit, Remote, Request, Response
from connectors.http.pagination import cursor

VERSION = "202501"
# The list of statements and that of payments have no newer version that every market has.
LISTS = "202309"
# Partner Center announces the end of a version in its change log; neither has one there.
SUNSET_ON: date | None = None
LIMITS = {"*": Limit(per_second=10.0, burst=20.0)}
LARGEST_PAGE = 100


class TikTokFinances:
    """Calls about one shop's money."""

    def __init__(self, context: SyncContext, remote: Remote) -> None:
        """Read the shop of `context` through `remote`."""
        self._context, self._remote = context, remote

    @classmethod
    def calls(cls, context: SyncContext) -> Remote:
        """Return a client for the shop's calls; success is what the envelope says it is."""
        return context.remote(TITLE, LIMITS, error_for=refusal)

    @property
    def has_payments(self) -> bool:
        """Return whether payments can be listed where the shop sells."""
        return self._context.account.get("country") not in SOUTH_EAST_ASIA

    def statements(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield every statement made in `[start, end)`, oldest first."""
        between = {"statement_time_ge": _seconds(start), "statement_time_lt": _seconds(end)}
        first = self._request("getStatements", LISTS, "statements", "statement_time", between)
        for data in self._pages(first):
            yield from data.get("statements") or ()

    def payments(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield every payment begun in `[start, end)`, oldest first."""
        between = {"create_time_ge": _seconds(start), "create_time_lt": _seconds(end)}
        first = self._request("getPayments", LISTS, "payments", "create_time", between)
        for data in self._pages(first):
            yield from data.get("payments") or ()

    def transactions(self, statement_id: str) -> Iterator[dict[str, Any]]:
        """Yield the pages of one statement's transactions, each with the statement's own totals."""
        path = f"statements/{statement_id}/statement_transactions"
        first = self._request("getStatementTransactions", VERSION, path, "order_create_time", {})
        yield from self._pages(first)

    def _pages(self, first: Request) -> Iterator[dict[str, Any]]:
        following = cursor("data.next_page_token", parameter="page_token")
        for page in self._remote.pages(first, following):
            yield _data(page)

    def _request(
        self, operation: str, version: str, path: str, sort: str, between: dict[str, int]
    ) -> Request:
        access = self._context.access
        return Request(
            operation,
            access.url("api", f"/finance/{version}/{path}"),
            {
                "shop_cipher": access.fields["shop_cipher"],
                "sort_field": sort,
                "sort_order": "ASC",
                "page_size": LARGEST_PAGE,
                **between,
            },
        )


def _data(response: Response) -> dict[str, Any]:
    """Return what an answer says, without where its next page begins."""
    data = response.at("data") or {}
    return {name: value for name, value in data.items() if name != "next_page_token"}


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
