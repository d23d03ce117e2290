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
    asked: Mapping[str, Any],
    largest: int,
    **filters: str,
) -> dict[str, Any]:
    """One page of what passes the search; `filters` says which field a search term is about."""
    found = list(items)
    for name, read, holds, wanted in _terms(asked.get("query") or "", filters):
        found = [item for item in found if holds(read(item[name]), wanted)]
    start = int(asked["after"]) if asked.get("after") else 0
    end = start + min(asked["first"], largest)
    return {
        "nodes": found[start:end],
        "pageInfo": {
            "hasNextPage": end < len(found),
            "endCursor": str(min(end, len(found))) if found[start:end] else None,
        },
    }


def _terms(query: str, filters: Mapping[str, str]) -> list[_Test]:
    """What a search demands; a term that the list does not know is ignored, as Shopify does."""
    found: list[_Test] = []
    for name, sign, value in _TERM.findall(query):
        if name in filters:
            read = _instant if value.endswith("Z") else str
            found.append((filters[name], read, _SIGNS[sign], read(value)))
    return found


@cache
def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
