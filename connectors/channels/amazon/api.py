"""Amazon's Reports API 2021-06-30: which settlement reports there are, and their documents.

Sources: the Reports model and its use case guide. Settlement reports are made by Amazon alone; they
are listed for 90 days, and exactly 90 are refused. A page's token is the next request's only
parameter. A document is fetched from a presigned address that is good for five minutes and takes
no authorisation but its own. Rates are those of the model; an account's own may differ and stand
in `x-amzn-RateLimit-Limit`, which most refusals lack.

`GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE` and its XML are gone since 2026-11-11 and never asked for.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import httpx2

from connectors.channels.amazon import finances
from connectors.channels.amazon.marketplaces import REGIONS
from connectors.channels.amazon.report_content import charset_of, legible, unpacked
from connectors.channels.sync_context import SyncContext, stamp
from connectors.errors import ConfigError, Permanent, RateLimited, Transient
from connectors.http import Limit, Remote, Request, body
from connectors.http.pagination import token_only
from connectors.http.remote import RETRY_AFTER_SECONDS

VERSION = "2021-06-30"
# Amazon's list of deprecations (2026-11) names no end of this version.
SUNSET_ON: date | None = None
LIMITS = {
    "getReports": Limit(per_second=0.0222, burst=10.0),
    "getReportDocument": Limit(per_second=0.0167, burst=15.0),
}
SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
# A day less than Amazon keeps reports, because time passes until the request arrives.
LISTED = timedelta(days=89)
# Above the 64 MB of other responses: the settlement of a large seller is one document.
_LARGEST = 512 * 2**20
_BASE = f"/reports/{VERSION}"
_STORE = "Amazon's store of reports"


class Expired(Permanent):
    """The five minutes of a presigned address are over."""


class AmazonReports:
    """Calls about one seller's reports: `amazon` signs them, `store` takes none of that."""

    def __init__(self, context: SyncContext, amazon: Remote, store: Remote) -> None:
        """Read the seller of `context`: `amazon` signs, `store` must not."""
        self._context, self._amazon, self._store = context, amazon, store
        self._endpoint = REGIONS[context.access.fields["region"]].api

    def listed(self, since: datetime) -> Iterator[dict[str, Any]]:
        """Yield every settlement report made since then that can be fetched, in Amazon's order.

        The filter by marketplace has no effect on settlement reports.
        """
        first = self._request(
            "getReports",
            "/reports",
            reportTypes=SETTLEMENTS,
            # Reports in other states have no document to fetch yet.
            processingStatuses="DONE",
            createdSince=stamp(max(since, self._context.now - LISTED), "seconds"),
            pageSize=100,
        )
        for page in self._amazon.pages(first, token_only("nextToken", parameter="nextToken")):
            yield from page.at("reports") or ()

    def document(self, number: str) -> bytes:
        """Return a report's decompressed document, requesting a new address when one expires."""
        # The address is valid for five minutes, and the wait for a permit may be longer.
        for _ in range(3):
            address = self._amazon.send(self._request("getReportDocument", f"/documents/{number}"))
            with suppress(Expired):
                response = self._store.send(
                    Request("document", address.at("url"), largest=_LARGEST)
                )
                content = unpacked(response.content, address.at("compressionAlgorithm"))
                charset = charset_of(response.headers.get("Content-Type", ""))
                return legible(number, content, charset)
        raise Transient("Amazon's addresses of a report end before it is fetched: try again")

    def _request(self, operation: str, path: str, **params: str | int) -> Request:
        return Request(
            operation, self._context.access.url(self._endpoint, f"{_BASE}{path}"), params
        )


def amazon(context: SyncContext) -> Remote:
    """Return a client for the calls that are signed."""
    return context.remote("Amazon", LIMITS | finances.LIMITS, error_for)


def store(context: SyncContext) -> Remote:
    """Return a client for documents that sends no credentials."""
    return context.remote(_STORE, error_for=_stored, signed=False)


def error_for(response: httpx2.Response, role: str = "Finance and Accounting") -> Exception | None:
    """Return the error of a response, as far as its status does not say it.

    `role` is what the application needs to call.
    """
    if response.is_success:
        return _listed_error(response)
    if response.status_code == httpx2.codes.FORBIDDEN:
        return ConfigError(
            f"Amazon does not allow {response.request.url.path}: the application lacks the role "
            f"{role}, or the seller authorised it before it had that role"
        )
    # Retry-After is read for every platform by `wait_seconds`.
    if response.status_code != httpx2.codes.TOO_MANY_REQUESTS or "Retry-After" in response.headers:
        return None
    # The account's own rate, where stated, is more precise than the model's.
    rate = response.headers.get("x-amzn-RateLimit-Limit", "")
    with suppress(ValueError, ZeroDivisionError):
        wait = 1 / float(rate)
        return RateLimited(f"Amazon allows the next request in {wait:.0f} s", wait)
    return None


def _listed_error(response: httpx2.Response) -> Exception | None:
    """Return the error that a successful response lists; None where it lists none."""
    if "json" not in response.headers.get("Content-Type", "") or not response.content:
        return None
    path = response.request.url.path
    try:
        fields = body(response)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return Permanent(f"Amazon answers {path} with a list where its model has an object")
    errors = fields.get("errors")
    return _error_of(path, errors) if errors else None


def _error_of(path: str, errors: Any) -> Exception:
    """Return the error that the first of a model's ErrorList stands for, by its code."""
    first = errors[0] if isinstance(errors, list) and isinstance(errors[0], dict) else {}
    code = str(first.get("code", "an error without a code"))[:40]
    if code in {"Unauthorized", "AccessDenied"}:
        return ConfigError(f"Amazon refuses {path} ({code}): connect the account again")
    # Amazon lists throttling in the body too, also beside a success.
    if code == "QuotaExceeded":
        return RateLimited("Amazon's quota is used up for the moment", RETRY_AFTER_SECONDS)
    if code in {"InternalFailure", "ServiceUnavailable"}:
        return Transient(f"Amazon answers {path} with {code}: try again")
    return Permanent(f"Amazon answers {path} with {code}")


def _stored(response: httpx2.Response) -> Exception | None:
    if response.status_code == httpx2.codes.FORBIDDEN:
        return Expired(f"{_STORE}: the address of a report is no longer good")
    return None
