"""A day's entry as a manual journal of Xero, in the organisation's own currency.

Facts: Xero's OpenAPI document (accounting). A manual journal has no number and no currency: it is
known by Daybook's marker in its narration. `LineAmountTypes` is always sent, as the documents
contradict each other about its default. Bank accounts and Xero's own system accounts are refused in
journals. A key of idempotency carries a number that changes with each attempt that was answered.
Amounts of coded lines contain their tax (`Inclusive`), which is sent as well: that Xero keeps it
where its own rounding differs by a cent is UNCONFIRMED, so that is no edit.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any, Final

from connectors.accounting.target import (
    Holding,
    Standing,
    attempt_key,
    check_postable,
    edited_there,
    line_text,
    link_of,
    marker,
    narration,
)
from connectors.accounting.xero.booked import day_of, moment_of
from connectors.accounting.xero.categories import tracking_of
from connectors.accounting.xero.client import GONE, TITLE, Changed, Record, XeroClient
from connectors.accounting.xero.lines import CENT, UNTAXED, are_as_posted, figure
from mappings.model import JournalEntry, JournalLine

LONGEST_NARRATION: Final = 4000
_RESOURCE: Final = "ManualJournals"


class ManualJournals:
    """The manual journals of one organisation, in `currency`; `stores` are names by slug.

    `address` is the console's, which they link to; None where others cannot reach it.
    """

    def __init__(
        self,
        client: XeroClient,
        stores: Mapping[str, str],
        currency: str | None,
        address: str | None,
    ) -> None:
        """Read nothing yet."""
        self._client, self._stores, self._currency = client, stores, currency
        self._address = address

    def find(self, entry: JournalEntry) -> Holding | None:
        """Return the journal with this revision's marker; voided ones are none."""
        sought = f"[{marker(entry)}]"
        for journal in self._journals_of(entry.business_date):
            if sought in journal.get("Narration", "") and journal["Status"] not in GONE:
                return Holding(journal["ManualJournalID"], _is_as_posted(journal, entry))
        return None

    def post(self, entry: JournalEntry, attempt: int) -> str:
        """Create a journal; return its id."""
        document, key = self._document(entry), attempt_key("post", entry, attempt)
        try:
            return self._write("PUT", "", document, key)
        except Changed as changed:
            # It stands there all the same: half an entry would be posted, and a whole one later.
            self._void(str(changed.document["ManualJournalID"]), document)
            raise

    def replace(
        self, reference: str, before: JournalEntry, entry: JournalEntry, attempt: int
    ) -> str:
        """Write a newer revision over a journal that nobody edited."""
        self._intact(reference, before)
        key = attempt_key("replace", entry, attempt)
        try:
            return self._write("POST", f"/{reference}", self._document(entry), key)
        except Changed:
            # What stood there comes back, so that the next revision finds it as it was posted.
            self._write("POST", f"/{reference}", self._document(before), None)
            raise

    def void(self, reference: str, before: JournalEntry) -> None:
        """Void a journal that nobody edited; one that is void already stays so."""
        journal = self._one(reference)
        if journal is None or journal["Status"] in GONE:
            return
        self._intact(reference, before)
        self._void(reference, self._document(before))

    def _void(self, reference: str, document: Record) -> None:
        # Without a key: one that is void stays so, however often it is asked.
        with suppress(Changed):
            self._write("POST", f"/{reference}", {**document, "Status": "VOIDED"}, None)

    def inspect(self, reference: str, before: JournalEntry) -> Standing:
        """Return how a journal stands; none is matched, as none may touch a bank account."""
        journal = self._one(reference)
        if journal is None or journal["Status"] in GONE:
            return Standing("gone")
        return Standing("intact" if _is_as_posted(journal, before) else "edited")

    def _intact(self, reference: str, before: JournalEntry) -> None:
        journal = self._one(reference)
        if journal is None or not _is_as_posted(journal, before):
            raise edited_there(before, TITLE)

    def _document(self, entry: JournalEntry) -> dict[str, Any]:
        check_postable(entry, self._currency, TITLE)
        store = self._stores.get(entry.connection, entry.connection)
        is_coded = any(line.tax_code for line in entry.lines)
        return {
            # Cut at the front: the marker at the end is what the journal is found by.
            "Narration": narration(entry, store)[-LONGEST_NARRATION:],
            "Date": str(entry.business_date),
            "LineAmountTypes": "Inclusive" if is_coded else "NoTax",
            "Status": "POSTED",
            **link_of(entry, self._address),
            "JournalLines": [
                _line(e, entry.language, is_coded=is_coded) for e in entry.lines if e.amount
            ],
        }

    def _journals_of(self, day: date) -> Iterator[Record]:
        # The day narrows the list; the marker tells one journal of it from the others.
        yield from self._client.pages(_RESOURCE, {"where": f"Date=={moment_of(day)}"})

    def _one(self, reference: str) -> Record | None:
        return self._client.one(_RESOURCE, reference)

    def _write(self, method: str, path: str, document: Record, key: str | None) -> str:
        written = self._client.write(method, _RESOURCE, path, document, key)
        return str(written["ManualJournalID"])


def _line(line: JournalLine, language: str, *, is_coded: bool) -> dict[str, Any]:
    tax = {"TaxAmount": figure(line.tax_amount or Decimal(0))} if is_coded else {}
    return {
        "LineAmount": figure(line.amount),
        "AccountCode": line.account,
        "Description": line_text(line, language),
        "TaxType": line.tax_code or UNTAXED,
        **tax,
        **tracking_of(line),
    }


def _is_as_posted(journal: Record, entry: JournalEntry) -> bool:
    """Return whether a journal is posted, dated, marked and made of lines as the entry's are."""
    expected = (
        (line, line.amount, line_text(line, entry.language)) for line in entry.lines if line.amount
    )
    return (
        are_as_posted(journal.get("JournalLines", ()), expected)
        and _is_tax_as_posted(journal, entry)
        and journal["Status"] == "POSTED"
        and day_of(journal.get("Date")) == entry.business_date
        and f"[{marker(entry)}]" in journal.get("Narration", "")
    )


def _is_tax_as_posted(journal: Record, entry: JournalEntry) -> bool:
    """Return whether the tax of a journal is the entry's, but for a cent a line."""
    lines = journal.get("JournalLines", ())
    held = sum((Decimal(str(line.get("TaxAmount") or 0)) for line in lines), Decimal(0))
    expected = sum((line.tax_amount or Decimal(0) for line in entry.lines), Decimal(0))
    return abs(held - expected) <= CENT * len(lines)
