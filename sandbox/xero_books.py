"""Manual journals of a Xero organisation: what its API takes, refuses and shows.

Fields, statuses and answers: Xero's OpenAPI document (accounting, 16.1.0). Messages are those that
integrations met. A key of idempotency is kept for six
minutes, with the answer to its first request, whatever that was.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox import xero_categories
from sandbox.xero_attachments import JournalFiles
from sandbox.xero_chart import Accounts, chart
from sandbox.xero_lists import PAGE, dated, is_newer, listed, of_days
from sandbox.xero_replies import ok, problem, validation
from sandbox.xero_taxes import TAX_ACCOUNT, rates, tax_errors, tax_of

KEPT_SECONDS, LONGEST_KEY = 360.0, 128
RECEIVABLE, PAYABLE, REALISED = "610", "800", "497"
STATES = {"DRAFT", "POSTED", "DELETED", "VOIDED", "ARCHIVED"}
FINAL = {"DELETED", "VOIDED"}


@dataclass
class JournalBook:
    """One organisation's chart and its manual journals, by id."""

    accounts: Accounts = field(default_factory=chart)
    journals: dict[str, dict[str, Any]] = field(default_factory=dict)
    invoices: list[dict[str, Any]] = field(default_factory=list)
    credit_notes: list[dict[str, Any]] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    # An organisation of one currency books in no other.
    currencies: set[str] = field(default_factory=lambda: {"GBP", "NZD", "AUD"})
    bank_transactions: list[dict[str, Any]] = field(default_factory=list)
    tracking: xero_categories.Categories = field(default_factory=xero_categories.categories)
    files: JournalFiles = field(default_factory=JournalFiles)
    period_lock: date | None = None
    # As integrations met it: an unknown account is taken off its line, with a warning.
    drops_accounts: bool = False
    replies: dict[str, tuple[float, tuple[str, str, bytes], int, bytes]] = field(
        default_factory=dict
    )

    @property
    def live(self) -> list[dict[str, Any]]:
        """Return the journals that count: neither voided nor deleted."""
        return [j for j in self.journals.values() if j["Status"] not in FINAL]

    def edit(self, number: str, what: str) -> None:
        """Edit or void a journal, as its owner does on the pages."""
        journal = self.journals[number]
        if what == "delete":
            journal["Status"] = "VOIDED"
        else:
            journal["JournalLines"][0]["AccountCode"] = "260"
        journal["UpdatedDateUTC"] = f"/Date({int(time.time() * 1000)}+0000)/"

    def balances(self) -> dict[str, Decimal]:
        """Return what the live journals leave on each account."""
        sums: dict[str, Decimal] = {}
        for journal in self.live:
            for line in journal["JournalLines"]:
                code, tax = line["AccountCode"], tax_of(journal, line)
                # Tax within an amount goes to the tax account; tax beside it comes on top.
                within = tax if journal["LineAmountTypes"] == "Inclusive" else Decimal(0)
                amount = Decimal(str(line["LineAmount"])) - within
                for account, part in ((code, amount), (TAX_ACCOUNT, tax)):
                    sums[account] = sums.get(account, Decimal(0)) + part
        for code, amount in self.invoiced():
            sums[code] = sums.get(code, Decimal(0)) + amount
        return {code: total for code, total in sums.items() if total}

    def invoiced(self) -> Iterator[tuple[str, Decimal]]:
        """Yield what live invoices, bills and credit notes and their payments leave, by account."""
        for item in self.documents:
            yield from postings(item)
        numbers = {item.get("InvoiceID") or item.get("CreditNoteID") for item in self.documents}
        for payment in self.payments:
            if payment["Status"] != "DELETED" and payment["document"] in numbers:
                yield from paid(payment)

    @property
    def documents(self) -> list[dict[str, Any]]:
        """Return the live invoices, bills and credit notes that have lines."""
        listed = (*self.invoices, *self.credit_notes)
        return [each for each in listed if each["Status"] not in FINAL and each.get("LineItems")]


def postings(item: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Yield what an invoice, bill or credit note leaves on accounts, debits positive."""
    sign = -1 if item["Type"] == "ACCREC" else 1
    total = Decimal(0)
    for line in item["LineItems"]:
        tax, amount = tax_of(item, line), Decimal(str(line["LineAmount"]))
        within = tax if item["LineAmountTypes"] == "Inclusive" else Decimal(0)
        amount, tax = in_books(amount - within, item), in_books(tax, item)
        yield line.get("AccountCode", ""), sign * amount
        yield TAX_ACCOUNT, sign * tax
        total += amount + tax
    yield PAYABLE if item["Type"] == "ACCPAY" else RECEIVABLE, -sign * total


def paid(payment: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Yield what a payment leaves on accounts; what its rate makes beside is a realised gain."""
    due = in_books(Decimal(str(payment["Amount"])), payment["of"])
    amount = Decimal(str(payment["BankAmount"])) if "BankAmount" in payment else due
    yield payment["Account"]["Code"], payment["sign"] * amount
    yield payment["ledger"], -payment["sign"] * due
    yield REALISED, payment["sign"] * (due - amount)


def in_books(amount: Decimal, item: Mapping[str, Any]) -> Decimal:
    """Return an amount of a document in the organisation's currency."""
    return (amount / Decimal(str(item.get("CurrencyRate") or 1))).quantize(Decimal("0.01"))


async def answer(ledger: JournalBook, request: Request) -> Response:
    """Answer a call to `/ManualJournals`, or to one of them."""
    number = request.path_params.get("id")
    if request.method == "GET":
        return _shown(ledger, request) if number is None else _one(ledger, number)
    return await keyed(ledger, request, lambda body: _written(ledger, request, body, number))


async def keyed(
    ledger: JournalBook, request: Request, write: Callable[[Any], Response]
) -> Response:
    """Answer a request that writes; one of a key that was answered gets its answer again."""
    body = await request.body()
    key = request.headers.get("idempotency-key")
    call = request.method, str(request.url), body
    if key is not None:
        if len(key) > LONGEST_KEY:
            return problem("The Idempotency-Key is longer than 128 characters")
        earlier = ledger.replies.get(key)
        if earlier is not None and time.monotonic() - earlier[0] < KEPT_SECONDS:
            # Method, address and body together; an earlier refusal is repeated as well.
            if earlier[1] != call:
                return problem(f"Idempotency Key {key} is used with a different request")
            return Response(earlier[3], earlier[2], media_type="application/json")
    reply = write(json.loads(body))
    if key is not None:
        ledger.replies[key] = (time.monotonic(), call, reply.status_code, bytes(reply.body))
    return reply


def bank_transactions(ledger: JournalBook, request: Request) -> Response:
    """Answer a call to `/BankTransactions`, those of some days a page at a time."""
    return listed("BankTransactions", ledger.bank_transactions, request)


async def attachments(ledger: JournalBook, request: Request) -> Response:
    """Answer a call to a document's `/Attachments`: a GET of all, or a PUT of one by its name."""
    number = request.path_params["id"]
    others = (*ledger.invoices, *ledger.credit_notes)
    items = ledger.journals | {d.get("InvoiceID") or d.get("CreditNoteID"): d for d in others}
    if number not in items:
        return problem("The document with the supplied id was not found for this endpoint.", 404)
    if request.method == "PUT":
        kind, content = request.headers.get("content-type", ""), await request.body()
        refusal = ledger.files.add(number, request.path_params["name"], kind, content)
        if refusal is not None:
            return problem(refusal)
        items[number]["HasAttachments"] = True
    return ok("Attachments", ledger.files.listed(number))


def tracking(ledger: JournalBook, request: Request) -> Response:
    """Answer a GET of `/TrackingCategories`."""
    include_archived = request.query_params.get("includeArchived") == "true"
    shown = xero_categories.shown(ledger.tracking, include_archived=include_archived)
    return ok("TrackingCategories", shown)


def add_option(ledger: JournalBook, number: str, document: Mapping[str, Any]) -> Response:
    """Answer a PUT to the options of a tracking category."""
    option = xero_categories.add_option(ledger.tracking, number, document)
    if isinstance(option, str):
        return validation([{**document, "ValidationErrors": [{"Message": option}]}])
    return ok("Options", [option])


def tax_rates() -> Response:
    """Answer a call to `/TaxRates`."""
    return ok("TaxRates", rates())


def _shown(ledger: JournalBook, request: Request) -> Response:
    query = request.query_params
    journals = sorted(ledger.journals.values(), key=lambda j: j["UpdatedDateUTC"])
    chosen = of_days(journals, query.get("where", ""))
    if chosen is None:
        return problem("The where clause is not understood")
    journals = [j for j in chosen if is_newer(j, request.headers.get("if-modified-since"))]
    if "page" in query:
        start = (int(query["page"]) - 1) * PAGE
        return ok("ManualJournals", [_public(j) for j in journals[start : start + PAGE]])
    # Without a page the list has no lines.
    bare = [{k: v for k, v in _public(j).items() if k != "JournalLines"} for j in journals]
    return ok("ManualJournals", bare)


def _one(ledger: JournalBook, number: str) -> Response:
    if number not in ledger.journals:
        return problem("The document with the supplied id was not found for this endpoint.", 404)
    return ok("ManualJournals", [_public(ledger.journals[number])])


def _written(
    ledger: JournalBook, request: Request, body: Mapping[str, Any], number: str | None
) -> Response:
    if number is not None and number not in ledger.journals:
        return problem("The document with the supplied id was not found for this endpoint.", 404)
    answers, refused = [], False
    for document in body.get("ManualJournals", [body]):
        before = ledger.journals.get(number or document.get("ManualJournalID", ""))
        # PUT creates, whatever id is sent along.
        if request.method == "PUT":
            before = None
        errors = _errors(ledger, document, before)
        refused = refused or bool(errors)
        if errors:
            messages = [{"Message": each} for each in errors]
            shown = _public({**document, "day": document.get("Date")})
            answers.append(
                {**shown, "StatusAttributeString": "ERROR", "ValidationErrors": messages}
            )
        else:
            warnings = dropped(ledger, document.get("JournalLines", ()))
            shown = _public(_keep(ledger, document, before))
            answers.append({**shown, "Warnings": warnings})
    # Unless asked to sum up, Xero answers 200 and puts the errors beside each item.
    if refused and request.query_params.get("summarizeErrors", "").lower() == "true":
        return validation(answers)
    return ok("ManualJournals", answers)


def _errors(
    ledger: JournalBook, document: Mapping[str, Any], before: Mapping[str, Any] | None
) -> list[str]:
    status = document.get("Status", "DRAFT")
    if status not in STATES:
        return [f"The status '{status}' cannot be applied to the document"]
    if before is not None and before["Status"] in FINAL:
        return ["This document cannot be edited as it has been voided or deleted"]
    if (message := locked(ledger, document, before)) is not None:
        return [message]
    if status in FINAL:
        return [] if before is not None else ["A document that is not there cannot be voided"]
    errors = [] if document.get("Narration") else ["Narration must be specified"]
    # Xero has a default, of which its documents say two things: whoever omits it fails here.
    if "LineAmountTypes" not in document:
        errors.append("LineAmountTypes must be specified")
    lines = document.get("JournalLines", [])
    if len(lines) < 2:
        errors.append("A manual journal has two lines at least")
    amounts = [Decimal(str(line["LineAmount"])) for line in lines]
    debits = sum((a for a in amounts if a > 0), Decimal(0))
    credits_ = sum((a for a in amounts if a < 0), Decimal(0))
    if debits + credits_:
        errors.append(f"The total debits ({debits}) must equal total credits ({credits_})")
    errors += [e for line in lines if (e := account_error(ledger, line)) is not None]
    errors += xero_categories.tracking_errors(document, ledger.tracking)
    return errors + list(tax_errors(document, ledger.accounts))


def account_error(ledger: JournalBook, line: Mapping[str, Any]) -> str | None:
    """Return why a line may not be of its account; None where it may."""
    code = line.get("AccountCode", "")
    account = ledger.accounts.get(code)
    if account is None and ledger.drops_accounts:
        return None
    if account is None:
        return f"Account code '{code}' is not a valid code for this document."
    if account["Status"] != "ACTIVE":
        return f"Account code '{code}' has been archived, or deleted."
    # As integrations found; UNCONFIRMED by Xero's own documents.
    if account["Type"] == "BANK" or account.get("SystemAccount") in {"DEBTORS", "CREDITORS"}:
        return f"Account code '{code}' cannot be used in a manual journal."
    return None


def locked(
    ledger: JournalBook, document: Mapping[str, Any], before: Mapping[str, Any] | None
) -> str | None:
    """Return the refusal of a document in a locked period; None where it is open."""
    days = [document.get("Date"), before and before["day"]]
    lock = ledger.period_lock
    if lock is not None and any(day and date.fromisoformat(day) <= lock for day in days):
        return f"The document date cannot be before the period lock date of {lock:%d %B %Y}"
    return None


def _keep(
    ledger: JournalBook, document: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dict[str, Any]:
    now = datetime.now(UTC)
    journal = {
        "ManualJournalID": str(uuid.uuid4()),
        "Status": "DRAFT",
        "ShowOnCashBasisReports": True,
        "HasAttachments": False,
        "day": f"{now:%Y-%m-%d}",
        **(before or {}),
        **{name: value for name, value in document.items() if name != "Date"},
        "UpdatedDateUTC": f"/Date({int(now.timestamp() * 1000)}+0000)/",
    }
    if "Date" in document:
        journal["day"] = document["Date"]
    xero_categories.identify(journal, ledger.tracking)
    for line in journal["JournalLines"]:
        if line.get("AccountCode") in ledger.accounts:
            line.setdefault("AccountID", ledger.accounts[line["AccountCode"]]["AccountID"])
        else:
            line.pop("AccountCode", None)
    ledger.journals[journal["ManualJournalID"]] = journal
    return journal


def dropped(ledger: JournalBook, lines: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return a warning for each account of lines that is taken off them."""
    codes = [line.get("AccountCode") for line in lines]
    return [
        {
            "Message": f"Account code '{code}' has been removed as it does not match a recognised "
            "account."
        }
        for code in codes
        if code is not None and code not in ledger.accounts
    ]


def _public(journal: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **dated(journal),
        "StatusAttributeString": "OK",
        "Warnings": [],
        "ValidationErrors": [],
    }
