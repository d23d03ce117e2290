"""Walmart's reconciliation reports: their list, and each as a zip or in pages of JSON.

Source: the OpenAPI document "Pregenerated Reports" (paths, parameters, 1,000 records a page).
Observed at real accounts: a wrong `Accept` gets an error in a 200, or 406; the last page of JSON
says -1; a few calls in a row are refused for minutes.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import httpx2

from connectors.channels.sync_context import SyncContext
from connectors.channels.walmart.signature import SERVICE
from connectors.documents.source_file import SourceFile
from connectors.errors import Permanent, RateLimited, Transient
from connectors.http import Limit, Remote, Request, Response

VERSION = "v1"
# Walmart retired its other pregenerated reports in 2022; no end is announced for these.
SUNSET_ON: date | None = None
# Walmart publishes no limit for these operations.
LIMITS = {"*": Limit(per_second=0.2, burst=10.0)}
# The wait after a refusal that states none; above `max_wait`, so that the run frees its slot.
REFUSED_SECONDS = 900.0
RECORDS = 1000
_BASE = "/v3/report/reconreport"
_ZIP = b"PK"


class NoFile(Permanent):
    """Walmart does not give this report as a file."""


class WalmartReports:
    """Calls about one seller's reports."""

    def __init__(self, context: SyncContext, remote: Remote) -> None:
        """Read the seller of `context` through `remote`."""
        self._context, self._remote = context, remote

    @classmethod
    def remote(cls, context: SyncContext) -> Remote:
        """Return a client for these calls."""
        market = context.access.fields.get("market") or "us"
        headers = {"WM_SVC.NAME": SERVICE, "WM_MARKET": market}
        return context.remote("Walmart", LIMITS, error_for, headers)

    def dates(self) -> list[date]:
        """Return the payment days that reports exist for, oldest first."""
        response = self._remote.send(self._request("availableReconFiles", reportVersion=VERSION))
        listed = response.json
        if not isinstance(listed, dict) or "availableApReportDates" not in listed:
            raise Permanent("Walmart's list of reports has another shape than is known")
        # The list is in no documented order.
        return sorted(map(_day, listed["availableApReportDates"] or ()))

    def file(self, day: date) -> SourceFile:
        """Return a report as Walmart's file; `NoFile` if there is none."""
        request = self._request("reconFile", reportDate=listed_as(day), reportVersion=VERSION)
        # With the client's own Accept, Walmart answers an error in a 200 or a 406.
        request = replace(request, headers={"Accept": "application/octet-stream"})
        return _unpacked(day, self._remote.send(request).content)

    def pages(self, day: date) -> Iterator[Response]:
        """Yield the same report as records, a page at a time."""
        first = self._request("reconFileJson", reportDate=listed_as(day), offset=0)
        yield from self._remote.pages(first.with_params(noOfRecords=RECORDS), _next_request)

    def _request(self, operation: str, **params: str | int) -> Request:
        return Request(operation, self._context.access.url("api", f"{_BASE}/{operation}"), params)


def _next_request(request: Request, response: Response) -> Request | None:
    """Return the request for the offset that the response states; -1 follows the last page.

    Offsets are Walmart's and can't be computed.
    """
    offset = response.at("nextOffset")
    # An empty page ends it as well: going on would ask for nothing again and again.
    if offset is None or int(offset) <= 0 or not response.at("reportData"):
        return None
    return request.with_params(offset=int(offset))


def listed_as(day: date) -> str:
    """Return how Walmart's list and its parameters write a day."""
    return f"{day:%m%d%Y}"


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%m%d%Y").replace(tzinfo=UTC).date()
    except (TypeError, ValueError) as error:
        raise Permanent("Walmart's list of reports names a day in an unknown form") from error


def _unpacked(day: date, content: bytes) -> SourceFile:
    """Return the one file of a report's zip."""
    # `error_for` has seen that it is a whole zip; its entry may still be damaged.
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        inner = [info for info in archive.infolist() if not info.is_dir()]
        if len(inner) != 1:
            raise Permanent(f"Walmart's report of {day} holds {len(inner)} files instead of one")
        try:
            text = archive.read(inner[0])
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise Transient("a report of Walmart's arrived damaged: try again") from error
    return SourceFile(inner[0].filename.rpartition("/")[2], text)


def error_for(response: httpx2.Response) -> Exception | None:
    """Return the error in a response whose status doesn't show it.

    Walmart also sends errors in a 200.
    """
    path = response.request.url.path
    match response.status_code:
        case httpx2.codes.TOO_MANY_REQUESTS:
            wait = _wait(response)
            return RateLimited(f"Walmart asks us to wait {wait:.0f} s", wait)
        case httpx2.codes.NOT_ACCEPTABLE if path.endswith("/reconFile"):
            return NoFile("Walmart does not give this report as a file")
        case httpx2.codes.OK if path.endswith("/reconFile"):
            return _no_zip(response.content)
        case httpx2.codes.OK if _says_error(response.content):
            return Transient("Walmart answers with an error: try again")
    return None


def _no_zip(content: bytes) -> Exception | None:
    if not content.startswith(_ZIP):
        if _says_error(content):
            return NoFile("Walmart does not give this report as a file")
        return Transient("Walmart answers with something else than a report: try again")
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return Transient("a report of Walmart's is cut off: try again")
    return None


def _says_error(content: bytes) -> bool:
    # A cheap look first: pages of records are megabytes, and begin otherwise.
    if not re.match(rb'\s*\{\s*"(status|error)', content):
        return False
    try:
        fields = json.loads(content)
    except ValueError:
        return False
    return isinstance(fields, dict) and (fields.get("status") == "ERROR" or "error" in fields)


def _wait(response: httpx2.Response) -> float:
    """Return the seconds until there are tokens again, from milliseconds or an instant."""
    stated = response.headers.get("Retry-After", "")
    if stated.isdigit():
        return float(stated)
    names = ("X-Next-Replenishment-Time", "X-Next-Replenish-Time")
    again = next((response.headers[name] for name in names if name in response.headers), "")
    try:
        ends = float(again) / 1000 if again.isdigit() else _instant(again).timestamp()
    except ValueError:
        return REFUSED_SECONDS
    left = ends - datetime.now(UTC).timestamp()
    # Walmart's instants have been in the past and hours ahead.
    return left if 0 < left <= REFUSED_SECONDS else REFUSED_SECONDS


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
