"""Pages of Shopify's lists: cursors, and terms of its search syntax (`id:>=1 status:paid`)."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

# A field, how it is read, what is asked of it, and what it is held against.
_Test = tuple[str, Callable[[str], Any], Callable[[Any, Any], bool], Any]
_SIGNS = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "": operator.eq,
}
_TERM = re.compile(r"(\w+):(>=|<=|>|<)?'?([^'\s]+)'?")


def connection(
    items: Sequence[Mapping[str, Any]],
    arguments: Mapping[str, Any],
    largest: int,
    **filters: str,
) -> dict[str, Any]:
    """Return one page of what passes the search; `filters` is the field of each term."""
    matches = list(items)
    for name, read, holds, requested in _terms(arguments.get("query") or "", filters):
        matches = [item for item in matches if holds(read(item[name]), requested)]
    start = int(arguments["after"]) if arguments.get("after") else 0
    # A bulk operation has no pages.
    end = start + min(arguments.get("first", len(matches)), largest)
    return {
        "edges": [{"node": node} for node in matches[start:end]],
        "nodes": matches[start:end],
        "pageInfo": {
            "hasNextPage": end < len(matches),
            "endCursor": str(min(end, len(matches))) if matches[start:end] else None,
        },
    }


def _terms(query: str, filters: Mapping[str, str]) -> list[_Test]:
    """Return what a search demands; unknown terms are ignored, as at Shopify."""
    matches: list[_Test] = []
    for name, sign, value in _TERM.findall(query):
        if name in filters:
            read = _instant if value.endswith("Z") else str
            matches.append((filters[name], read, _SIGNS[sign], read(value)))
    return matches


@cache
def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
