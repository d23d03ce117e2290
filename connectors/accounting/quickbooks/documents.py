"""The documents of a QuickBooks company: each kind found, made, replaced and deleted alike.

Facts: Intuit's pages on its API. `DocNumber` and `TxnDate` can be asked for, `PrivateNote` cannot:
the mark in it tells a document from the others of its number or day. The answer of a create is
kept, never read again: reads are metered. A write over a document names the token it was read with,
so that an edit since then is refused. All kinds know a delete, and journal entries no void.
"""

from collections.abc import Mapping
from typing import Any

from connectors.accounting.parted_entries import matched_there
from connectors.accounting.quickbooks.authorisation import TITLE
from connectors.accounting.quickbooks.booked import JOURNAL_ENTRY, is_matched, reference_of
from connectors.accounting.quickbooks.classes import QuickBooksTracking
from connectors.accounting.quickbooks.client import (
    MATCHED,
    QuickBooksClient,
    QuickBooksFault,
    Record,
)
from connectors.accounting.quickbooks.forms import QuickBooksForm
from connectors.accounting.target import (
    Holding,
    Standing,
    attempt_key,
    check_postable,
    edited_there,
)
from connectors.errors import Permanent
from mappings.journal.entry_parts import EntryPart


class QuickBooksDocuments:
    """The documents of one company in `currency`, by the forms of its kinds of parts."""

    def __init__(
        self,
        client: QuickBooksClient,
        tracking: QuickBooksTracking,
        forms: Mapping[str, QuickBooksForm],
        currency: str | None,
    ) -> None:
        """Read nothing yet."""
        self._client, self._tracking = client, tracking
        self._forms, self._currency = forms, currency

    def find(self, part: EntryPart) -> Holding | None:
        """Return the document with a part's mark."""
        form = self._forms[part.kind]
        for held in form.candidates(part):
            if form.mark(part) in held.get("PrivateNote", ""):
                reference = reference_of(form.entity, held)
                return Holding(reference, form.is_as_posted(held, part))
        return None

    def post(self, part: EntryPart, why: str) -> str:
        """Create a document; one that is taken otherwise than it was sent is deleted again."""
        form = self._forms[part.kind]
        written = self._write(form, self._document(part), part, why)
        try:
            form.check_taken(written, part)
        except Permanent:
            self._client.delete(form.entity, written)
            raise
        return reference_of(form.entity, written)

    def replace(self, reference: str, before: EntryPart, part: EntryPart, why: str) -> str:
        """Write a newer revision over a document that nobody edited or matched."""
        form = self._forms[part.kind]
        held = self._one(form, reference)
        # Written over, a matched entry loses its bank line, and nothing brings that back.
        if held is None or not self._is_as_posted(form, held, before) or is_matched(held):
            raise edited_there(before.entry, TITLE)
        written = self._write(form, _over(held, self._document(part)), part, why)
        try:
            form.check_taken(written, part)
        except Permanent:
            back = _over(written, self._document(before))
            self._write(form, back, before, f"{why} taken back from {part.entry.revision}")
            raise
        return reference_of(form.entity, written)

    def void(self, reference: str, before: EntryPart) -> None:
        """Delete a document that nobody edited; one that is gone stays so."""
        form = self._forms[before.kind]
        held = self._one(form, reference)
        if held is None:
            return
        if not self._is_as_posted(form, held, before):
            raise edited_there(before.entry, TITLE)
        try:
            self._client.delete(form.entity, held)
        except QuickBooksFault as error:
            if error.codes & MATCHED:
                raise matched_there(before.entry, TITLE) from error
            raise

    def inspect(self, reference: str, before: EntryPart) -> Standing:
        """Return how a document stands."""
        form = self._forms[before.kind]
        held = self._one(form, reference)
        if held is None:
            return Standing("gone")
        is_intact = self._is_as_posted(form, held, before)
        return Standing("intact" if is_intact else "edited", is_matched(held))

    def _document(self, part: EntryPart) -> dict[str, Any]:
        check_postable(part.entry, self._currency, TITLE)
        self._tracking.check(part.entry)
        return self._forms[part.kind].document(part)

    def _write(self, form: QuickBooksForm, document: Record, part: EntryPart, why: str) -> Record:
        # One part of an entry is told from another, as their keys have one entry.
        place = "" if form.entity == JOURNAL_ENTRY else f" {form.entity} {part.payout}"
        key = attempt_key(f"{why}{place}", part.entry, 0)
        return self._client.write(form.entity, document, key)

    def _one(self, form: QuickBooksForm, reference: str) -> Record | None:
        return self._client.one(form.entity, reference.rpartition("/")[2])

    @staticmethod
    def _is_as_posted(form: QuickBooksForm, held: Record, part: EntryPart) -> bool:
        return form.mark(part) in held.get("PrivateNote", "") and form.is_as_posted(held, part)


def _over(held: Record, document: Record) -> Record:
    return {**document, "Id": held["Id"], "SyncToken": held["SyncToken"]}
