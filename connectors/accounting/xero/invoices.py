"""The invoices, bills and credit notes of a Xero organisation, and their payments into clearing.

Facts: Xero's OpenAPI document (accounting). An update without ids of lines replaces all of them. A
document with payments is neither updated nor voided. UNCONFIRMED: that a document that comes to
nothing counts as paid at once, and that a payment that was matched may be deleted.
"""

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from connectors.accounting.target import (
    EditedThere,
    Holding,
    Standing,
    attempt_key,
    check_taxed,
    edited_there,
    link_of,
)
from connectors.accounting.xero.client import GONE, TITLE, Changed, Record, XeroClient
from connectors.accounting.xero.contacts import XeroContacts
from connectors.accounting.xero.invoice_documents import (
    document_of,
    is_as_posted,
    is_of_one_kind,
    is_paid_by_us,
    is_settled,
    kind_of,
    numbers,
    payment_of,
)
from connectors.errors import Permanent
from mappings.journal.documents import booked_total, invoice_total, is_left_open
from mappings.model import JournalEntry


class XeroInvoices:
    """The documents of one organisation; `contacts` are the names of marketplaces by store.

    `currency` is the organisation's own, the only one that accounts are paid in at once. `address`
    is the console's, which invoices and bills link to; None where others cannot reach it.
    """

    def __init__(
        self,
        client: XeroClient,
        contacts: Mapping[str, str],
        currency: str | None,
        address: str | None,
    ) -> None:
        """Read nothing yet."""
        self._client, self._currency, self._address = client, currency, address
        self._contacts = XeroContacts(client, contacts)

    def find(self, entry: JournalEntry) -> Holding | None:
        """Return the document with this revision's marker; voided ones are none."""
        document, _ = self._numbered(entry)
        if document is None:
            return None
        return Holding(kind_of(entry).reference(document), is_as_posted(document, entry))

    def post(self, entry: JournalEntry, attempt: int) -> str:
        """Make a document, unless it is there; return its reference."""
        kind = kind_of(entry)
        document, number = self._numbered(entry)
        if document is None:
            # A number is another one where the first was voided: so is the key.
            key = attempt_key(f"invoice {number}", entry, attempt)
            try:
                document = self._client.write(
                    "PUT", kind.resource, "", self._document(entry, number), key
                )
            except Changed as changed:
                # It stands there all the same, and a whole one is to come.
                self._void(kind.reference(changed.document), entry)
                raise
        return kind.reference(document)

    def rewrite(self, reference: str, entry: JournalEntry, why: str) -> str:
        """Write a revision over a document of its kind; one of a day loses its payment first."""
        kind = kind_of(entry)
        number = reference.partition("/")[2]
        # What was voided keeps the number of a revision that comes back.
        _, free = self._numbered(entry)
        document = {kind.id: number, **self._document(entry, free)}
        # What a deposit was matched with in this moment Xero refuses to change.
        if not is_left_open(entry):
            self._delete_payments(self._one(reference))
        key = attempt_key(why, entry, 0)
        self._client.write("POST", kind.resource, f"/{number}", document, key)
        return reference

    def pay(self, reference: str, entry: JournalEntry, why: str) -> None:
        """Pay the document of a day into clearing, unless it is paid."""
        if is_left_open(entry) or not invoice_total(entry):
            return
        document = self._one(reference)
        if document is None or document.get("Payments"):
            return
        kind = kind_of(entry)
        number = reference.partition("/")[2]
        payment = {kind.resource.removesuffix("s"): {kind.id: number}, **payment_of(entry)}
        # Documents that were made anew have other ids, and the key is compared with the body.
        key = attempt_key(f"{why} {number}", entry, 0)
        made = self._client.write("PUT", "Payments", "", payment, key)
        booked = made.get("BankAmount")
        if entry.invoiced_in and booked and Decimal(str(booked)) != abs(booked_total(entry)):
            self._client.delete_payment(str(made["PaymentID"]))
            raise Permanent(
                f"{entry.entry_id}: {TITLE} makes {booked} of its payment, and not "
                f"{abs(booked_total(entry)):f} {entry.currency}: leave `invoices: own` out of the "
                "mapping"
            )

    def void(self, reference: str, before: JournalEntry) -> None:
        """Void a document that nobody edited, its payments first; one that is void stays so."""
        document = self._one(reference)
        if document is None or document["Status"] in GONE:
            return
        if not is_as_posted(document, before):
            raise edited_there(before, TITLE)
        self._delete_payments(document)
        self._void(reference, before)

    def _void(self, reference: str, before: JournalEntry) -> None:
        resource, _, number = reference.partition("/")
        voided = {kind_of(before).id: number, "Status": "VOIDED"}
        # Without a key: one that is void stays so, however often it is asked.
        with suppress(Changed):
            self._client.write("POST", resource, f"/{number}", voided)

    def check_unchanged(self, reference: str, before: JournalEntry, entry: JournalEntry) -> None:
        """Raise `EditedThere` where somebody edited, paid or deleted a document.

        It may be what it was, or already what it is to become.
        """
        document = self._one(reference)
        if document is None or document["Status"] in GONE:
            raise edited_there(before, TITLE)
        is_newer = is_of_one_kind(before, entry) and is_as_posted(document, entry)
        current = entry if is_newer else before
        # Without its payment it is half-way to its next revision.
        if not is_as_posted(document, current):
            raise edited_there(before, TITLE)
        if is_settled(document) and not is_paid_by_us(document, current):
            raise EditedThere(
                f"{before.entry_id} is paid in {TITLE}: undo the payment there, or correct it by "
                "hand"
            )

    def inspect(self, reference: str, before: JournalEntry) -> Standing:
        """Return how a document stands; one that is left open is matched once it is paid."""
        document = self._one(reference)
        if document is None or document["Status"] in GONE:
            return Standing("gone")
        if not is_as_posted(document, before):
            return Standing("edited", is_matched=is_left_open(before) and is_settled(document))
        if is_left_open(before):
            return Standing("intact", is_matched=is_settled(document))
        is_paid = not invoice_total(before) or is_paid_by_us(document, before)
        return Standing("intact" if is_paid else "edited")

    def _delete_payments(self, document: Record | None) -> None:
        for payment in (document or {}).get("Payments") or ():
            self._client.delete_payment(str(payment["PaymentID"]))

    def _one(self, reference: str) -> Record | None:
        resource, _, number = reference.partition("/")
        return self._client.one(resource, number)

    def _numbered(self, entry: JournalEntry) -> tuple[Record | None, str]:
        """Return a live document by its number; else the first number that none ever had."""
        kind = kind_of(entry)
        for number in numbers(entry):
            where = f'{kind.number}=="{number}"'
            documents = list(self._client.pages(kind.resource, {"where": where}))
            live = [each for each in documents if each["Status"] not in GONE]
            if live:
                return next((d for d in live if d["Type"] == kind.type), live[0]), number
            if not documents:
                return None, number
        raise AssertionError("numbers do not end")

    def _document(self, entry: JournalEntry, number: str) -> dict[str, Any]:
        if is_left_open(entry):
            check_taxed(entry, TITLE)
        else:
            self._check_payable(entry)
            check_taxed(entry, TITLE)
        document = document_of(entry, number, self._contacts.id_of(entry.connection))
        # Credit notes have no such field.
        is_linked = kind_of(entry).resource == "Invoices"
        return {**document, **link_of(entry, self._address)} if is_linked else document

    def _check_payable(self, entry: JournalEntry) -> None:
        """Raise `Permanent` for the invoice of a day that clearing cannot be paid by."""
        if self._currency is not None and entry.currency != self._currency:
            raise Permanent(
                f"{entry.entry_id} is in {entry.currency}, and clearing of {TITLE} in "
                f"{self._currency}: name `currency: {{to: {self._currency}}}` in the mapping, with "
                "`invoices: own` for invoices in their own currency"
            )
