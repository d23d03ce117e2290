"""Lists of a Xero organisation: those of some days or of a number, changed since, a page at a time.

Clauses and headers: Xero's OpenAPI document (accounting, 16.1.0).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.xero_replies import ok, problem

PAGE = 100
_DATE = re.compile(r"Date\s*==\s*DateTime\((\d{4}),\s*(\d{1,2}),\s*(\d{1,2})\)")
_DATES = re.compile(
    r"Date\s*>=\s*DateTime\((\d{4}),\s*(\d{1,2}),\s*(\d{1,2})\)\s*AND\s*"
    r"Date\s*<=\s*DateTime\((\d{4}),\s*(\d{1,2}),\s*(\d{1,2})\)"
)
_EQUAL = re.compile(r'(InvoiceNumber|CreditNoteNumber|Name)\s*==\s*"([^"]*)"')


def listed(resource: str, items: list[dict[str, Any]], request: Request) -> Response:
    """Answer with a page of those items that a call asks for."""
    query = request.query_params
    chosen = of_days(items, query.get("where", ""))
    if chosen is None:
        return problem("The where clause is not understood")
    start = (int(query.get("page", "1")) - 1) * PAGE
    return ok(resource, [dated(item) for item in chosen[start : start + PAGE]])


def of_days(items: list[dict[str, Any]], where: str) -> list[dict[str, Any]] | None:
    """Return the items of a clause's days or name; None for a clause that is not understood."""
    if not where:
        return items
    if match := _DATE.fullmatch(where):
        first = last = _iso(match.groups())
    elif match := _DATES.fullmatch(where):
        first, last = _iso(match.groups()[:3]), _iso(match.groups()[3:])
    elif match := _EQUAL.fullmatch(where):
        return [item for item in items if item.get(match[1]) == match[2]]
    else:
        return None
    return [item for item in items if first <= item["day"] <= last]


def _iso(parts: Sequence[str]) -> str:
    year, month, day = map(int, parts)
    return f"{year:04}-{month:02}-{day:02}"


def is_newer(journal: Mapping[str, Any], since: str | None) -> bool:
    """Return whether a journal changed after the moment of If-Modified-Since, which is in UTC."""
    if since is None or "UpdatedDateUTC" not in journal:
        return True
    moment = datetime.fromisoformat(since).replace(tzinfo=UTC)
    return int(journal["UpdatedDateUTC"][6:-7]) >= moment.timestamp() * 1000


def dated(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item with its day, and those of its payments, as Xero writes them."""
    shown = {name: value for name, value in item.items() if name not in {"day", "Date"}}
    if "Payments" in item:
        shown["Payments"] = [dated(payment) for payment in item["Payments"]]
    if not item["day"]:
        return shown
    midnight = datetime.fromisoformat(item["day"]).replace(tzinfo=UTC)
    return {**shown, "Date": f"/Date({int(midnight.timestamp() * 1000)}+0000)/"}
