"""Invoices, bills, credit notes, payments and contacts of a Xero organisation.

Fields, types and answers: Xero's OpenAPI document (accounting, 16.1.0). Messages are those that
integrations met. UNCONFIRMED, each as it asks the most of a client: that a voided invoice's number
is taken for good, that a document of nothing is paid at once, the words about currencies.
"""

import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox import xero_categories
from sandbox.xero_books import FINAL, JournalBook, account_error, dropped, keyed, locked
from sandbox.xero_forms import INVOICES, MISSING, Form, by_id, refusal, shown, touch
from sandbox.xero_lists import is_newer, listed
from sandbox.xero_payments import settle
from sandbox.xero_replies import ok, problem, validation
from sandbox.xero_taxes import tax_errors, tax_of

_STATES = {"DRAFT", "SUBMITTED", "AUTHORISED", "VOIDED", "DELETED"}
LONGEST_NUMBER = 255


async def documents(ledger: JournalBook, request: Request, form: Form) -> Response:
    """Answer a call to `/Invoices` or `/CreditNotes`, or to one of them."""
    number = request.path_params.get("id")
    if request.method != "GET":
        return await keyed(ledger, request, lambda b: _written(ledger, request, form, b, number))
    if number is not None:
        item = by_id(ledger, form, number)
        return problem(MISSING, 404) if item is None else ok(form.resource, [_public(item)])
    since = request.headers.get("if-modified-since")
    items = [each for each in form.items(ledger) if is_newer(each, since)]
    return listed(form.resource, items, request)


def _written(
    ledger: JournalBook, request: Request, form: Form, body: Mapping[str, Any], number: str | None
) -> Response:
    (document,) = body[form.resource]
    before = by_id(ledger, form, number) if number is not None else None
    if number is not None and before is None:
        return problem(MISSING, 404)
    errors = list(_errors(ledger, form, document, before))
    if not errors:
        warnings = dropped(ledger, document.get("LineItems", ()))
        shown_there = _public(_keep(ledger, form, document, before))
        return ok(form.resource, [{**shown_there, "Warnings": warnings}])
    sent = {name: value for name, value in document.items() if name not in {"Date", "DueDate"}}
    answer = {**sent, **refusal(errors)}
    if request.query_params.get("summarizeErrors", "").lower() == "true":
        return validation([answer])
    return ok(form.resource, [answer])


def _errors(
    ledger: JournalBook, form: Form, document: Mapping[str, Any], before: dict[str, Any] | None
) -> Iterator[str]:
    status = document.get("Status", "DRAFT")
    if status not in _STATES:
        yield f"The status '{status}' cannot be applied to the document"
        return
    if before is not None and (before["Status"] in FINAL or before.get("Payments")):
        yield "This document cannot be edited as it has a payment or credit note allocated to it."
        return
    if (message := locked(ledger, document, before)) is not None:
        yield message
    if status not in FINAL:
        yield from _field_errors(ledger, form, document, before)
        yield from _line_errors(ledger, document)


def _field_errors(
    ledger: JournalBook, form: Form, document: Mapping[str, Any], before: dict[str, Any] | None
) -> Iterator[str]:
    number, kind = document.get(form.number, ""), document.get("Type")
    if kind not in form.types or (before is not None and before["Type"] != kind):
        yield "The document type is invalid"
    # Xero has a default, of which its documents say two things: whoever omits it fails here.
    if "LineAmountTypes" not in document:
        yield "LineAmountTypes must be specified"
    # More than an id would overwrite the contact, which nobody here means to do.
    contact = document.get("Contact", {})
    if contact not in [{"ContactID": each["ContactID"]} for each in ledger.contacts]:
        yield "A Contact must be specified for this type of document"
    if document.get("CurrencyCode") not in ledger.currencies:
        yield f"Organisation is not subscribed to currency {document.get('CurrencyCode')}"
    if len(number) > LONGEST_NUMBER:
        yield "The number is longer than 255 characters"
    others = [i for i in form.items(ledger) if i is not before and i.get(form.number) == number]
    if kind != "ACCPAY" and any(each.get("Type") != "ACCPAY" for each in others):
        yield f"{'Invoice' if form is INVOICES else 'Credit note'} # must be unique."
    if _total(document) < 0:
        yield "The document total must be greater than or equal to zero"


def _line_errors(ledger: JournalBook, document: Mapping[str, Any]) -> Iterator[str]:
    lines = document.get("LineItems", [])
    if not lines:
        yield "At least one line item is required"
    for line in lines:
        if not line.get("Description"):
            yield "Description is required"
        if (error := account_error(ledger, line)) is not None:
            yield error
    as_journal = {**document, "JournalLines": lines}
    yield from xero_categories.tracking_errors(as_journal, ledger.tracking)
    yield from tax_errors(as_journal, ledger.accounts)


def _keep(
    ledger: JournalBook, form: Form, document: Mapping[str, Any], before: dict[str, Any] | None
) -> dict[str, Any]:
    item: dict[str, Any] = before if before is not None else {form.id: str(uuid.uuid4())}
    sent = {name: value for name, value in document.items() if name not in {"Date", "DueDate"}}
    if sent.get("Status") in FINAL:
        item |= {"Status": sent["Status"], "AmountDue": 0.0} if form is INVOICES else sent
        touch(item)
        return item
    # A bill has no reference.
    if document["Type"] == "ACCPAY":
        sent.pop("Reference", None)
    if item.get("CurrencyCode") != document["CurrencyCode"]:
        item.pop("CurrencyRate", None)
    item |= {"HasAttachments": False, **sent, "day": document["Date"], "Payments": []}
    contact = next(c for c in ledger.contacts if c["ContactID"] == sent["Contact"]["ContactID"])
    item["Contact"] = {"ContactID": contact["ContactID"], "Name": contact["Name"]}
    for line in item["LineItems"]:
        line["LineItemID"] = str(uuid.uuid4())
        line["TaxAmount"] = float(tax_of(item, line))
        if line["AccountCode"] in ledger.accounts:
            line["AccountID"] = ledger.accounts[line["AccountCode"]]["AccountID"]
        else:
            del line["AccountCode"]
    xero_categories.identify({"JournalLines": item["LineItems"]}, ledger.tracking)
    total, tax = _total(item), sum((tax_of(item, line) for line in item["LineItems"]), Decimal(0))
    item |= {"Total": float(total), "TotalTax": float(tax), "SubTotal": float(total - tax)}
    if before is None:
        form.items(ledger).append(item)
    settle(ledger, item[form.id])
    return item


def _total(document: Mapping[str, Any]) -> Decimal:
    lines = document.get("LineItems", ())
    total = sum((Decimal(str(line["LineAmount"])) for line in lines), Decimal(0))
    if document.get("LineAmountTypes") == "Exclusive":
        total += sum((tax_of(document, line) for line in lines), Decimal(0))
    return total


def _public(item: Mapping[str, Any]) -> dict[str, Any]:
    return {**shown(item), "StatusAttributeString": "OK", "Warnings": [], "ValidationErrors": []}
