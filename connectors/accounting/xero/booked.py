"""Entries of a Xero organisation as its API writes them: days, journals, invoices."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from connectors.accounting.target import BookedEntry, BookedLine

# What entries may be, and what each calls its id.
RESOURCES: Final = {
    "ManualJournals": "ManualJournalID",
    "Invoices": "InvoiceID",
    "CreditNotes": "CreditNoteID",
}
_INSTANT = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


def booked(resource: str, item: Mapping[str, Any]) -> BookedEntry:
    """Return a manual journal, an invoice or a credit note as any program's entry."""
    if resource == "ManualJournals":
        lines = tuple(
            BookedLine(
                str(line.get("AccountCode")),
                Decimal(str(line["LineAmount"])),
                line.get("Description") or "",
            )
            for line in item.get("JournalLines", ())
        )
        day = day_of(item.get("Date")) or date.min
        return BookedEntry(item["ManualJournalID"], "journal", day, item["Narration"], lines)
    contact = (item.get("Contact") or {}).get("Name")
    described = [line.get("Description") for line in item.get("LineItems", ())]
    number = item.get("InvoiceNumber") or item.get("CreditNoteNumber")
    words = (number, item.get("Reference"), contact, *described)
    text = " ".join(word for word in words if word)
    kind = "invoice" if resource == "Invoices" else "credit note"
    day = day_of(item.get("Date")) or date.min
    return BookedEntry(reference_of(resource, item), kind, day, text)


def reference_of(resource: str, item: Mapping[str, Any]) -> str:
    """Return what a document is called on record: a journal's id, others' with their resource."""
    number = str(item[RESOURCES[resource]])
    return number if resource == "ManualJournals" else f"{resource}/{number}"


def moment_of(day: date) -> str:
    """Return a day as `where` has it."""
    return f"DateTime({day.year},{day.month},{day.day})"


def day_of(text: str | None) -> date | None:
    """Return the day of `/Date(1767139200000+0000)/`."""
    matched = _INSTANT.fullmatch(text or "")
    # Xero's days are midnight UTC, whatever zone the organisation is in.
    return datetime.fromtimestamp(int(matched[1]) / 1000, UTC).date() if matched else None
