"""A day's entry as a JournalEntry of QuickBooks Online.

Facts: the XSD of minor version 75 and Intuit's pages on errors. `DocNumber` has 21 characters and
is no guarantee of uniqueness, so an entry is known by it and by Daybook's marker in `PrivateNote`.
What becomes of a repeated `requestid` is contradictory, so the company is asked first whatever it
does. The answer of a create is kept, never read again: reads are metered. Books that are closed
answer 6200 or 6210. Tax is in `taxes`.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import httpx2
import orjson

from connectors.accounting.attachments import Attachment
from connectors.accounting.dimensions import Dimension, DimensionValue
from connectors.accounting.quickbooks import taxes, uploads
from connectors.accounting.quickbooks.authorisation import MINOR_VERSION, TITLE, refusal
from connectors.accounting.quickbooks.bank import bank_lines
from connectors.accounting.quickbooks.booked import (
    LineFacts,
    changed_since,
    entries,
    is_matched,
    line_facts,
)
from connectors.accounting.quickbooks.classes import QuickBooksTracking
from connectors.accounting.target import (
    BookedEntry,
    ChartAccount,
    EditedThere,
    Holding,
    Opening,
    PeriodClosed,
    Standing,
    TaxCode,
    attempt_key,
    check_postable,
    edited_there,
    line_text,
    marker,
    narration,
)
from connectors.bank import BankLine
from connectors.errors import Permanent, Transient
from connectors.http import Limit, Remote, TokenAuth
from mappings.journal.suggestions import NewAccount
from mappings.model import JournalEntry, JournalLine

CLOSED: Final = frozenset({"6200", "6210"})
MISSING: Final = frozenset({"610"})
REPEATED: Final = frozenset({"600"})
# Matched with a bank line, which is to be undone there first.
MATCHED: Final = frozenset({"6480", "6540"})
# What the company holds of an id has changed since it was read.
STALE: Final = frozenset({"5010"})
LONGEST_REQUEST: Final = 50
_NEED_A_NAME: Final = frozenset({"Accounts Receivable", "Accounts Payable"})
_PAGE: Final = 1000
CALLS: Final = "calls"
# 10 a second for a company and an application, 500 a minute. Less than that: the owner's other
# programs may call by the same application.
LIMITS: Final = {CALLS: Limit(per_second=8.0, burst=2)}


class QuickBooksJournals:
    """The journal entries of one company. Callers hold one lock a company."""

    # As long as QuickBooks itself lets a call take.
    late_seconds = 120.0
    takes_invoices = False

    def __init__(self, opening: Opening) -> None:
        """Open a company."""
        self._access, self._stores = opening.access, opening.stores
        self._currency, self._limiter = opening.currency, opening.limiter_for(LIMITS)
        self._country = opening.organisation.account.get("country")
        self._rates: list[taxes.CodeRates] | None = None
        self._tracking = QuickBooksTracking(self._all, self._preferences, self._call, TITLE)

    def check(self) -> None:
        """Raise where QuickBooks does not answer for the company."""
        self._preferences()

    def accounts(self) -> list[ChartAccount]:
        """Return the company's chart, by id: account numbers are optional there."""
        return list(map(_account, self._all("Account")))

    def tax_codes(self) -> list[TaxCode]:
        """Return the company's tax codes, by id."""
        return [code.as_tax_code() for code in self._tax_rates()]

    def _tax_rates(self) -> list[taxes.CodeRates]:
        # Asked once: they hardly change, and reads are metered.
        if self._rates is None:
            self._rates = taxes.code_rates(self._all("TaxCode"), self._all("TaxRate"))
        return self._rates

    def _all(self, entity: str, where: str = "") -> list[Mapping[str, Any]]:
        entities: list[Mapping[str, Any]] = []
        while True:
            start = len(entities) + 1
            question = f"select * from {entity}{where} startposition {start} maxresults {_PAGE}"
            answer = self._call("GET", "/query", params={"query": question})
            listed = answer.get("QueryResponse", {}).get(entity, ())
            entities += listed
            if len(listed) < _PAGE:
                return entities

    def create_account(self, account: NewAccount) -> ChartAccount:
        """Create an account; `Permanent` where QuickBooks refuses it (its name is taken)."""
        # Numbers are an option of the company that is off by default; the id names an account.
        document = {"Name": account.name, "AccountType": account.kind}
        answer = self._call("POST", "/account", content=document)
        return _account(answer["Account"])

    def currencies(self) -> frozenset[str] | None:
        """Return None: there are no invoices."""
        return None

    def dimensions(self) -> list[Dimension]:
        """Return the company's classes and locations."""
        return self._tracking.dimensions()

    def create_value(self, dimension: str, value: str) -> DimensionValue:
        """Create a class or a location."""
        return self._tracking.create(dimension, value)

    def closed_through(self) -> date | None:
        """Return the closing date of the books; advisory, as a password may open them."""
        stated = self._preferences().get("AccountingInfoPrefs", {}).get("BookCloseDate")
        return date.fromisoformat(stated) if stated else None

    def find(
        self, entry: JournalEntry, before: JournalEntry | None, attempt: int = 0
    ) -> Holding | None:
        """Return the journal entry with this revision's marker."""
        question = f"select * from JournalEntry where DocNumber = '{number_of(entry)}'"
        answer = self._call("GET", "/query", params={"query": question})
        for held in answer.get("QueryResponse", {}).get("JournalEntry", ()):
            # All revisions have one DocNumber; the marker names the revision.
            if f"[{marker(entry)}]" in held.get("PrivateNote", ""):
                return Holding(held["Id"], self._is_as_posted(held, entry))
        return None

    def post(self, entry: JournalEntry, attempt: int) -> str:
        """Create a journal entry; return its id."""
        return self._write(self._document(entry), attempt_key("post", entry, attempt))

    def replace(
        self, reference: str, before: JournalEntry, entry: JournalEntry, attempt: int
    ) -> str:
        """Write a newer revision over an entry that nobody edited."""
        held = self._intact(reference, before)
        # The token read with the entry: an edit since then is refused, and not written over.
        named = {"Id": reference, "SyncToken": held["SyncToken"]}
        document = {**self._document(entry), **named}
        return self._write(document, attempt_key("replace", entry, attempt))

    def void(self, reference: str, before: JournalEntry) -> None:
        """Delete an entry that nobody edited, as journal entries know no void."""
        held = self._one(reference)
        if held is None:
            return
        if not self._is_as_posted(held, before):
            raise edited_there(before, TITLE)
        named = {"Id": reference, "SyncToken": held["SyncToken"]}
        try:
            self._call("POST", "/journalentry", params={"operation": "delete"}, content=named)
        except _Fault as error:
            if error.codes & MATCHED:
                raise EditedThere(
                    f"{before.entry_id} is matched with a bank line in {TITLE}: undo the match "
                    "there, then try again"
                ) from error
            raise

    def attach(self, reference: str, files: Sequence[Attachment]) -> None:
        """Attach files to a journal entry, each under its name."""
        uploads.attach(self._call, self._all, reference, files)

    def inspect(self, reference: str, before: JournalEntry) -> Standing:
        """Return how an entry stands."""
        held = self._one(reference)
        if held is None:
            return Standing("gone")
        is_intact = self._is_as_posted(held, before)
        return Standing("intact" if is_intact else "edited", is_matched(held))

    def entries(self, first: date, last: date) -> Iterator[BookedEntry]:
        """Yield journal entries, and other entries of sales, of some days."""
        return entries(self._call, first, last)

    def bank_lines(self, number: str, first: date, last: date) -> Iterator[BankLine]:
        """Yield deposits and transfers of a bank account, by its id."""
        return bank_lines(self._call, number, self._currency, first, last)

    def changed_since(self, moment: datetime) -> set[str] | None:
        """Return the ids of journal entries that changed or were deleted since."""
        return changed_since(self._call, moment)

    def _intact(self, reference: str, before: JournalEntry) -> Mapping[str, Any]:
        held = self._one(reference)
        # Written over, a matched entry loses its bank line, and nothing brings that back.
        if held is None or not self._is_as_posted(held, before) or is_matched(held):
            raise edited_there(before, TITLE)
        return held

    def _document(self, entry: JournalEntry) -> dict[str, Any]:
        check_postable(entry, self._currency, TITLE)
        self._tracking.check(entry)
        store = self._stores.get(entry.connection, entry.connection)
        return {
            "DocNumber": number_of(entry),
            "TxnDate": str(entry.business_date),
            "PrivateNote": narration(entry, store),
            "Line": [self._line(line, entry.language) for line in entry.lines if line.amount],
            **self._tax_of(entry),
        }

    def _tax_of(self, entry: JournalEntry) -> dict[str, Any]:
        if not any(line.tax_code for line in entry.lines):
            return {}
        taxes.check_codes(entry, self._country)
        return taxes.totals(entry, self._tax_rates())

    def _preferences(self) -> Mapping[str, Any]:
        preferences: Mapping[str, Any] = self._call("GET", "/preferences")["Preferences"]
        return preferences

    def _one(self, reference: str) -> Mapping[str, Any] | None:
        try:
            answer = self._call("GET", f"/journalentry/{reference}")
        except _Fault as error:
            if error.codes & MISSING:
                return None
            raise
        held: Mapping[str, Any] = answer["JournalEntry"]
        return held

    def _line(self, line: JournalLine, language: str) -> dict[str, Any]:
        net = line.amount - (line.tax_amount or Decimal(0))
        return {
            "Description": line_text(line, language),
            # The figure as it is: no float stands between the books and QuickBooks.
            "Amount": orjson.Fragment(f"{abs(net):f}"),
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {
                "PostingType": "Debit" if line.amount > 0 else "Credit",
                "AccountRef": {"value": line.account},
                **taxes.detail(line),
                **self._tracking.detail(line),
            },
        }

    def _is_as_posted(self, held: Mapping[str, Any], entry: JournalEntry) -> bool:
        """Return whether an entry is dated, marked and made of lines as the entry's are.

        Lines may come in another order. One that somebody classed or described is edited.
        """
        lines = Counter(map(line_facts, held.get("Line", ())))
        expected = Counter(
            LineFacts(
                line.account,
                line.amount - (line.tax_amount or Decimal(0)),
                line_text(line, entry.language),
                is_named=False,
                tax_code=line.tax_code,
                tax=abs(line.tax_amount or Decimal(0)),
                tracking=self._tracking.ids(line),
            )
            for line in entry.lines
            if line.amount
        )
        return (
            lines == expected
            and held.get("TxnDate") == str(entry.business_date)
            and f"[{marker(entry)}]" in held.get("PrivateNote", "")
        )

    def _write(self, document: Mapping[str, Any], request: str) -> str:
        try:
            answer = self._call(
                "POST",
                "/journalentry",
                params={"requestid": request[:LONGEST_REQUEST]},
                content=document,
            )
        except _Fault as error:
            if error.codes & REPEATED:
                # It was taken before: what became of it is for a look to say.
                raise Transient(f"{TITLE} had this request before: try again") from error
            if error.codes & STALE:
                raise Transient(f"{TITLE}: the entry was changed meanwhile: try again") from error
            if taxes.wants_code(str(error)):
                raise Permanent(f"{error}: {taxes.EVERY_LINE}") from error
            raise
        return str(answer["JournalEntry"]["Id"])

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: Mapping[str, Any] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Any:
        realm = self._access.fields["realm_id"]
        url = self._access.url("api", f"/v3/company/{realm}{path}")
        options: dict[str, Any] = {"params": {"minorversion": MINOR_VERSION, **(params or {})}}
        if content is not None:
            options["content"] = orjson.dumps(content)
            options["headers"] = {"Content-Type": "application/json"}
        if files is not None:
            options["files"] = files
        auth = TokenAuth(self._access.token)
        with Remote(TITLE, auth, error_for=_error, limiter=self._limiter, exact=True) as quickbooks:
            return quickbooks.call(method, url, operation=CALLS, **options)


class _Fault(Permanent):
    """A fault that QuickBooks states, with its codes."""

    def __init__(self, message: str, codes: Sequence[str]) -> None:
        super().__init__(message)
        self.codes = frozenset(codes)


def _error(response: httpx2.Response) -> Exception | None:
    """Return a fault as an error, whatever status it comes with."""
    if (refused := refusal(response)) is not None and not isinstance(refused, Permanent):
        return refused
    try:
        errors = (response.json().get("Fault") or {}).get("Error", [])
    except (ValueError, AttributeError):
        return None
    if not errors:
        return None
    codes = [str(error.get("code")) for error in errors]
    messages = "; ".join(f"{error.get('Message')} ({error.get('code')})" for error in errors)
    # The words as well: Intuit's pages do not agree on the codes.
    if CLOSED & set(codes) or "account period closed" in messages.lower():
        return PeriodClosed(f"{TITLE}: {messages}")
    return _Fault(f"{TITLE} refuses the entry: {messages}", codes)


def _account(account: Mapping[str, Any]) -> ChartAccount:
    kind, refusal = account.get("AccountType", ""), None
    if not account.get("Active", True):
        refusal = "is inactive"
    elif kind in _NEED_A_NAME:
        refusal = f"is of {kind}, whose lines need a customer or a vendor: take another"
    name = account.get("FullyQualifiedName") or account["Name"]
    return ChartAccount(str(account["Id"]), name, kind, refusal)


def number_of(entry: JournalEntry) -> str:
    """Return an entry's DocNumber, the same for all its revisions: its day and fourteen letters."""
    digest = hashlib.sha256(entry.entry_id.encode()).digest()
    # Six digits, a hyphen and fourteen letters are the 21 characters that QuickBooks takes.
    return f"{entry.business_date:%y%m%d}-{base64.b32encode(digest).decode()[:14]}"
