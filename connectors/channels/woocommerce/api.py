"""A store's REST API, wc/v3: its orders and refunds, and WooPayments' deposits where there are any.

Sources: the documentation of WooCommerce's and WooPayments' REST APIs, and WooCommerce 9.9.5. Lists
say in headers how many items and pages they have; filters are read in the store's own time unless
`dates_are_gmt`, and their ends are outside. Daybook asks for the fields that carry money: no names,
no addresses. There are no limits but the host's own, so calls are few a second. WooPayments answers
`rest_no_route` where it is not installed, and other codes of its own where it is not set up.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2

from connectors.channels.sync_context import SyncContext, stamp
from connectors.channels.woocommerce.addresses import endpoint
from connectors.errors import BadInput, ConfigError, DaybookError, Transient
from connectors.http import Limit, Remote, Request, Response
from connectors.http.pagination import counted_pages, page_number

VERSION = "wc/v3"
# WooCommerce names no end of wc/v3; wc/v2 of 2017 is still answered.
SUNSET_ON: date | None = None
LIMITS = {"*": Limit(per_second=5.0, burst=10.0)}
PAGE = 100
# The fields of an order, and below the keys of the gateways' notes about their fees.
_ORDER = (
    "id,number,status,currency,date_created_gmt,date_paid_gmt,total,total_tax,payment_method,"
    "billing.country,billing.state,shipping.country,shipping.state,meta_data,line_items,tax_lines,"
    "shipping_lines,fee_lines,coupon_lines,refunds,gift_cards"
)
_REFUND = (
    "id,parent_id,date_created_gmt,amount,reason,refunded_payment,line_items,shipping_lines,"
    "fee_lines"
)
# Where extensions keep the VAT number of a business that bought: WooCommerce's own (both of its
# releases), Aelia's, WPFactory's and Germanized. UNCONFIRMED: that it was held against VIES.
VAT_NOTES = (
    "_billing_vat_number",
    "_vat_number",
    "vat_number",
    "_billing_eu_vat_number",
    "_billing_vat_id",
)
FEE_NOTES = (
    "_stripe_fee",
    "_stripe_currency",
    "Stripe Fee",
    "_ppcp_paypal_fees",
    "_ppcp_paypal_refund_fees",
    "PayPal Transaction Fee",
    "_wcpay_transaction_fee",
    "_wcpay_intent_currency",
)
# More decimals than any minor unit has, so that finer amounts become visible.
_DECIMALS = 4
_SECOND = timedelta(seconds=1)
_ROUNDS = 3
# WooPayments' codes of temporary failures.
_PASSING = {"wcpay_server_error", "wcpay_http_request_failed"}


class NotThere(BadInput):
    """The store has nothing at an address that a plugin would answer."""


def error_for(response: httpx2.Response) -> DaybookError | None:
    """Return the error of a response, as far as its status does not say it."""
    status, kind = response.status_code, response.headers.get("Content-Type", "")
    # Not followed: the other address may be anybody's, and would get the keys.
    if 300 <= status < 400:
        return BadInput("the store sends us on to another address: connect it by that one")
    # Caches and security plugins answer pages, with a 200.
    if response.is_success and "html" in kind:
        return Transient("the store answers with a page where data was asked for: try again")
    code = _code(response)
    if code in _PASSING:
        return Transient("WooPayments does not answer at the moment: try again")
    if code in {"rest_no_route", "rest_forbidden"} or code.startswith("wcpay_"):
        return NotThere(
            "the store does not answer WooCommerce's calls: check that WooCommerce is active"
        )
    return None


def _code(response: httpx2.Response) -> str:
    if response.is_success or "json" not in response.headers.get("Content-Type", ""):
        return ""
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("code", "")) if isinstance(body, dict) else ""


def without_zone(instant: datetime) -> str:
    """Return an instant as WooCommerce's filters take it.

    No zone, which an offset would not change.
    """
    return stamp(instant, "seconds").removesuffix("Z")


def _spaced(instant: datetime) -> str:
    """Return an instant as WooPayments' filters take it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


class StoreApi:
    """Calls about one store's money."""

    def __init__(self, context: SyncContext, remote: Remote) -> None:
        """Read the store of `context` through `remote`."""
        self._context, self._remote = context, remote

    def orders(self, start: datetime | None, end: datetime, touched: datetime) -> list[Response]:
        """Return pages of orders made in `[start, end)` and touched since, oldest first."""
        dates = {} if start is None else {"after": without_zone(start - _SECOND)}
        return self._listed(
            "orders",
            **dates,
            before=without_zone(end),
            modified_after=without_zone(touched - _SECOND),
            dp=_DECIMALS,
            include_meta=",".join((*FEE_NOTES, *VAT_NOTES)),
            _fields=_ORDER,
        )

    def touched(self, since: datetime) -> dict[int, str]:
        """Return orders changed, refunded or deleted since, with when they were made (GMT).

        Orders in the bin are in no other list.
        """
        when: dict[str, str] = {
            "modified_after": without_zone(since),
            "_fields": "id,date_created_gmt",
        }
        made: dict[int, str] = {}
        # `any` leaves out the bin.
        for status in ("any", "trash"):
            made |= _made(self._listed("orders", **when, status=status))
        parents = {r["parent_id"] for r in self.refunds(since)} - made.keys()
        for chunk in _chunks(sorted(parents), PAGE):
            numbers = ",".join(map(str, chunk))
            filters = {"include": numbers, "_fields": "id,date_created_gmt"}
            made |= _made(self._listed("orders", **filters))
        return made

    def paid(self, made_since: datetime, start: datetime, end: datetime) -> dict[int, str]:
        """Return orders by number with when they were made (GMT): paid in `[start, end)`.

        Lists can't be filtered by payment, so all orders made since `made_since` are read.
        """
        pages = self._listed(
            "orders",
            after=without_zone(made_since - _SECOND),
            before=without_zone(end),
            _fields="id,date_created_gmt,date_paid_gmt",
        )
        since, until = without_zone(start), without_zone(end)
        return {
            order["id"]: order["date_created_gmt"]
            for page in pages
            for order in page.json
            if order.get("date_created_gmt") and since <= (order.get("date_paid_gmt") or "") < until
        }

    def refunds(self, since: datetime) -> list[dict[str, Any]]:
        """Return refunds made since, of all orders; none where the store has no such list."""
        try:
            pages = self._listed(
                "refunds", after=without_zone(since - _SECOND), dp=4, _fields=_REFUND
            )
        except NotThere:
            return []
        return [refund for page in pages for refund in page.json]

    def refunds_of(self, order: int) -> list[dict[str, Any]]:
        """Return all refunds of one order."""
        pages = self._listed(f"orders/{order}/refunds", dp=4, _fields=_REFUND)
        return [{**refund, "parent_id": order} for page in pages for refund in page.json]

    def price_decimals(self) -> int | None:
        """Return the number of decimals of the store's totals; None if it doesn't say."""
        try:
            response = self._remote.send(self._request("settings/general", {"_fields": "id,value"}))
        except ConfigError:
            return None
        values = {entry.get("id"): entry.get("value") for entry in response.json or ()}
        digits = str(values.get("woocommerce_price_num_decimals", ""))
        return int(digits) if digits.isdigit() else None

    def deposits(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield WooPayments' deposits in `[start, end)`, oldest first; `NotThere` without it."""
        dates = {"date_after": _spaced(start - _SECOND), "date_before": _spaced(end)}
        for page in self._payments("deposits", **dates):
            yield from page.at("data") or ()

    def transactions(self, **filters: str) -> Iterator[Response]:
        """Yield pages of WooPayments' transactions, oldest first."""
        yield from self._payments("transactions", **filters)

    def transactions_dated(self, start: datetime, end: datetime) -> Iterator[Response]:
        """Yield pages of those dated in `[start, end)`."""
        dates = {"date_after": _spaced(start - _SECOND), "date_before": _spaced(end)}
        yield from self.transactions(**dates)

    def listed(self, path: str, **filters: str | int) -> Iterator[list[dict[str, Any]]]:
        """Yield pages of a list, oldest first, and all again if items left it in between.

        What comes twice is the same item, or a newer state of it.
        """
        for _ in range(_ROUNDS):
            totals = []
            for page in self._remote.pages(self._first(path, filters), _next_request):
                totals.append(int(page.headers.get("X-WP-Total", 0)))
                yield page.json or []
            # An item that leaves the list moves another one between two pages.
            if totals[-1] >= totals[0]:
                return
        raise Transient("the store's lists change while they are read: try again")

    def _first(self, path: str, filters: Mapping[str, str | int]) -> Request:
        order: dict[str, str | int] = {"orderby": "id", "order": "asc", "per_page": PAGE}
        return self._request(path, {**order, **filters})

    def _listed(self, path: str, **filters: str | int) -> list[Response]:
        """Return every page of a list, read again if items left it in between."""
        first = self._first(path, {"dates_are_gmt": "true", **filters})
        for _ in range(_ROUNDS):
            pages = list(self._remote.pages(first, _next_request))
            # An order that leaves the list moves the others up, and one of them between two pages.
            got = sum(len(page.json or ()) for page in pages)
            if got == int(pages[-1].headers.get("X-WP-Total", got)):
                return pages
        raise Transient("the store's orders change while they are listed: try again")

    def _payments(self, path: str, **filters: str) -> Iterator[Response]:
        order: dict[str, str | int] = {
            "sort": "date",
            "direction": "asc",
            "page": 1,
            "pagesize": PAGE,
        }
        first = self._request(f"payments/{path}", {**order, **filters})
        yield from self._remote.pages(first, page_number("data", PAGE))

    def _request(self, path: str, params: Mapping[str, str | int]) -> Request:
        url, more = endpoint(self._context.access, f"/{VERSION}/{path}")
        return Request(path.partition("/")[0], url, {**more, **params})


def _next_request(request: Request, response: Response) -> Request | None:
    """Return the next page.

    Some proxies remove the count of pages; then a short page is the last.
    """
    if "X-WP-TotalPages" in response.headers:
        return counted_pages("X-WP-TotalPages")(request, response)
    return page_number("", PAGE)(request, response)


def _made(pages: Iterable[Response]) -> dict[int, str]:
    listed = (order for page in pages for order in page.json)
    return {o["id"]: o["date_created_gmt"] for o in listed if o.get("date_created_gmt")}


def _chunks(numbers: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
