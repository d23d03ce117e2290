"""An entry, or what is neither its receipt nor its payouts, as a JournalEntry of QuickBooks.

Facts: the XSD of minor version 75. `DocNumber` has 21 characters and is no guarantee of uniqueness,
so an entry is known by it and by Daybook's marker in `PrivateNote`. Tax is in `taxes`.
"""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.accounting.quickbooks import taxes
from connectors.accounting.quickbooks.booked import JOURNAL_ENTRY, LineFacts, line_facts
from connectors.accounting.quickbooks.classes import QuickBooksTracking
from connectors.accounting.quickbooks.client import QuickBooksClient, Record
from connectors.accounting.quickbooks.forms import amount_of, number_of, revision_mark
from connectors.accounting.target import line_text, narration
from mappings.journal.entry_parts import EntryPart
from mappings.model import JournalEntry, JournalLine


class JournalForm:
    """Journal entries of one company in `country`; `stores` are names by slug."""

    entity = JOURNAL_ENTRY

    def __init__(
        self,
        client: QuickBooksClient,
        tracking: QuickBooksTracking,
        stores: Mapping[str, str],
        country: str | None,
    ) -> None:
        """Read nothing yet."""
        self._client, self._tracking = client, tracking
        self._stores, self._country = stores, country

    def document(self, part: EntryPart) -> dict[str, Any]:
        """Return a journal entry as it is sent."""
        entry = part.entry
        store = self._stores.get(entry.connection, entry.connection)
        return {
            "DocNumber": number_of(entry),
            "TxnDate": str(entry.business_date),
            "PrivateNote": narration(entry, store),
            "Line": [self._line(line, entry.language) for line in entry.lines if line.amount],
            **self._tax_of(entry),
        }

    def candidates(self, part: EntryPart) -> list[Record]:
        """Return the journal entries of a number, which all revisions have."""
        question = f"select * from JournalEntry where DocNumber = '{number_of(part.entry)}'"
        return self._client.query(self.entity, question)

    def mark(self, part: EntryPart) -> str:
        """Return the mark of the entry's revision."""
        return revision_mark(part)

    def is_as_posted(self, held: Record, part: EntryPart) -> bool:
        """Return whether an entry is dated and made of lines as the part is.

        One that somebody classed or described is edited.
        """
        lines = Counter(map(line_facts, held.get("Line", ())))
        expected = Counter(
            LineFacts(
                line.account,
                line.amount - (line.tax_amount or Decimal(0)),
                line_text(line, part.entry.language),
                is_named=False,
                tax_code=line.tax_code,
                tax=abs(line.tax_amount or Decimal(0)),
                tracking=self._tracking.ids(line),
            )
            for line in part.entry.lines
            if line.amount
        )
        return lines == expected and held.get("TxnDate") == str(part.entry.business_date)

    def check_taken(self, written: Record, part: EntryPart) -> None:
        """Accept whatever was written: a journal entry is taken as it is, or refused."""

    def _tax_of(self, entry: JournalEntry) -> dict[str, Any]:
        if not any(line.tax_code for line in entry.lines):
            return {}
        taxes.check_codes(entry, self._country)
        return taxes.totals(entry, self._client.tax_rates())

    def _line(self, line: JournalLine, language: str) -> dict[str, Any]:
        net = line.amount - (line.tax_amount or Decimal(0))
        return {
            "Description": line_text(line, language),
            "Amount": amount_of(abs(net)),
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {
                "PostingType": "Debit" if line.amount > 0 else "Credit",
                "AccountRef": {"value": line.account},
                **taxes.detail(line),
                **self._tracking.detail(line),
            },
        }
