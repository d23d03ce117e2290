"""A day's entry as a manual journal of Xero, in the organisation's own currency.

Facts: Xero's OpenAPI document (accounting). A manual journal has no number and no currency: it is
known by Daybook's marker in its narration. `LineAmountTypes` is always sent, as the documents
contradict each other about its default. Bank accounts and Xero's own system accounts are refused in
journals. A key of idempotency is kept for six minutes and compared with method, address and body;
it may repeat an error whose cause is cured, so it carries a number that changes with each attempt
that was answered. Amounts of coded lines contain their tax (`Inclusive`), which is sent as well:
that Xero keeps it where its own rounding differs by a cent is UNCONFIRMED, so that is no edit.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

import httpx2
import orjson

from connectors.accounting.attachments import Attachment, unattached
from connectors.accounting.dimensions import Dimension, DimensionValue
from connectors.accounting.target import (
    BookedEntry,
    ChartAccount,
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
from connectors.accounting.xero.bank import bank_line
from connectors.accounting.xero.booked import booked, day_of, moment_of
from connectors.accounting.xero.categories import (
    XeroTracking,
    expected_tracking,
    held_tracking,
    tracking_of,
)
from connectors.bank import BankLine
from connectors.errors import Permanent, Transient
from connectors.http import Limit, Remote, TokenAuth
from mappings.journal.suggestions import NewAccount
from mappings.model import JournalEntry, JournalLine

TITLE: Final = "Xero"
TENANT: Final = "xero-tenant-id"
LONGEST_NARRATION: Final = 4000
_PAGE: Final = 100
# 60 a minute and 1,000 a day for an organisation (Starter; 5,000 from Core on), in fixed windows:
# a burst and a minute's worth together stay within one.
CALLS: Final = "calls"
LIMITS: Final = {CALLS: Limit(per_second=0.9, burst=6, per_day=1_000)}
_LOCKED = ("before the period lock date", "before the end of year lock date")
_GONE = {"VOIDED", "DELETED"}
_UNTAXED: Final = "NONE"
_CENT: Final = Decimal("0.01")
# Accounts receivable and payable are kept by invoices and bills alone.
_REFUSED_SYSTEM = {"DEBTORS", "CREDITORS"}


class XeroJournals:
    """The manual journals of one organisation. Callers hold one lock an organisation."""

    late_seconds = 120.0

    def __init__(self, opening: Opening) -> None:
        """Open an organisation."""
        self._access, self._stores = opening.access, opening.stores
        self._currency, self._limiter = opening.currency, opening.limiter_for(LIMITS)
        self._tracking = XeroTracking(self._call, TITLE)

    def check(self) -> None:
        """Raise where Xero does not answer for the organisation."""
        self._organisation()

    def accounts(self) -> list[ChartAccount]:
        """Return the organisation's chart, by code; accounts without a code cannot be named."""
        listed = self._call("GET", "/Accounts")["Accounts"]
        return [_account(each) for each in listed if each.get("Code")]

    def create_account(self, account: NewAccount) -> ChartAccount:
        """Create an account; `Permanent` where Xero refuses it (its code or name is taken)."""
        document = {"Code": account.code, "Name": account.name, "Type": account.kind}
        answer = self._call("PUT", "/Accounts", json=document)
        return _account(answer["Accounts"][0])

    def tax_codes(self) -> list[TaxCode]:
        """Return the organisation's tax rates, by type."""
        return [_tax_code(each) for each in self._call("GET", "/TaxRates")["TaxRates"]]

    def dimensions(self) -> list[Dimension]:
        """Return the organisation's tracking categories."""
        return self._tracking.dimensions()

    def create_value(self, dimension: str, value: str) -> DimensionValue:
        """Create an option of a tracking category."""
        return self._tracking.create(dimension, value)

    def closed_through(self) -> date | None:
        """Return the later of the organisation's two lock dates."""
        organisation = self._organisation()
        days = (day_of(organisation.get(n)) for n in ("PeriodLockDate", "EndOfYearLockDate"))
        return max((day for day in days if day is not None), default=None)

    def find(self, entry: JournalEntry, before: JournalEntry | None) -> Holding | None:
        """Return the journal with this revision's marker; voided ones are none."""
        sought = f"[{marker(entry)}]"
        for journal in self._journals_of(entry.business_date):
            if sought in journal.get("Narration", "") and journal["Status"] not in _GONE:
                return Holding(journal["ManualJournalID"], _is_as_posted(journal, entry))
        return None

    def post(self, entry: JournalEntry, attempt: int) -> str:
        """Create a journal; return its id."""
        self._tracking.check(entry)
        document, key = self._document(entry), attempt_key("post", entry, attempt)
        try:
            return self._write("PUT", "", document, key)
        except _Changed as changed:
            # It stands there all the same: half an entry would be posted, and a whole one later.
            self._void(changed.reference, document)
            raise

    def replace(
        self, reference: str, before: JournalEntry, entry: JournalEntry, attempt: int
    ) -> str:
        """Write a newer revision over a journal that nobody edited."""
        self._tracking.check(entry)
        self._intact(reference, before)
        key = attempt_key("replace", entry, attempt)
        try:
            return self._write("POST", f"/{reference}", self._document(entry), key)
        except _Changed:
            # What stood there comes back, so that the next revision finds it as it was posted.
            self._write("POST", f"/{reference}", self._document(before), None)
            raise

    def void(self, reference: str, before: JournalEntry) -> None:
        """Void a journal that nobody edited; one that is void already stays so."""
        journal = self._one(reference)
        if journal is None or journal["Status"] in _GONE:
            return
        self._intact(reference, before)
        self._void(reference, self._document(before))

    def _void(self, reference: str, document: Mapping[str, Any]) -> None:
        # Without a key: one that is void stays so, however often it is asked.
        with suppress(_Changed):
            self._write("POST", f"/{reference}", {**document, "Status": "VOIDED"}, None)

    def attach(self, reference: str, files: Sequence[Attachment]) -> None:
        """Attach files to a journal, each under its name."""
        path = f"/ManualJournals/{reference}/Attachments"
        attached = {each["FileName"] for each in self._call("GET", path)["Attachments"]}
        # As Xero's document and its own clients have it: the kind is told by the name.
        headers = {"Content-Type": "application/octet-stream"}
        for file in unattached(files, attached):
            name = quote(file.name, safe="")
            self._call("PUT", f"{path}/{name}", content=file.content, headers=headers)

    def inspect(self, reference: str, before: JournalEntry) -> Standing:
        """Return how a journal stands; none is matched, as none may touch a bank account."""
        journal = self._one(reference)
        if journal is None or journal["Status"] in _GONE:
            return Standing("gone")
        return Standing("intact" if _is_as_posted(journal, before) else "edited")

    def entries(self, first: date, last: date) -> Iterator[BookedEntry]:
        """Yield manual journals and invoices of some days, but for voided ones."""
        where = f"Date>={moment_of(first)} AND Date<={moment_of(last)}"
        for resource in ("ManualJournals", "Invoices"):
            for item in self._pages(resource, {"where": where}):
                if item.get("Status") not in _GONE:
                    yield booked(resource, item)

    def bank_lines(self, number: str, first: date, last: date) -> Iterator[BankLine]:
        """Yield what was reconciled of a bank account, by its code."""
        where = f"Date>={moment_of(first)} AND Date<={moment_of(last)}"
        for item in self._pages("BankTransactions", {"where": where}):
            if (line := bank_line(item, number)) is not None:
                yield line

    def changed_since(self, moment: datetime) -> set[str]:
        """Return the ids of journals that changed since; Xero has no webhook for them."""
        # In UTC and without a zone, as Xero's document on requests has it.
        headers = {"If-Modified-Since": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"}
        listed = self._pages("ManualJournals", {}, headers)
        return {str(journal["ManualJournalID"]) for journal in listed}

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
            "JournalLines": [
                _line(e, entry.language, is_coded=is_coded) for e in entry.lines if e.amount
            ],
        }

    def _organisation(self) -> Mapping[str, Any]:
        answer = self._call("GET", "/Organisation")
        organisation: Mapping[str, Any] = answer["Organisations"][0]
        return organisation

    def _journals_of(self, day: date) -> Iterator[Mapping[str, Any]]:
        # The day narrows the list; the marker tells one journal of it from the others.
        yield from self._pages("ManualJournals", {"where": f"Date=={moment_of(day)}"})

    def _pages(
        self, resource: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Iterator[Mapping[str, Any]]:
        page = 1
        while True:
            # Only pages have lines.
            params = {**query, "page": str(page)}
            answer = self._call("GET", f"/{resource}", params=params, headers=headers or {})
            # Nothing changed since: an answer of 304 has no body.
            items = answer[resource] if answer else []
            yield from items
            if len(items) < _PAGE:
                return
            page += 1

    def _one(self, reference: str) -> Mapping[str, Any] | None:
        try:
            journals = self._call("GET", f"/ManualJournals/{reference}")["ManualJournals"]
        except _NoJournal:
            return None
        return journals[0] if journals else None

    def _write(self, method: str, path: str, document: Mapping[str, Any], key: str | None) -> str:
        idempotency = {"Idempotency-Key": key} if key is not None else {}
        answer = self._call(
            method,
            f"/ManualJournals{path}",
            params={"summarizeErrors": "false"},
            content=orjson.dumps({"ManualJournals": [document]}),
            headers={"Content-Type": "application/json", **idempotency},
        )
        try:
            (journal,) = answer["ManualJournals"]
        except (KeyError, TypeError, ValueError) as error:
            raise Transient(f"{TITLE} answers a journal with something else: try again") from error
        errors, warnings = (
            "; ".join(str(problem.get("Message")) for problem in journal.get(name, ()))
            for name in ("ValidationErrors", "Warnings")
        )
        if errors or journal.get("StatusAttributeString") == "ERROR":
            if any(words in errors for words in _LOCKED):
                raise PeriodClosed(f"{TITLE}: {errors}")
            why = errors or warnings or "it does not say why"
            raise Permanent(f"{TITLE} refuses the journal: {why}")
        # A warning may mean that a line was changed: the journal is then not what was sent.
        if warnings:
            raise _Changed(str(journal["ManualJournalID"]), warnings)
        return str(journal["ManualJournalID"])

    def _call(self, method: str, path: str, **options: Any) -> Any:
        headers = dict(options.pop("headers", {}))
        if tenant := self._access.fields.get("tenant_id"):
            headers[TENANT] = tenant
        auth = TokenAuth(self._access.token)
        with Remote(TITLE, auth, error_for=_error, limiter=self._limiter, exact=True) as xero:
            url = self._access.url("api", f"/api.xro/2.0{path}")
            return xero.call(method, url, operation=CALLS, headers=headers, **options)


class _Changed(Permanent):
    """Xero took a journal, and changed it: an account was dropped from a line."""

    def __init__(self, reference: str, warnings: str) -> None:
        super().__init__(f"{TITLE} refuses the journal: {warnings}")
        self.reference = reference


class _NoJournal(Permanent):
    """Xero holds nothing of an id."""


def _error(response: httpx2.Response) -> Exception | None:
    if response.status_code != httpx2.codes.NOT_FOUND:
        return None
    return _NoJournal(f"{TITLE} holds nothing at {response.request.url.path}")


def _account(account: Mapping[str, Any]) -> ChartAccount:
    refusal = None
    if account.get("Status") != "ACTIVE":
        refusal = "is archived"
    elif account.get("Type") == "BANK":
        refusal = "is a bank account, which manual journals refuse: take a current asset"
    elif account.get("SystemAccount") in _REFUSED_SYSTEM:
        refusal = "is one of Xero's own accounts, which manual journals refuse"
    return ChartAccount(account["Code"], account["Name"], account.get("Type", ""), refusal)


def _tax_code(rate: Mapping[str, Any]) -> TaxCode:
    effective = rate.get("EffectiveRate")
    return TaxCode(
        rate["TaxType"],
        rate["Name"],
        None if effective is None else Decimal(str(effective)),
        None if rate.get("Status") == "ACTIVE" else "is not active",
    )


def _line(line: JournalLine, language: str, *, is_coded: bool) -> dict[str, Any]:
    tax = {"TaxAmount": _figure(line.tax_amount or Decimal(0))} if is_coded else {}
    return {
        "LineAmount": _figure(line.amount),
        "AccountCode": line.account,
        "Description": line_text(line, language),
        "TaxType": line.tax_code or _UNTAXED,
        **tax,
        **tracking_of(line),
    }


def _figure(amount: Decimal) -> orjson.Fragment:
    # The figure as it is: no float stands between the books and Xero.
    return orjson.Fragment(f"{amount:f}")


def _is_as_posted(journal: Mapping[str, Any], entry: JournalEntry) -> bool:
    """Return whether a journal is posted, dated, marked and made of lines as the entry's are.

    Lines may come in another order. One that somebody tracked, taxed or described is edited.
    """
    lines = Counter(
        (
            str(line.get("AccountCode")),
            Decimal(str(line["LineAmount"])),
            line.get("Description"),
            line.get("TaxType"),
            held_tracking(line),
        )
        for line in journal.get("JournalLines", ())
    )
    expected = Counter(
        (
            line.account,
            line.amount,
            line_text(line, entry.language),
            line.tax_code or _UNTAXED,
            expected_tracking(line),
        )
        for line in entry.lines
        if line.amount
    )
    return (
        lines == expected
        and _is_tax_as_posted(journal, entry)
        and journal["Status"] == "POSTED"
        and day_of(journal.get("Date")) == entry.business_date
        and f"[{marker(entry)}]" in journal.get("Narration", "")
    )


def _is_tax_as_posted(journal: Mapping[str, Any], entry: JournalEntry) -> bool:
    """Return whether the tax of a journal is the entry's, but for a cent a line."""
    lines = journal.get("JournalLines", ())
    held = sum((Decimal(str(line.get("TaxAmount") or 0)) for line in lines), Decimal(0))
    expected = sum((line.tax_amount or Decimal(0) for line in entry.lines), Decimal(0))
    return abs(held - expected) <= _CENT * len(lines)
