"""Payments and contacts of a Xero organisation.

Fields, types and answers: Xero's OpenAPI document (accounting, 16.1.0). Messages are those that
integrations met.
"""

import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.xero_books import (
    FINAL,
    PAYABLE,
    RECEIVABLE,
    JournalBook,
    in_books,
    keyed,
    locked,
)
from sandbox.xero_forms import (
    CREDIT_NOTES,
    INVOICES,
    MISSING,
    Form,
    by_id,
    now,
    refusal,
    shown,
    touch,
)
from sandbox.xero_lists import listed
from sandbox.xero_replies import ok, problem


async def payments(ledger: JournalBook, request: Request) -> Response:
    """Answer a call to `/Payments`: a PUT of one, or a POST that deletes one."""
    number = request.path_params.get("id")
    if number is None:
        return await keyed(ledger, request, lambda body: _pay(ledger, body["Payments"][0]))
    payment = next((p for p in ledger.payments if p["PaymentID"] == number), None)
    if payment is None:
        return problem(MISSING, 404)
    if (await request.json()).get("Status") != "DELETED" or payment["Status"] == "DELETED":
        return problem("This document cannot be edited as it has been voided or deleted")
    payment["Status"] = "DELETED"
    touch(payment)
    settle(ledger, payment["document"])
    return ok("Payments", [shown(payment)])


async def contacts(ledger: JournalBook, request: Request) -> Response:
    """Answer a call to `/Contacts`: a GET by name, or a PUT of one."""
    if request.method == "GET":
        return listed("Contacts", ledger.contacts, request)
    return await keyed(ledger, request, lambda body: _new_contact(ledger, body["Contacts"][0]))


def match_deposit(ledger: JournalBook, number: str, account: str) -> None:
    """Pay all that is due of a document into a bank account, as its owner does with a deposit."""
    form, item = next(
        (form, each)
        for form in (INVOICES, CREDIT_NOTES)
        for each in form.items(ledger)
        if each.get(form.id) == number
    )
    due = item.get("AmountDue", item.get("RemainingCredit"))
    ledger.payments.append(_payment(form, item, account, item["day"], Decimal(str(due))))
    settle(ledger, number)


def _new_contact(ledger: JournalBook, document: Mapping[str, Any]) -> Response:
    name = str(document.get("Name", ""))
    if not name or any(each["Name"] == name for each in ledger.contacts):
        message = (
            f"The contact name {name} is already assigned to another contact. The contact name "
            "must be unique across all active contacts."
        )
        return ok("Contacts", [{**document, **refusal([message])}])
    contact = {"ContactID": str(uuid.uuid4()), "ContactStatus": "ACTIVE", "day": "", "Name": name}
    ledger.contacts.append(contact)
    return ok("Contacts", [shown(contact)])


def _pay(ledger: JournalBook, document: Mapping[str, Any]) -> Response:
    form = INVOICES if "Invoice" in document else CREDIT_NOTES
    number = (document.get("Invoice") or document.get("CreditNote") or {}).get(form.id, "")
    item, code = by_id(ledger, form, number), document["Account"].get("Code", "")
    errors = list(_payment_errors(ledger, document, item, code))
    if errors or item is None:
        sent = {**document, "day": document["Date"]}
        return ok("Payments", [shown({**sent, **refusal(errors)})])
    amount = Decimal(str(document["Amount"]))
    payment = _payment(form, item, code, document["Date"], amount)
    payment["Reference"] = document.get("Reference", "")
    # Without it, the payment's own rate, or Xero's of the day, would make another sum of it.
    if "CurrencyRate" in document:
        booked = in_books(amount, document)
        payment["BankAmount"] = document.get("BankAmount", float(booked))
    ledger.payments.append(payment)
    settle(ledger, number)
    return ok("Payments", [shown(payment)])


def _payment_errors(
    ledger: JournalBook, document: Mapping[str, Any], item: Mapping[str, Any] | None, code: str
) -> Iterator[str]:
    account = ledger.accounts.get(code)
    if item is None or item["Status"] != "AUTHORISED":
        yield "Payments can only be made against Authorised documents"
        return
    if account is None or account["Status"] != "ACTIVE":
        yield "Account could not be found"
    elif account["Type"] != "BANK" and not account["EnablePaymentsToAccount"]:
        yield "Account type is invalid"
    due = Decimal(str(item.get("AmountDue", item.get("RemainingCredit"))))
    if Decimal(str(document["Amount"])) > due:
        yield "Payment amount exceeds the amount outstanding on this document"
    if (message := locked(ledger, document, None)) is not None:
        yield message


def _payment(
    form: Form, item: Mapping[str, Any], account: str, day: str, amount: Decimal
) -> dict[str, Any]:
    is_received = item["Type"] == "ACCREC"
    return {
        "PaymentID": str(uuid.uuid4()),
        "Account": {"Code": account},
        "day": day,
        "Amount": float(amount),
        "Status": "AUTHORISED",
        "PaymentType": {"ACCREC": "ACCRECPAYMENT", "ACCPAY": "ACCPAYPAYMENT"}.get(
            item["Type"], "ARCREDITPAYMENT"
        ),
        "IsReconciled": False,
        "UpdatedDateUTC": now(),
        "document": item[form.id],
        "of": item,
        "sign": 1 if is_received else -1,
        "ledger": PAYABLE if item["Type"] == "ACCPAY" else RECEIVABLE,
    }


def settle(ledger: JournalBook, number: str) -> None:
    """Put on a document what its live payments leave due."""
    form, item = next(
        (form, each)
        for form in (INVOICES, CREDIT_NOTES)
        for each in form.items(ledger)
        if each.get(form.id) == number
    )
    live = [p for p in ledger.payments if p["document"] == number and p["Status"] != "DELETED"]
    total = Decimal(str(item["Total"]))
    paid = sum((Decimal(str(payment["Amount"])) for payment in live), Decimal(0))
    names = ("PaymentID", "day", "Amount", "Reference")
    item["Payments"] = [{n: p[n] for n in names if n in p} for p in live]
    if form is INVOICES:
        item |= {"AmountPaid": float(paid), "AmountDue": float(total - paid)}
    else:
        item |= {"RemainingCredit": float(total - paid)}
    if item["Status"] not in FINAL:
        item["Status"] = "PAID" if paid == total else "AUTHORISED"
    touch(item)
