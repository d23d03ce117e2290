"""Invoices and credit notes of a Xero organisation: their two forms, and what is shown of them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.xero_books import JournalBook
from sandbox.xero_lists import dated

MISSING = "The document with the supplied id was not found for this endpoint."


@dataclass(frozen=True)
class Form:
    """A resource of documents: what it calls id and number, and which types it has."""

    resource: str
    id: str
    number: str
    types: frozenset[str]

    def items(self, ledger: JournalBook) -> list[dict[str, Any]]:
        """Return an organisation's documents of this form."""
        return ledger.invoices if self.resource == "Invoices" else ledger.credit_notes


INVOICES = Form("Invoices", "InvoiceID", "InvoiceNumber", frozenset({"ACCREC", "ACCPAY"}))
CREDIT_NOTES = Form(
    "CreditNotes", "CreditNoteID", "CreditNoteNumber", frozenset({"ACCRECCREDIT", "ACCPAYCREDIT"})
)


def by_id(ledger: JournalBook, form: Form, number: str) -> dict[str, Any] | None:
    """Return the document of an id; None where there is none."""
    return next((each for each in form.items(ledger) if each.get(form.id) == number), None)


def shown(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record without what only the emulator knows of it."""
    intern = {"document", "sign", "ledger", "of"}
    return dated({name: value for name, value in item.items() if name not in intern})


def refusal(errors: list[str]) -> dict[str, Any]:
    """Return the members of an item that is refused."""
    messages = [{"Message": each} for each in errors]
    return {"StatusAttributeString": "ERROR", "ValidationErrors": messages}


def touch(item: dict[str, Any]) -> None:
    """Note that a record changed now."""
    item["UpdatedDateUTC"] = now()


def now() -> str:
    """Return this moment as Xero writes it."""
    return f"/Date({int(time.time() * 1000)}+0000)/"
