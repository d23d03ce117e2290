"""An entry as an invoice, bill or credit note of Xero, and the test of one for being still that.

Facts: Xero's OpenAPI document (accounting). The number is Daybook's marker, by which a document is
found: it is unique among invoices, not among bills. Whether the number of a voided one may be used
again is UNCONFIRMED, so another has a suffix. Amounts of coded lines contain their tax.
UNCONFIRMED: that a rate is how many of the document's currency one of the organisation's is, and
that a payment may say by `BankAmount` what clearing gets; another sum there is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any, Final

from connectors.accounting.target import line_text, marker
from connectors.accounting.xero.booked import day_of
from connectors.accounting.xero.categories import tracking_of
from connectors.accounting.xero.client import Record
from connectors.accounting.xero.lines import CENT, UNTAXED, are_as_posted, figure
from mappings.journal.documents import (
    booked_total,
    invoice_currency,
    invoice_lines,
    invoice_total,
    is_left_open,
)
from mappings.model import CLEARING, CREDIT_NOTE, JournalEntry, JournalLine, settlement_of

_RATE: Final = Decimal("0.000001")
_LIVE: Final = frozenset(("AUTHORISED", "PAID"))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: its type, where it lives, what its id and number are called.

    `sign` is what a debit of the entry is multiplied by.
    """

    type: str
    resource: str
    id: str
    number: str
    sign: int

    def reference(self, document: Record) -> str:
        """Return what a document is called on record."""
        return f"{self.resource}/{document[self.id]}"


_INVOICE: Final = Kind("ACCREC", "Invoices", "InvoiceID", "InvoiceNumber", -1)
_BILL: Final = Kind("ACCPAY", "Invoices", "InvoiceID", "InvoiceNumber", 1)
_CREDIT_NOTE: Final = Kind("ACCRECCREDIT", "CreditNotes", "CreditNoteID", "CreditNoteNumber", 1)


def document_of(entry: JournalEntry, number: str, contact: str) -> dict[str, Any]:
    """Return an entry as it is sent, under a number and for a contact."""
    kind, lines = kind_of(entry), invoice_lines(entry)
    is_coded = any(line.tax_code for line in lines)
    # Bills drop a reference, and have the marker in their number and first line as all have.
    reference = settlement_of(entry.entry_id) or number
    # A due date has no meaning for money that is owed already; credit notes have none.
    due = {"DueDate": str(entry.business_date)} if kind is not _CREDIT_NOTE else {}
    return {
        "Type": kind.type,
        "Contact": {"ContactID": contact},
        "Date": str(entry.business_date),
        **due,
        "LineAmountTypes": "Inclusive" if is_coded else "NoTax",
        kind.number: number,
        **({} if kind is _BILL else {"Reference": reference}),
        "CurrencyCode": invoice_currency(entry),
        **_rate(entry),
        "Status": "AUTHORISED",
        "LineItems": [
            _line(line, text, kind.sign, is_coded=is_coded) for line, text in _described(entry)
        ],
    }


def payment_of(entry: JournalEntry) -> dict[str, Any]:
    """Return what is paid of the document of a day, into clearing.

    In another currency than the organisation's, what clearing gets is stated beside it.
    """
    paid = {
        "Account": {"Code": clearing_of(entry)},
        "Date": str(entry.business_date),
        "Amount": figure(abs(invoice_total(entry))),
        "Reference": marker(entry),
    }
    if entry.invoiced_in is None:
        return paid
    return {**paid, **_rate(entry), "BankAmount": figure(abs(booked_total(entry)))}


def _rate(entry: JournalEntry) -> dict[str, Any]:
    """Return how many of an invoice's currency one unit of the organisation's is."""
    total, booked = invoice_total(entry), booked_total(entry)
    if entry.invoiced_in is None or not booked:
        return {}
    rate = (total / booked).quantize(_RATE)
    return {"CurrencyRate": figure(rate)} if rate > 0 else {}


def is_of_one_kind(before: JournalEntry, entry: JournalEntry) -> bool:
    """Return whether a revision's document can take the place of the one before."""
    are_invoices = bool(invoice_lines(before)) and bool(invoice_lines(entry))
    return are_invoices and kind_of(before) == kind_of(entry)


def is_invoice(reference: str) -> bool:
    """Return whether a reference is that of an invoice, bill or credit note, and not a journal."""
    return "/" in reference


def kind_of(entry: JournalEntry) -> Kind:
    """Return what an entry is there, by its sign."""
    # What comes to nothing is an invoice of nothing.
    if invoice_total(entry) >= 0:
        return _INVOICE
    return _CREDIT_NOTE if entry.document == CREDIT_NOTE else _BILL


def clearing_of(entry: JournalEntry) -> str:
    """Return the account that the document of a day is paid into."""
    return next(line.account for line in entry.lines if line.category == CLEARING)


def numbers(entry: JournalEntry) -> Iterator[str]:
    """Yield the numbers that a revision's document may have, one after the other."""
    yield marker(entry)
    yield from (f"{marker(entry)}/{again}" for again in count(2))


def _described(entry: JournalEntry) -> Iterator[tuple[JournalLine, str]]:
    """Yield the lines of a document with their texts; the first one has the marker."""
    for number, line in enumerate(invoice_lines(entry)):
        text = line_text(line, entry.language)
        yield line, f"{text} [{marker(entry)}]" if number == 0 else text


def _line(line: JournalLine, text: str, sign: int, *, is_coded: bool) -> dict[str, Any]:
    tax = {"TaxAmount": figure(sign * (line.tax_amount or Decimal(0)))} if is_coded else {}
    return {
        "Description": text,
        "Quantity": 1,
        "UnitAmount": figure(sign * line.amount),
        "LineAmount": figure(sign * line.amount),
        "AccountCode": line.account,
        "TaxType": line.tax_code or UNTAXED,
        **tax,
        **tracking_of(line),
    }


def is_as_posted(document: Record, entry: JournalEntry) -> bool:
    """Return whether a document is of the type, day, number and lines of an entry, and approved."""
    kind = kind_of(entry)
    expected = ((line, kind.sign * line.amount, text) for line, text in _described(entry))
    number = str(document.get(kind.number))
    return (
        are_as_posted(document.get("LineItems", ()), expected)
        and _is_tax_as_posted(document, entry, kind)
        and document["Type"] == kind.type
        and document["Status"] in _LIVE
        and document.get("CurrencyCode") == invoice_currency(entry)
        and day_of(document.get("Date")) == entry.business_date
        and (number == marker(entry) or number.startswith(f"{marker(entry)}/"))
    )


def _is_tax_as_posted(document: Record, entry: JournalEntry, kind: Kind) -> bool:
    """Return whether the tax of a document is the entry's, but for a cent a line."""
    lines = document.get("LineItems", ())
    held = sum((Decimal(str(line.get("TaxAmount") or 0)) for line in lines), Decimal(0))
    taxes = (line.tax_amount or Decimal(0) for line in invoice_lines(entry))
    return abs(held - kind.sign * sum(taxes, Decimal(0))) <= CENT * len(lines)


def is_settled(document: Record) -> bool:
    """Return whether anything of a document was paid, or set off against another one."""
    names = ("AmountPaid", "AmountCredited", "AppliedAmount")
    paid = any(Decimal(str(document.get(name) or 0)) for name in names)
    return paid or bool(document.get("Payments")) or bool(document.get("Allocations"))


def is_paid_by_us(document: Record, entry: JournalEntry) -> bool:
    """Return whether the one payment of a document is the one into clearing."""
    payments = document.get("Payments") or []
    return (
        not is_left_open(entry)
        and not document.get("Allocations")
        and not Decimal(str(document.get("AmountCredited") or 0))
        and len(payments) == 1
        and Decimal(str(payments[0]["Amount"])) == abs(invoice_total(entry))
        and day_of(payments[0].get("Date")) == entry.business_date
    )
