"""Forms of QuickBooks' documents: what each says of a part of an entry."""

import base64
import hashlib
from decimal import Decimal
from typing import Any, Protocol

import orjson

from connectors.accounting.quickbooks.client import Record
from connectors.accounting.target import line_text, marker
from mappings.journal.entry_parts import EntryPart
from mappings.model import JournalEntry


class QuickBooksForm(Protocol):
    """One kind of document; `entity` is its name in the API."""

    entity: str

    def document(self, part: EntryPart) -> dict[str, Any]:
        """Return a part as it is sent; `Permanent` for one that QuickBooks does not take."""

    def candidates(self, part: EntryPart) -> list[Record]:
        """Return what may be the document of a part."""

    def mark(self, part: EntryPart) -> str:
        """Return what its note says of the part it is."""

    def is_as_posted(self, held: Record, part: EntryPart) -> bool:
        """Return whether a document is what the part says, whatever order its lines are in."""

    def check_taken(self, written: Record, part: EntryPart) -> None:
        """Raise `Permanent` where QuickBooks took a part otherwise than it was sent."""


def amount_of(amount: Decimal) -> orjson.Fragment:
    """Return a figure as it is: no float stands between the books and QuickBooks."""
    return orjson.Fragment(f"{amount:f}")


def reference(number: str) -> dict[str, str]:
    """Return a reference to an entity by its id."""
    return {"value": number}


def id_in(held: Record, member: str) -> str | None:
    """Return the id that a member of a document refers to."""
    value = (held.get(member) or {}).get("value")
    return None if value is None else str(value)


def figure_in(held: Record, member: str) -> Decimal:
    """Return a figure of a document; nothing where it has none."""
    return Decimal(str(held.get(member) or 0))


def revision_mark(part: EntryPart) -> str:
    """Return the mark of an entry's revision, which every revision writes anew."""
    return f"[{marker(part.entry)}]"


def payout_mark(part: EntryPart) -> str:
    """Return the mark of a payout of an entry, the same in all revisions.

    A payout that stays as it is need not be written again, so its match with the bank's line stays.
    """
    return f"[{part.entry.entry_id}#payout-{part.payout}]"


def payout_note(part: EntryPart) -> str:
    """Return what a payout is, with its mark at the end."""
    (line,) = part.others
    return f"{line_text(line, part.entry.language)} {payout_mark(part)}"


def number_of(entry: JournalEntry) -> str:
    """Return an entry's DocNumber, the same for all its revisions: its day and fourteen letters."""
    digest = hashlib.sha256(entry.entry_id.encode()).digest()
    # Six digits, a hyphen and fourteen letters are the 21 characters that QuickBooks takes.
    return f"{entry.business_date:%y%m%d}-{base64.b32encode(digest).decode()[:14]}"
