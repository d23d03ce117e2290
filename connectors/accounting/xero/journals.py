"""The books of a Xero organisation: its chart, its codes, and the documents that entries become.

Facts: Xero's OpenAPI document (accounting). A day's entry is a manual journal, or an invoice where
the mapping says so.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from connectors.accounting.attachments import Attachment, unattached
from connectors.accounting.dimensions import Dimension, DimensionValue
from connectors.accounting.target import (
    BookedEntry,
    ChartAccount,
    Holding,
    Opening,
    Standing,
    TaxCode,
)
from connectors.accounting.xero.bank import bank_line
from connectors.accounting.xero.booked import RESOURCES, booked, day_of, reference_of
from connectors.accounting.xero.categories import XeroTracking
from connectors.accounting.xero.client import GONE, LIMITS, TITLE, XeroClient
from connectors.accounting.xero.documents import XeroDocuments
from connectors.accounting.xero.invoice_documents import is_invoice
from connectors.accounting.xero.invoices import XeroInvoices
from connectors.accounting.xero.manual_journals import ManualJournals
from connectors.bank import BankLine
from mappings.journal.suggestions import NewAccount
from mappings.model import CREDIT_NOTE, INVOICE, JOURNAL, JournalEntry

# Accounts receivable and payable are kept by invoices and bills alone.
_REFUSED_SYSTEM: Final = frozenset(("DEBTORS", "CREDITORS"))


class XeroJournals:
    """The books of one organisation. Callers hold one lock a store."""

    late_seconds = 120.0
    takes = frozenset((JOURNAL, INVOICE, CREDIT_NOTE))

    def __init__(self, opening: Opening) -> None:
        """Open an organisation."""
        self._client = XeroClient(opening.access, opening.limiter_for(LIMITS))
        self._tracking = XeroTracking(self._client.call, TITLE)
        currency, address = opening.currency, opening.settings.public_address
        self._documents = XeroDocuments(
            XeroInvoices(self._client, opening.marketplaces, currency, address),
            ManualJournals(self._client, opening.stores, currency, address),
        )

    def check(self) -> None:
        """Raise where Xero does not answer for the organisation."""
        self._client.organisation()

    def accounts(self) -> list[ChartAccount]:
        """Return the organisation's chart, by code; accounts without a code cannot be named."""
        listed = self._client.call("GET", "/Accounts")["Accounts"]
        return [_account(each) for each in listed if each.get("Code")]

    def create_account(self, account: NewAccount) -> ChartAccount:
        """Create an account; `Permanent` where Xero refuses it (its code or name is taken)."""
        document = {"Code": account.code, "Name": account.name, "Type": account.kind}
        answer = self._client.call("PUT", "/Accounts", json=document)
        return _account(answer["Accounts"][0])

    def tax_codes(self) -> list[TaxCode]:
        """Return the organisation's tax rates, by type."""
        return [_tax_code(each) for each in self._client.call("GET", "/TaxRates")["TaxRates"]]

    def currencies(self) -> frozenset[str]:
        """Return the organisation's currencies, which documents may be in."""
        listed = self._client.call("GET", "/Currencies").get("Currencies") or ()
        return frozenset(each["Code"] for each in listed)

    def dimensions(self) -> list[Dimension]:
        """Return the organisation's tracking categories."""
        return self._tracking.dimensions()

    def create_value(self, dimension: str, value: str) -> DimensionValue:
        """Create an option of a tracking category."""
        return self._tracking.create(dimension, value)

    def closed_through(self) -> date | None:
        """Return the later of the organisation's two lock dates."""
        organisation = self._client.organisation()
        days = (day_of(organisation.get(n)) for n in ("PeriodLockDate", "EndOfYearLockDate"))
        return max((day for day in days if day is not None), default=None)

    def find(
        self,
        entry: JournalEntry,
        before: JournalEntry | None,
        attempt: int = 0,
        *,
        is_settled: bool = True,
    ) -> Holding | None:
        """Return what has this revision's marker; voided documents are none."""
        return self._documents.find(entry, before, attempt)

    def post(self, entry: JournalEntry, attempt: int) -> str:
        """Create a journal, or an invoice with what belongs to it; return their ids."""
        self._tracking.check(entry)
        return self._documents.post(entry, attempt)

    def replace(
        self, reference: str, before: JournalEntry, entry: JournalEntry, attempt: int
    ) -> str:
        """Write a newer revision over documents that nobody edited."""
        self._tracking.check(entry)
        return self._documents.replace(reference, before, entry, attempt)

    def void(self, reference: str, before: JournalEntry) -> None:
        """Void documents that nobody edited; one that is void already stays so."""
        self._documents.void(reference, before)

    def attach(self, reference: str, files: Sequence[Attachment]) -> None:
        """Attach files to an entry's main document, each under its name."""
        main = reference.split(maxsplit=1)[0]
        path = f"/{main if is_invoice(main) else f'ManualJournals/{main}'}/Attachments"
        attached = {each["FileName"] for each in self._client.call("GET", path)["Attachments"]}
        # As Xero's document and its own clients have it: the kind is told by the name.
        headers = {"Content-Type": "application/octet-stream"}
        for file in unattached(files, attached):
            name = quote(file.name, safe="")
            self._client.call("PUT", f"{path}/{name}", content=file.content, headers=headers)

    def inspect(self, reference: str, before: JournalEntry) -> Standing:
        """Return how an entry stands; no journal is matched, as none may touch a bank account."""
        return self._documents.inspect(reference, before)

    def entries(self, first: date, last: date) -> Iterator[BookedEntry]:
        """Yield manual journals, invoices and credit notes of some days, but for voided ones."""
        for resource in RESOURCES:
            for item in self._client.of_days(resource, first, last):
                if item.get("Status") not in GONE:
                    yield booked(resource, item)

    def bank_lines(self, number: str, first: date, last: date) -> Iterator[BankLine]:
        """Yield what was reconciled of a bank account, by its code."""
        for item in self._client.of_days("BankTransactions", first, last):
            if (line := bank_line(item, number)) is not None:
                yield line

    def changed_since(
        self, moment: datetime, _references: Collection[str] | None = None
    ) -> set[str]:
        """Return the ids of documents that changed since; Xero has no webhook for journals."""
        # In UTC and without a zone, as Xero's document on requests has it.
        headers = {"If-Modified-Since": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"}
        return {
            reference_of(resource, item)
            for resource in RESOURCES
            for item in self._client.pages(resource, {}, headers)
        }


def _account(account: Mapping[str, Any]) -> ChartAccount:
    refusal = None
    if account.get("Status") != "ACTIVE":
        refusal = "is archived"
    elif account.get("Type") == "BANK":
        refusal = "is a bank account, which manual journals refuse: take a current asset"
    elif account.get("SystemAccount") in _REFUSED_SYSTEM:
        refusal = "is one of Xero's own accounts, which manual journals refuse"
    takes_payments = account.get("EnablePaymentsToAccount") is True
    kind = account.get("Type", "")
    return ChartAccount(account["Code"], account["Name"], kind, refusal, takes_payments)


def _tax_code(rate: Mapping[str, Any]) -> TaxCode:
    effective = rate.get("EffectiveRate")
    return TaxCode(
        rate["TaxType"],
        rate["Name"],
        None if effective is None else Decimal(str(effective)),
        None if rate.get("Status") == "ACTIVE" else "is not active",
    )
