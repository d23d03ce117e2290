"""Pages of Shopify's lists: cursors, and terms of its search syntax (`id:>=1 status:paid`)."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

_TERM = re.compile(r"(\w+):(>=|<=|>|<)?'?([^'\s]+)'?")


def connection(
    items: Sequence[Mapping[str, Any]],
    asked: Mapping[str, Any],
    largest: int,
    **filters: str,
) -> dict[str, Any]:
    """One page of what passes the search; `filters` says which field a search term is about."""
    found = [item for item in items if _passes(item, asked.get("query") or "", filters)]
    start = int(asked["after"]) if asked.get("after") else 0
    end = start + min(asked["first"], largest)
    return {
        "nodes": found[start:end],
        "pageInfo": {
            "hasNextPage": end < len(found),
            "endCursor": str(min(end, len(found))) if found[start:end] else None,
        },
    }


def _passes(item: Mapping[str, Any], query: str, filters: Mapping[str, str]) -> bool:
    """Search terms all hold; one that the list does not know is ignored, as Shopify does."""
    for name, sign, value in _TERM.findall(query):
        if name not in filters:
            continue
        is_instant = value.endswith("Z")
        here = item[filters[name]]
        wanted: Any = datetime.fromisoformat(value) if is_instant else value
        found: Any = datetime.fromisoformat(here) if is_instant else here
        if not {
            ">=": found >= wanted,
            "<=": found <= wanted,
            ">": found > wanted,
            "<": found < wanted,
            "": found == wanted,
        }[sign]:
            return False
    return True
