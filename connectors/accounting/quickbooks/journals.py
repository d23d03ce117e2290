"""The books of a QuickBooks company: its chart, its codes, and the documents that entries become.

A day's entry is a JournalEntry, or a receipt with its payouts beside it where the mapping says so.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from connectors.accounting.attachments import Attachment
from connectors.accounting.dimensions import Dimension, DimensionValue
from connectors.accounting.parted_entries import PartedEntries
from connectors.accounting.quickbooks import receipts, uploads
from connectors.accounting.quickbooks.authorisation import TITLE
from connectors.accounting.quickbooks.bank import bank_lines
from connectors.accounting.quickbooks.booked import changed_since, entries, kinds_of
from connectors.accounting.quickbooks.classes import QuickBooksTracking
from connectors.accounting.quickbooks.client import LIMITS, QuickBooksClient
from connectors.accounting.quickbooks.documents import QuickBooksDocuments
from connectors.accounting.quickbooks.forms import QuickBooksForm
from connectors.accounting.quickbooks.journal_entries import JournalForm
from connectors.accounting.quickbooks.payouts import DepositForm, TransferForm
from connectors.accounting.quickbooks.rates import rates_of_days
from connectors.accounting.quickbooks.receipts import ReceiptForm
from connectors.accounting.target import (
    BookedEntry,
    ChartAccount,
    Holding,
    Opening,
    Standing,
    TaxCode,
)
from connectors.bank import BankLine
from connectors.rates import ExchangeRate
from mappings.journal.entry_parts import REFUND_RECEIPT
from mappings.journal.suggestions import NewAccount
from mappings.model import DEPOSIT, JOURNAL, SALES_RECEIPT, TRANSFER, JournalEntry

_NEED_A_NAME: Final = frozenset({"Accounts Receivable", "Accounts Payable"})
# Where money may be deposited to, and what it may be transferred between.
_OF_MONEY: Final = frozenset({"Bank", "Other Current Asset"})
_OF_THE_BALANCE: Final = _OF_MONEY | {
    *("Fixed Asset", "Other Asset", "Credit Card", "Other Current Liability"),
    *("Long Term Liability", "Equity"),
}


class QuickBooksJournals:
    """The books of one company. Callers hold one lock a store."""

    # As long as QuickBooks itself lets a call take.
    late_seconds = 120.0
    takes = frozenset((JOURNAL, SALES_RECEIPT, TRANSFER, DEPOSIT))

    def __init__(self, opening: Opening) -> None:
        """Open a company."""
        self._client = QuickBooksClient(opening.access, opening.limiter_for(LIMITS))
        self._currency = opening.currency
        client = self._client
        tracking = QuickBooksTracking(client.all, client.preferences, client.call, TITLE)
        self._tracking = tracking
        country = opening.organisation.account.get("country")
        names = opening.stores, opening.marketplaces
        forms: Mapping[str, QuickBooksForm] = {
            JOURNAL: JournalForm(client, tracking, opening.stores, country),
            SALES_RECEIPT: ReceiptForm(receipts.SALES_RECEIPT, client, tracking, names, country),
            REFUND_RECEIPT: ReceiptForm(receipts.REFUND_RECEIPT, client, tracking, names, country),
            TRANSFER: TransferForm(client, tracking, country),
            DEPOSIT: DepositForm(client, tracking, country),
        }
        documents = QuickBooksDocuments(client, tracking, forms, opening.currency)
        self._entries = PartedEntries(documents, TITLE)

    def check(self) -> None:
        """Raise where QuickBooks does not answer for the company."""
        self._client.preferences()

    def accounts(self) -> list[ChartAccount]:
        """Return the company's chart, by id: account numbers are optional there."""
        return list(map(_account, self._client.all("Account")))

    def tax_codes(self) -> list[TaxCode]:
        """Return the company's tax codes, by id."""
        return [code.as_tax_code() for code in self._client.tax_rates()]

    def create_account(self, account: NewAccount) -> ChartAccount:
        """Create an account; `Permanent` where QuickBooks refuses it (its name is taken)."""
        # Numbers are an option of the company that is off by default; the id names an account.
        document = {"Name": account.name, "AccountType": account.kind}
        answer = self._client.call("POST", "/account", content=document)
        return _account(answer["Account"])

    def currencies(self) -> frozenset[str] | None:
        """Return None: there are no invoices."""
        return None

    def exchange_rates(
        self, currencies: Collection[str], days: Collection[date]
    ) -> Iterator[ExchangeRate]:
        """Yield the company's rates of days, a call each."""
        yield from rates_of_days(self._client, currencies, days)

    def dimensions(self) -> list[Dimension]:
        """Return the company's classes and locations."""
        return self._tracking.dimensions()

    def create_value(self, dimension: str, value: str) -> DimensionValue:
        """Create a class or a location."""
        return self._tracking.create(dimension, value)

    def closed_through(self) -> date | None:
        """Return the closing date of the books; advisory, as a password may open them."""
        stated = self._client.preferences().get("AccountingInfoPrefs", {}).get("BookCloseDate")
        return date.fromisoformat(stated) if stated else None

    def find(
        self,
        entry: JournalEntry,
        before: JournalEntry | None,
        attempt: int = 0,
        *,
        is_settled: bool = True,
    ) -> Holding | None:
        """Return what has this revision's marker, after what is missing of it was made."""
        return self._entries.find(entry, before, attempt, is_settled=is_settled)

    def post(self, entry: JournalEntry, attempt: int) -> str:
        """Create an entry's documents; return their ids."""
        return self._entries.post(entry, attempt)

    def replace(
        self, reference: str, before: JournalEntry, entry: JournalEntry, attempt: int
    ) -> str:
        """Write a newer revision over documents that nobody edited."""
        return self._entries.replace(reference, before, entry, attempt)

    def void(self, reference: str, before: JournalEntry) -> None:
        """Delete documents that nobody edited."""
        self._entries.void(reference, before)

    def attach(self, reference: str, files: Sequence[Attachment]) -> None:
        """Attach files to an entry's first document, each under its name."""
        main = reference.split(maxsplit=1)[0]
        uploads.attach(self._client.call, self._client.all, main, files)

    def inspect(self, reference: str, before: JournalEntry) -> Standing:
        """Return how an entry stands."""
        return self._entries.inspect(reference, before)

    def entries(self, first: date, last: date) -> Iterator[BookedEntry]:
        """Yield journal entries, and other entries of sales and payouts, of some days."""
        return entries(self._client.call, first, last)

    def bank_lines(self, number: str, first: date, last: date) -> Iterator[BankLine]:
        """Yield deposits and transfers of a bank account, by its id."""
        return bank_lines(self._client.call, number, self._currency, first, last)

    def changed_since(
        self, moment: datetime, references: Collection[str] | None = None
    ) -> set[str] | None:
        """Return the ids of entries that changed or were deleted since, of our kinds."""
        return changed_since(self._client.call, moment, kinds_of(references))


def _account(account: Mapping[str, Any]) -> ChartAccount:
    kind, refusal = account.get("AccountType", ""), None
    if not account.get("Active", True):
        refusal = "is inactive"
    elif kind in _NEED_A_NAME:
        refusal = f"is of {kind}, whose lines need a customer or a vendor: take another"
    return ChartAccount(
        str(account["Id"]),
        account.get("FullyQualifiedName") or account["Name"],
        kind,
        refusal,
        takes_deposits=kind in _OF_MONEY,
        takes_transfers=kind in _OF_THE_BALANCE,
    )
