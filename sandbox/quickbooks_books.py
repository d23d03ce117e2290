"""Journal entries of a QuickBooks company: what its API takes, refuses and shows.

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
from sandbox.quickbooks_classes import CompanyTracking
from sandbox.quickbooks_taxes import TAX_ACCOUNT, refused_tax, tax_codes, tax_of, tax_rates

# By comments in the XSD, which checks no lengths itself; a `requestid` has Intuit's own limit.
LONGEST_NUMBER, LONGEST_REQUEST, LONGEST_NOTE, LONGEST_NAME = 21, 50, 4000, 100
KINDS = frozenset(
    (
        *("Bank", "Accounts Receivable", "Other Current Asset", "Fixed Asset", "Other Asset"),
        *("Accounts Payable", "Credit Card", "Other Current Liability", "Long Term Liability"),
        *("Equity", "Income", "Cost of Goods Sold", "Expense", "Other Income", "Other Expense"),
    )
)
_BY_NUMBER = re.compile(r"select \* from JournalEntry where DocNumber = '([^']*)'", re.IGNORECASE)
_BY_DAYS = re.compile(
    r"select \* from (JournalEntry|SalesReceipt|Invoice|Deposit|Transfer) where "
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
# Id, name, type: a small chart of a seller's.
CHART = (
    ("35", "Checking", "Bank"),
    ("51", "Marketplace Clearing", "Other Current Asset"),
    ("52", "Payouts in Transit", "Other Current Asset"),
    ("79", "Sales of Product Income", "Income"),
    ("84", "Accounts Receivable", "Accounts Receivable"),
    ("90", "Marketplace Fees", "Expense"),
    ("91", "Sales Tax Payable", "Other Current Liability"),
    (TAX_ACCOUNT, "VAT Control", "Other Current Liability"),
)


@dataclass
class CompanyBooks:
    """One company's chart and its journal entries, by id."""

    country: str = "US"
    repeats: str = "replay"
    close_date: date | None = date(2025, 12, 31)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: CompanyFiles = field(default_factory=CompanyFiles)
    tracking: CompanyTracking = field(default_factory=CompanyTracking)
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    replies: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Entries of other kinds and other makers, by kind; and when an entry was deleted, by id.
    sales: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, name, kind in CHART:
            self.accounts[number] = _account(number, name, kind)

    @property
    def live(self) -> list[dict[str, Any]]:
        """Return the entries there are; a deleted one is gone."""
        return list(self.entries.values())

    def delete(self, number: str) -> None:
        """Delete an entry, as its owner or a program does."""
        del self.entries[number]
        self.deleted[number] = _now()

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
        return {number: total for number, total in sums.items() if total}


def add_account(books: CompanyBooks, document: Mapping[str, Any]) -> Response:
    """Answer a POST to `/account`: a new account of the chart."""
    name, kind = str(document.get("Name", "")), str(document.get("AccountType", ""))
    if not name or len(name) > LONGEST_NAME or set(name) & set(':"'):
        return fault("2050", "String length is either shorter or longer than supported by spec")
    if any(account["Name"].casefold() == name.casefold() for account in books.accounts.values()):
        return fault("6240", "Duplicate Name Exists Error")
    if kind not in KINDS:
        return fault("2010", "Request has invalid or unsupported property")
    number = str(max(map(int, books.accounts)) + 1)
    books.accounts[number] = _account(number, name, kind)
    return JSONResponse({"Account": books.accounts[number], "time": _now()})


def add_tracked(books: CompanyBooks, kind: str, document: Mapping[str, Any]) -> Response:
    """Answer a POST to `/class` or `/department`: a new one."""
    made = books.tracking.add(kind, document)
    if isinstance(made, tuple):
        return fault(*made)
    return JSONResponse({kind: made, "time": _now()})


def _account(number: str, name: str, kind: str) -> dict[str, Any]:
    return {
        "Id": number,
        "Name": name,
        "FullyQualifiedName": name,
        "AccountType": kind,
        "Active": True,
        "SyncToken": "0",
    }


async def write(books: CompanyBooks, request: Request) -> Response:
    """Answer a POST to `/journalentry`: create, full update, or delete."""
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
    problem = _refused(books, document, is_delete=query.get("operation") == "delete")
    if problem is not None:
        return problem
    if query.get("operation") == "delete":
        books.delete(document["Id"])
        reply: dict[str, Any] = {
            "JournalEntry": {"Id": document["Id"], "status": "Deleted", "domain": "QBO"}
        }
    else:
        reply = {"JournalEntry": _keep(books, document), "time": _now()}
    if request_id is not None:
        books.replies[request_id] = reply
    return JSONResponse(reply)


async def upload(books: CompanyBooks, request: Request) -> Response:
    """Answer a POST to `/upload`: files with what they belong to."""
    async with request.form() as form:
        answers = await books.files.add(form)
    return JSONResponse({"AttachableResponse": answers, "time": _now()})


def one(books: CompanyBooks, number: str) -> Response:
    """Answer a GET of an entry."""
    if number not in books.entries:
        return fault("610", "Object Not Found")
    return JSONResponse({"JournalEntry": books.entries[number], "time": _now()})


def query(books: CompanyBooks, text: str) -> Response:
    """Answer a query: journal entries by their number, or every account, tax code or tax rate."""
    if match := _BY_NUMBER.fullmatch(text.strip()):
        matches = [e for e in books.entries.values() if e.get("DocNumber") == match[1]]
        answer: dict[str, Any] = {"JournalEntry": matches} if matches else {}
    elif of_days := _BY_DAYS.fullmatch(text.strip()):
        answer = _of_days(books, *of_days.groups())
    elif paged := _LISTED.fullmatch(text.strip()):
        entities = {"Account": list(books.accounts.values())}
        entities |= {"TaxCode": tax_codes(), "TaxRate": tax_rates()}
        for kind in books.tracking.records:
            entities[kind] = books.tracking.listed(kind, with_inactive=paged[2] is not None)
        start, most = int(paged[3]) - 1, int(paged[4])
        answer = {paged[1]: entities[paged[1]][start : start + most]}
    elif (attached := books.files.query(text)) is not None:
        answer = {"Attachable": attached} if attached else {}
    else:
        return fault("4000", "Error parsing query")
    return JSONResponse({"QueryResponse": answer, "time": _now()})


def changes(books: CompanyBooks, entities: str, since: str) -> Response:
    """Answer `/cdc`: what changed or was deleted since, of one kind."""
    moment = datetime.fromisoformat(since)
    if entities != "JournalEntry" or datetime.now(UTC) - moment > LONGEST_LOOK_BACK:
        return fault("4000", "Invalid query: changedSince is more than 30 days ago")
    changed = [
        entry
        for entry in books.entries.values()
        if datetime.fromisoformat(entry["MetaData"]["LastUpdatedTime"]) >= moment
    ]
    changed += [
        {"domain": "QBO", "status": "Deleted", "Id": number, "MetaData": {"LastUpdatedTime": at}}
        for number, at in books.deleted.items()
        if datetime.fromisoformat(at) >= moment
    ]
    listed = {"JournalEntry": changed[:MOST_CHANGES]} if changed else {}
    return JSONResponse({"CDCResponse": [{"QueryResponse": [listed]}], "time": _now()})


def _of_days(
    books: CompanyBooks, kind: str, first: str, last: str, start: str, most: str
) -> dict[str, Any]:
    items = books.sales.get(kind, []) if kind != "JournalEntry" else list(books.entries.values())
    chosen = [item for item in items if first <= item["TxnDate"] <= last]
    page = chosen[int(start) - 1 : int(start) - 1 + int(most)]
    return {kind: page} if page else {}


def _refused(
    books: CompanyBooks, document: Mapping[str, Any], *, is_delete: bool
) -> Response | None:
    """Return the first fault of a request, in the order that QuickBooks looks."""
    before = books.entries.get(document.get("Id", ""))
    checks: list[Callable[[], Response | None]] = [
        lambda: _stale(document, before),
        lambda: _closed(books, document, before),
    ]
    if is_delete:
        checks.append(lambda: _matched(before))
    if not is_delete:
        checks += [lambda: _too_long(document), lambda: _lines_refused(books, document)]
    return next((problem for check in checks if (problem := check()) is not None), None)


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


def _keep(books: CompanyBooks, document: Mapping[str, Any]) -> dict[str, Any]:
    number = document.get("Id") or str(1000 + len(books.replies) + len(books.entries))
    while document.get("Id") is None and number in books.entries:
        number = str(int(number) + 1)
    before = books.entries.get(number)
    token = int(before["SyncToken"]) + 1 if before else 0
    lines = [{**line, "Id": str(n)} for n, line in enumerate(document["Line"])]
    for line in lines:
        books.tracking.identify(line["JournalEntryLineDetail"])
    entry = {
        "domain": "QBO",
        "sparse": False,
        **{name: value for name, value in document.items() if name != "Line"},
        "Id": number,
        "SyncToken": str(token),
        "MetaData": {"CreateTime": _now(), "LastUpdatedTime": _now()},
        "Line": lines,
    }
    books.entries[number] = entry
    return entry


def fault(code: str, message: str, status: int = 400) -> Response:
    """Return a fault as QuickBooks answers it."""
    error = {"Message": message, "Detail": message, "code": code, "element": ""}
    return JSONResponse(
        {"Fault": {"Error": [error], "type": "ValidationFault"}, "time": _now()}, status
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
