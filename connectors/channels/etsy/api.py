"""Etsy's Open API v3: the entries of a shop's payment account, and the payments they refer to.

Facts: the OpenAPI document 3.0.0 and "Rate limits". Dates are whole seconds and both ends are
inside; a window of more than 31 days is refused, and a month may be an hour longer than that. The
limits are of the application: ten calls a second and 10,000 in 24 hours are what most have
(UNCONFIRMED); a portal shows the real ones. How many payments may be asked for at once is told
nowhere.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import httpx2

from connectors.channels.sync_context import SyncContext
from connectors.errors import ConfigError, Permanent
from connectors.http import Limit, Remote, Request, Response
from connectors.http.pagination import offset

VERSION = "v3"
# Etsy announces no end of v3.
SUNSET_ON: date | None = None
# Never more than nine in any second, so that a call that is late does not make it eleven.
LIMITS = {"*": Limit(per_second=8.0, burst=1.0, per_day=10_000, of_application=True)}
PAGE = 100
LONGEST_DAYS = 30
ENTRIES = "getShopPaymentAccountLedgerEntries"
PAYMENTS = "getPayments"
# UNCONFIRMED: what other lists of Etsy's take.
PAYMENTS_AT_ONCE = 100
REFUSALS = 50


class PaymentsClosed(ConfigError):
    """The account may not read its payments; the ledger may be open all the same."""


class NotTaken(Permanent):
    """A list of payments that Etsy does not answer: it is too long, or knows one of them not."""


def error_for(response: httpx2.Response) -> Exception | None:
    """Return the error of a refusal where payments are asked for.

    Other answers mean what they always do.
    """
    if not response.request.url.path.endswith("/payments"):
        return None
    if response.status_code == httpx2.codes.FORBIDDEN:
        return PaymentsClosed("Etsy does not let the account read its payments: connect it again")
    if response.status_code in {
        httpx2.codes.BAD_REQUEST,
        httpx2.codes.NOT_FOUND,
        httpx2.codes.CONTENT_TOO_LARGE,
        httpx2.codes.URI_TOO_LONG,
    }:
        return NotTaken(f"Etsy answers a list of payments with {response.status_code}")
    return None


def entries(
    context: SyncContext, remote: Remote, start: datetime, end: datetime
) -> Iterator[Response]:
    """Yield the pages of the entries made in `[start, end)`, as Etsy orders them."""
    path = f"/{VERSION}/application/shops/{context.account_id}/payment-account/ledger-entries"
    first = Request(
        ENTRIES,
        context.access.url("api", path),
        {
            "min_created": int(start.timestamp()),
            # Both ends are inside at Etsy, and whole seconds are all it has.
            "max_created": int(end.timestamp()) - 1,
            "limit": PAGE,
        },
    )
    yield from remote.pages(first, offset("results", "count"))


def payments(
    context: SyncContext, remote: Remote, numbers: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yield the payments of these numbers; those that Etsy does not know are left out.

    A list that is refused is asked for in halves, and what an answer leaves out once more. Raises
    `PaymentsClosed`, and `NotTaken` where ever more lists are refused.
    """
    url = context.access.url("api", f"/{VERSION}/application/shops/{context.account_id}/payments")
    size = PAYMENTS_AT_ONCE
    waiting = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    refused = 0
    while waiting:
        batch = waiting.pop()
        try:
            response = remote.send(Request(PAYMENTS, url, {"payment_ids": ",".join(batch)}))
        except NotTaken:
            refused += 1
            if refused > REFUSALS:
                raise
            middle = len(batch) // 2
            # One number alone may have it refused: halves find that one, and the rest comes.
            waiting += [part for part in (batch[:middle], batch[middle:]) if middle and part]
            continue
        by_number = {
            str(payment["payment_id"]): payment for payment in response.at("results") or ()
        }
        returned = [number for number in batch if number in by_number]
        yield from (by_number[number] for number in returned)
        left = [number for number in batch if number not in by_number]
        # Only where something came: what brings nothing would be asked for without end.
        if left and returned:
            waiting.append(left)
