"""Lists of eBay's Finances API: filtered, and in pages."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_RANGE = re.compile(r"(\w+):\[(.+?)\.\.(.*?)\]")
_CHOICE = re.compile(r"(\w+):\{(.+?)\}")


def filter_of(dated: str, request: Request) -> Callable[[Mapping[str, Any]], bool]:
    """Return what passes the ranges and choices that a request filters by."""
    query = ",".join(request.query_params.getlist("filter"))
    ranges = [matches for matches in _RANGE.findall(query) if matches[0] == dated]
    choices = _CHOICE.findall(query)

    def passes(item: Mapping[str, Any]) -> bool:
        # An open end: as text every instant sorts before 9.
        if any(not start <= item[name] <= (end or "9") for name, start, end in ranges):
            return False
        return all(item.get(name) == value for name, value in choices)

    return passes


def page_of(request: Request, what: str, matches: list[dict[str, Any]], largest: int) -> Response:
    """Return the page of a list that a request asks for."""
    # 20 unless asked for more, by the Finances document.
    limit = min(int(request.query_params.get("limit", 20)), largest)
    offset = int(request.query_params.get("offset", 0))
    answer = {
        "href": str(request.url),
        "limit": limit,
        "offset": offset,
        "total": len(matches),
        what: matches[offset : offset + limit],
    }
    if offset + limit < len(matches):
        answer["next"] = str(request.url.include_query_params(offset=offset + limit))
    return JSONResponse(answer)
