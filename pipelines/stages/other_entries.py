"""Entries that another program posted to an organisation for the same sales.

Two connectors at once book every sale twice: they are looked for before the first entry goes out.
"""

import re
from collections.abc import Collection
from datetime import date
from typing import Final

from connectors.accounting.target import BookedEntry
from connectors.database.registry import Connection
from pipelines.stages.organisations import open_organisation
from pipelines.stages.store import Store

# The products that post marketplace settlements, as they sign their entries.
_CONNECTORS: Final = re.compile(
    r"\b(?:A2X|Link My Books|LMB\d+|Synder|Codat|Bookkeep|taxomate|Webgility|SellerZen)\b",
    re.IGNORECASE,
)
# Every document of ours ends with the mark of its revision, or of its payout.
_OURS: Final = re.compile(r"\[je:[^\[\]]+#[^\[\]]+\]")
# A shorter number would be found in any text.
_SHORTEST_ID: Final = 6


def other_entries(
    store: Store, organisation: Connection, first: date, last: date
) -> list[BookedEntry]:
    """Return entries of some days that another connector made, or that name our settlements."""
    target = open_organisation(store.workspace, organisation)
    numbers = {
        settlement.settlement_id
        for settlement in store.settlements
        if len(settlement.settlement_id) >= _SHORTEST_ID
    }
    return [
        entry
        for entry in target.entries(first, last)
        if not _OURS.search(entry.text) and _is_of_a_channel(entry, numbers)
    ]


def _is_of_a_channel(entry: BookedEntry, settlements: Collection[str]) -> bool:
    if _CONNECTORS.search(entry.text):
        return True
    return any(word.strip("#:,.()[]") in settlements for word in entry.text.split())
