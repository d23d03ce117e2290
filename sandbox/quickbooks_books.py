"""Entries of a QuickBooks company: what its API takes, refuses and shows.

Elements: the XSD of minor version 75. Codes and messages: Intuit's pages on errors. What becomes of
a repeated `requestid` is contradictory in the field, so a company plays one of three: `replay` (the
first answer again), `refuse` (600) and `ignore`.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.quickbooks_attachments import CompanyFiles
from sandbox.quickbooks_chart import add_account, new_chart
from sandbox.quickbooks_classes import CompanyTracking
from sandbox.quickbooks_documents import KINDS as DOCUMENTS
from sandbox.quickbooks_documents import completed, postings, refused_document
from sandbox.quickbooks_lists import CompanyLists
from sandbox.quickbooks_rates import rates_of_day
from sandbox.quickbooks_taxes import TAX_ACCOUNT, refused_tax, tax_codes, tax_of, tax_rates

JOURNAL = "JournalEntry"
# By comments in the XSD, which checks no lengths itself; a `requestid` has Intuit's own limit.
LONGEST_NUMBER, LONGEST_REQUEST, LONGEST_NOTE = 21, 50, 4000
_BY_NUMBER = re.compile(
    r"select \* from (JournalEntry|SalesReceipt|RefundReceipt) where DocNumber = '([^']*)'",
    re.IGNORECASE,
)
_BY_DAYS = re.compile(
    r"select \* from (JournalEntry|SalesReceipt|RefundReceipt|Invoice|Deposit|Transfer) where "
    r"TxnDate >= '([\d-]+)' and TxnDate <= '([\d-]+)' startposition (\d+) maxresults (\d+)",
    re.IGNORECASE,
)
# CDC answers so many objects, and looks back so many days.
MOST_CHANGES, LONGEST_LOOK_BACK = 1000, timedelta(days=30)
_LISTED = re.compile(
    r"select \* from (Account|TaxCode|TaxRate|Class|Department)( where Active in \(true, false\))? "
    r"startposition (\d+) maxresults (\d+)",
    re.IGNORECASE,
)


@dataclass
class CompanyBooks:
    """One company's chart and its journal entries, by id; its other `documents` by kind and id."""

    country: str = "US"
    repeats: str = "replay"
    close_date: date | None = date(2025, 12, 31)
    accounts: dict[str, dict[str, Any]] = field(default_factory=new_chart)
    files: CompanyFiles = field(default_factory=CompanyFiles)
    tracking: CompanyTracking = field(default_factory=CompanyTracking)
    lists: CompanyLists = field(default_factory=CompanyLists)
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {kind: {} for kind in DOCUMENTS}
    )
    replies: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Entries of other makers, by kind; and the kind of an entry that was deleted, and when, by id.
    sales: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deleted: dict[str, tuple[str, str]] = field(default_factory=dict)
    made: int = 0
    # Of other currencies, by currency and day; those of a company of one currency are none.
    rates: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def home(self) -> str:
        """Return the currency of the company's country."""
        return {"GB": "GBP", "CA": "CAD", "AU": "AUD"}.get(self.country, "USD")

    @property
    def live(self) -> list[dict[str, Any]]:
        """Return the journal entries there are; a deleted one is gone."""
        return list(self.entries.values())

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the live entries of a kind by id."""
        return self.entries if kind == "JournalEntry" else self.documents[kind]

    def delete(self, number: str) -> None:
        """Delete an entry, as its owner or a program does."""
        kind = next(kind for kind in (JOURNAL, *DOCUMENTS) if number in self.of(kind))
        del self.of(kind)[number]
        self.deleted[number] = kind, _now()

    def edit(self, number: str, what: str) -> None:
        """Edit, delete or match an entry, as its owner does on the pages."""
        if what == "delete":
            self.delete(number)
            return
        entry = self.entries[number]
        if what == "match":
            entry["LinkedTxn"] = [{"TxnId": "900", "TxnType": "Deposit"}]
        else:
            entry["Line"][0]["Description"] = "ask the accountant"
        entry["SyncToken"] = str(int(entry["SyncToken"]) + 1)
        entry["MetaData"]["LastUpdatedTime"] = _now()

    def balances(self) -> dict[str, Decimal]:
        """Return what the entries leave on each account, debits positive."""
        sums: dict[str, Decimal] = {}
        for entry in self.entries.values():
            for line in entry["Line"]:
                detail = line["JournalEntryLineDetail"]
                number = detail["AccountRef"]["value"]
                amount = Decimal(str(line["Amount"]))
                sign = 1 if detail["PostingType"] == "Debit" else -1
                for account, part in ((number, amount), (TAX_ACCOUNT, tax_of(line))):
                    sums[account] = sums.get(account, Decimal(0)) + sign * part
        for kind, documents in self.documents.items():
            for document in documents.values():
                for account, amount in postings(kind, document):
                    sums[account] = sums.get(account, Decimal(0)) + amount
        return {number: total for number, total in sums.items() if total}


def add(books: CompanyBooks, kind: str, document: Mapping[str, Any]) -> Response:
    """Answer a POST of something that entries name: an account, class, item or customer."""
    match kind:
        case "Account":
            made = add_account(books.accounts, document)
        case "Item":
            made = books.lists.add_item(document, books.accounts)
        case "Customer":
            made = books.lists.add_customer(document)
        case _:
            made = books.tracking.add(kind, document)
    if isinstance(made, tuple):
        return fault(*made)
    return JSONResponse({kind: made, "time": _now()})


async def write(books: CompanyBooks, kind: str, request: Request) -> Response:
    """Answer a POST to `/journalentry` or another kind: create, full update, or delete."""
    query = request.query_params
    document: dict[str, Any] = json.loads(await request.body())
    request_id = query.get("requestid")
    if request_id is not None:
        if len(request_id) > LONGEST_REQUEST:
            return fault("2130", "requestid is longer than 50 characters")
        if request_id in books.replies:
            if books.repeats == "replay":
                return JSONResponse(books.replies[request_id])
            if books.repeats == "refuse":
                return fault("600", "Duplicate Request ID")
    problem = _refused(books, kind, document, is_delete=query.get("operation") == "delete")
    if problem is not None:
        return problem
    if query.get("operation") == "delete":
        books.delete(document["Id"])
        reply: dict[str, Any] = {kind: {"Id": document["Id"], "status": "Deleted", "domain": "QBO"}}
    else:
        reply = {kind: _keep(books, kind, document), "time": _now()}
    if request_id is not None:
        books.replies[request_id] = reply
    return JSONResponse(reply)


async def upload(books: CompanyBooks, request: Request) -> Response:
    """Answer a POST to `/upload`: files with what they belong to."""
    async with request.form() as form:
        answers = await books.files.add(form)
    return JSONResponse({"AttachableResponse": answers, "time": _now()})


def one(books: CompanyBooks, kind: str, number: str) -> Response:
    """Answer a GET of an entry."""
    if number not in books.of(kind):
        return fault("610", "Object Not Found")
    return JSONResponse({kind: books.of(kind)[number], "time": _now()})


def query(books: CompanyBooks, text: str) -> Response:
    """Answer a query: journal entries by their number, or every account, tax code or tax rate."""
    if match := _BY_NUMBER.fullmatch(text.strip()):
        kind, number = match.groups()
        matches = [e for e in books.of(kind).values() if e.get("DocNumber") == number]
        answer: dict[str, Any] = {kind: matches} if matches else {}
    elif of_days := _BY_DAYS.fullmatch(text.strip()):
        answer = _of_days(books, *of_days.groups())
    elif paged := _LISTED.fullmatch(text.strip()):
        entities = {"Account": list(books.accounts.values())}
        entities |= {"TaxCode": tax_codes(), "TaxRate": tax_rates()}
        for kind in books.tracking.records:
            entities[kind] = books.tracking.listed(kind, with_inactive=paged[2] is not None)
        start, most = int(paged[3]) - 1, int(paged[4])
        answer = {paged[1]: entities[paged[1]][start : start + most]}
    elif (listed := books.lists.query(text)) is not None:
        answer = listed
    elif (rates := rates_of_day(books.rates, books.home, text)) is not None:
        answer = rates
    elif (attached := books.files.query(text)) is not None:
        answer = {"Attachable": attached} if attached else {}
    else:
        return fault("4000", "Error parsing query")
    return JSONResponse({"QueryResponse": answer, "time": _now()})


def changes(books: CompanyBooks, entities: str, since: str) -> Response:
    """Answer `/cdc`: what changed or was deleted since, of some kinds."""
    moment = datetime.fromisoformat(since)
    kinds = entities.split(",")
    is_old = datetime.now(UTC) - moment > LONGEST_LOOK_BACK
    if is_old or not {JOURNAL, *DOCUMENTS}.issuperset(kinds):
        return fault("4000", "Invalid query: changedSince is more than 30 days ago")
    changed = ((kind, _changed(books, kind, moment)) for kind in kinds)
    listed = [{kind: items[:MOST_CHANGES]} for kind, items in changed if items]
    return JSONResponse({"CDCResponse": [{"QueryResponse": listed or [{}]}], "time": _now()})


def _changed(books: CompanyBooks, kind: str, moment: datetime) -> list[dict[str, Any]]:
    changed = [
        entry
        for entry in books.of(kind).values()
        if datetime.fromisoformat(entry["MetaData"]["LastUpdatedTime"]) >= moment
    ]
    return changed + [
        {"domain": "QBO", "status": "Deleted", "Id": number, "MetaData": {"LastUpdatedTime": at}}
        for number, (of_kind, at) in books.deleted.items()
        if of_kind == kind and datetime.fromisoformat(at) >= moment
    ]


def _of_days(
    books: CompanyBooks, kind: str, first: str, last: str, start: str, most: str
) -> dict[str, Any]:
    ours = books.of(kind).values() if kind in {JOURNAL, *DOCUMENTS} else ()
    items = [*ours, *books.sales.get(kind, [])]
    chosen = [item for item in items if first <= item["TxnDate"] <= last]
    page = chosen[int(start) - 1 : int(start) - 1 + int(most)]
    return {kind: page} if page else {}


def _refused(
    books: CompanyBooks, kind: str, document: Mapping[str, Any], *, is_delete: bool
) -> Response | None:
    """Return the first fault of a request, in the order that QuickBooks looks."""
    before = books.of(kind).get(document.get("Id", ""))
    checks: list[Callable[[], Response | None]] = [
        lambda: _stale(document, before),
        lambda: _closed(books, document, before),
    ]
    if is_delete:
        checks.append(lambda: _matched(before))
    if not is_delete:
        checks += [lambda: _too_long(document), lambda: _content_refused(books, kind, document)]
    return next((problem for check in checks if (problem := check()) is not None), None)


def _content_refused(
    books: CompanyBooks, kind: str, document: Mapping[str, Any]
) -> Response | None:
    if kind == JOURNAL:
        return _lines_refused(books, document)
    refusal = refused_document(books, kind, document)
    return None if refusal is None else fault(*refusal)


def _matched(before: Mapping[str, Any] | None) -> Response | None:
    if before is None or not before.get("LinkedTxn"):
        return None
    # Intuit's list of errors has it; the words are those that integrations met.
    return fault("6480", "This transaction has been matched and cannot be deleted")


def _stale(document: Mapping[str, Any], before: Mapping[str, Any] | None) -> Response | None:
    if document.get("Id") is None:
        return None
    if before is None:
        return fault("610", "Object Not Found")
    if document.get("SyncToken") != before["SyncToken"]:
        return fault("5010", "Stale Object Error")
    return None


def _closed(
    books: CompanyBooks, document: Mapping[str, Any], before: Mapping[str, Any] | None
) -> Response | None:
    # An entry moves neither into a closed period nor out of one.
    days = [document.get("TxnDate"), before and before["TxnDate"]]
    closed = books.close_date
    if closed is not None and any(day and date.fromisoformat(day) <= closed for day in days):
        # 6210 is the same where the close has a password (Intuit's list of errors).
        return fault("6200", "Account Period Closed, Cannot Update Through Services API")
    return None


def _too_long(document: Mapping[str, Any]) -> Response | None:
    longest = {"DocNumber": LONGEST_NUMBER, "PrivateNote": LONGEST_NOTE}
    if any(len(document.get(name, "")) > length for name, length in longest.items()):
        return fault("2050", "String length is either shorter or longer than supported by spec")
    return None


def _lines_refused(books: CompanyBooks, document: Mapping[str, Any]) -> Response | None:
    if not document.get("Line"):
        return fault("2020", "Required param missing")
    for line in document["Line"]:
        if (problem := _line_refused(books, line)) is not None:
            return problem
    if (refusal := refused_tax(document, books.country)) is not None:
        return fault(*refusal)
    sums = {"Debit": Decimal(0), "Credit": Decimal(0)}
    for line in document["Line"]:
        amount = Decimal(str(line["Amount"])) + tax_of(line)
        sums[line["JournalEntryLineDetail"]["PostingType"]] += amount
    unbalanced = sums["Debit"] != sums["Credit"]
    return fault("2300", "Transaction total does not balance") if unbalanced else None


def _line_refused(books: CompanyBooks, line: Mapping[str, Any]) -> Response | None:
    detail = line["JournalEntryLineDetail"]
    if detail.get("PostingType") not in {"Debit", "Credit"}:
        return fault("2260", "PostingType is missing")
    if Decimal(str(line["Amount"])) < 0:
        return fault("2290", "Amount is negative")
    account = books.accounts.get(detail["AccountRef"]["value"])
    if account is None or not account["Active"]:
        return fault("2500", "Invalid Reference Id")
    if (refusal := books.tracking.refused(detail)) is not None:
        return fault(*refusal)
    # A line on it needs a customer, and a seller's day has none.
    if account["AccountType"] == "Accounts Receivable":
        return fault("6000", "When you use Accounts Receivable, you must choose a customer")
    return None


def _keep(books: CompanyBooks, kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    number = document.get("Id")
    if number is None:
        # All kinds of entries have ids of one series.
        books.made += 1
        number = str(1000 + books.made)
    before = books.of(kind).get(number)
    token = int(before["SyncToken"]) + 1 if before else 0
    shown = _journal(books, document) if kind == JOURNAL else completed(books, kind, document)
    entry = {
        "domain": "QBO",
        "sparse": False,
        **shown,
        "Id": number,
        "SyncToken": str(token),
        "MetaData": {"CreateTime": _now(), "LastUpdatedTime": _now()},
    }
    books.of(kind)[number] = entry
    return entry


def _journal(books: CompanyBooks, document: Mapping[str, Any]) -> dict[str, Any]:
    lines = [{**line, "Id": str(n)} for n, line in enumerate(document["Line"])]
    for line in lines:
        books.tracking.identify(line["JournalEntryLineDetail"])
    return {**document, "Line": lines}


def fault(code: str, message: str, status: int = 400) -> Response:
    """Return a fault as QuickBooks answers it."""
    error = {"Message": message, "Detail": message, "code": code, "element": ""}
    return JSONResponse(
        {"Fault": {"Error": [error], "type": "ValidationFault"}, "time": _now()}, status
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
