"""Journal entries of a QuickBooks company: what its API takes, refuses and shows.

Elements: the XSD of minor version 75. Codes and messages: Intuit's pages on errors. What becomes of
a repeated `requestid` is contradictory in the field, so a company plays one of three: `replay` (the
first answer again), `refuse` (600) and `ignore`.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.quickbooks_taxes import TAX_ACCOUNT, refused_tax, tax_codes, tax_of, tax_rates

# By comments in the XSD, which checks no lengths itself; a `requestid` has Intuit's own limit.
LONGEST_NUMBER, LONGEST_REQUEST, LONGEST_NOTE = 21, 50, 4000
_BY_NUMBER = re.compile(r"select \* from JournalEntry where DocNumber = '([^']*)'", re.IGNORECASE)
_LISTED = re.compile(
    r"select \* from (Account|TaxCode|TaxRate) startposition (\d+) maxresults (\d+)", re.IGNORECASE
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
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    replies: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, name, kind in CHART:
            self.accounts[number] = {
                "Id": number,
                "Name": name,
                "FullyQualifiedName": name,
                "AccountType": kind,
                "Active": True,
                "SyncToken": "0",
            }

    @property
    def live(self) -> list[dict[str, Any]]:
        """Return the entries there are; a deleted one is gone."""
        return list(self.entries.values())

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
        del books.entries[document["Id"]]
        reply: dict[str, Any] = {
            "JournalEntry": {"Id": document["Id"], "status": "Deleted", "domain": "QBO"}
        }
    else:
        reply = {"JournalEntry": _keep(books, document), "time": _now()}
    if request_id is not None:
        books.replies[request_id] = reply
    return JSONResponse(reply)


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
    elif paged := _LISTED.fullmatch(text.strip()):
        entities = {"Account": list(books.accounts.values())}
        entities |= {"TaxCode": tax_codes(), "TaxRate": tax_rates()}
        start, most = int(paged[2]) - 1, int(paged[3])
        answer = {paged[1]: entities[paged[1]][start : start + most]}
    else:
        return fault("4000", "Error parsing query")
    return JSONResponse({"QueryResponse": answer, "time": _now()})


def _refused(
    books: CompanyBooks, document: Mapping[str, Any], *, is_delete: bool
) -> Response | None:
    """Return the first fault of a request, in the order that QuickBooks looks."""
    before = books.entries.get(document.get("Id", ""))
    checks: list[Callable[[], Response | None]] = [
        lambda: _stale(document, before),
        lambda: _closed(books, document, before),
    ]
    if not is_delete:
        checks += [lambda: _too_long(document), lambda: _lines_refused(books, document)]
    return next((problem for check in checks if (problem := check()) is not None), None)


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
