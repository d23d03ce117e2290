"""Journals and documents that the emulators of QuickBooks and Xero refuse, as the platforms do."""

import json
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from starlette.requests import Request

from sandbox.quickbooks_books import CompanyBooks, write
from sandbox.xero_books import JournalBook, answer


def posted(
    ledger: JournalBook | CompanyBooks, document: dict[str, Any], kind: str = "JournalEntry"
) -> str:
    """What a platform answers to a journal, or to an entry of another kind, as text."""
    # In a thread of its own: an open browser keeps an event loop in this one.
    with start_blocking_portal() as portal:
        return portal.call(answer_to, ledger, document, kind)


async def answer_to(ledger: JournalBook | CompanyBooks, document: dict[str, Any], kind: str) -> str:
    """Hand a journal to an emulated platform and return what it answers."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(document).encode()}

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    request = Request({**scope, "path_params": {}, "server": ("books", 443)}, receive)
    is_xero = isinstance(ledger, JournalBook)
    reply = await (answer(ledger, request) if is_xero else write(ledger, kind, request))
    return bytes(reply.body).decode()


def entry(first: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A journal entry of QuickBooks of two lines, whose first says this of its tax."""
    lines = [
        {"Amount": 10, "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": n}}}
        for side, n in (("Credit", "79"), ("Debit", "51"))
    ]
    untaxed = {"TaxCodeRef": {"value": "6"}, "TaxApplicableOn": "Sales", "TaxAmount": 0}
    for line, tax in zip(lines, (first, untaxed), strict=True):
        line["JournalEntryLineDetail"] |= tax  # type: ignore[operator]
    return {"TxnDate": "2026-03-02", "Line": lines, **fields}


SALES = {"TaxApplicableOn": "Sales"}


@pytest.mark.parametrize(
    ("country", "document", "code"),
    [
        ("GB", entry({}), "6000"),
        ("GB", entry({"TaxCodeRef": {"value": "99"}, **SALES, "TaxAmount": 0}), "2500"),
        ("GB", entry({"TaxCodeRef": {"value": "2"}, "TaxAmount": 2}), "2270"),
        ("GB", entry({"TaxCodeRef": {"value": "2"}, **SALES}), "2280"),
        ("GB", entry({"TaxCodeRef": {"value": "2"}, **SALES, "TaxAmount": 2}), "2300"),
        ("US", entry({"TaxCodeRef": {"value": "2"}, **SALES, "TaxAmount": 0}), "6100"),
        ("US", entry({}, GlobalTaxCalculation="NotApplicable", TxnTaxDetail={}), "6170"),
    ],
)
def test_the_emulator_of_quickbooks_refuses_what_quickbooks_does(
    country: str, document: dict[str, Any], code: str
) -> None:
    assert f'"code":"{code}"' in posted(CompanyBooks(country=country), document)


SOLD: dict[str, Any] = {
    "DepositToAccountRef": {"value": "51"},
    "Line": [
        {
            "Amount": 9,
            "SalesItemLineDetail": {"ItemRef": {"value": "200"}, "Qty": 1, "UnitPrice": 9},
        }
    ],
}
MOVED = {"FromAccountRef": {"value": "51"}, "ToAccountRef": {"value": "35"}, "Amount": 9}
PAID_IN: dict[str, Any] = {
    "DepositToAccountRef": {"value": "35"},
    "Line": [{"Amount": -9, "DepositLineDetail": {"AccountRef": {"value": "51"}}}],
}


def sold(amount: int, **detail: Any) -> dict[str, Any]:
    """A receipt of one line, with more said of it."""
    line = SOLD["Line"][0]["SalesItemLineDetail"] | {"UnitPrice": amount} | detail
    return SOLD | {"Line": [{"Amount": amount, "SalesItemLineDetail": line}]}


@pytest.mark.parametrize(
    ("country", "kind", "document", "code"),
    [
        ("GB", "SalesReceipt", SOLD, "6000"),
        ("US", "SalesReceipt", sold(9, TaxCodeRef={"value": "2"}), "6100"),
        ("GB", "SalesReceipt", sold(9, TaxCodeRef={"value": "99"}), "2500"),
        ("US", "SalesReceipt", sold(-9), "6000"),
        ("US", "RefundReceipt", sold(9, ItemRef={"value": "7"}), "2500"),
        ("US", "RefundReceipt", sold(9, Qty=2), "6070"),
        ("US", "SalesReceipt", SOLD | {"DepositToAccountRef": {"value": "79"}}, "6430"),
        ("US", "SalesReceipt", SOLD | {"CustomerRef": {"value": "7"}}, "2500"),
        ("US", "SalesReceipt", SOLD | {"DocNumber": "x" * 22}, "2050"),
        ("US", "SalesReceipt", SOLD | {"Line": []}, "2020"),
        ("US", "Transfer", MOVED | {"ToAccountRef": {"value": "79"}}, "6430"),
        ("US", "Transfer", MOVED | {"ToAccountRef": {"value": "51"}}, "6000"),
        ("US", "Transfer", MOVED | {"Amount": -9}, "2290"),
        ("US", "Transfer", MOVED | {"TxnDate": "2025-12-31"}, "6200"),
        ("US", "Transfer", MOVED | {"Id": "1", "SyncToken": "0"}, "610"),
        ("US", "Deposit", PAID_IN, "6000"),
        ("US", "Deposit", PAID_IN | {"DepositToAccountRef": {"value": "91"}}, "6430"),
    ],
)
def test_the_emulator_of_quickbooks_refuses_receipts_and_payouts(
    country: str, kind: str, document: dict[str, Any], code: str
) -> None:
    company = CompanyBooks(country=country)
    company.lists.add_item(
        {"Name": "Sales", "Type": "Service", "IncomeAccountRef": {"value": "79"}}, company.accounts
    )
    assert f'"code":"{code}"' in posted(company, document, kind)


@pytest.mark.parametrize(
    ("kind", "amounts", "tax", "message"),
    [
        ("NOWHERE", "Inclusive", 0, "does not exist"),
        ("INPUT2", "Inclusive", 2, "cannot be used with account code '200'"),
        ("OUTPUT2", "NoTax", 0, "cannot be used where LineAmountTypes is NoTax"),
        ("OUTPUT2", "Inclusive", -9, "does not agree with"),
    ],
)
def test_the_emulator_of_xero_refuses_what_xero_does(
    kind: str, amounts: str, tax: int, message: str
) -> None:
    lines = [
        {"LineAmount": -12, "AccountCode": "200", "TaxType": kind, "TaxAmount": tax},
        {"LineAmount": 12, "AccountCode": "1100", "TaxType": "NONE", "TaxAmount": 0},
    ]
    document = {"Narration": "x", "LineAmountTypes": amounts, "JournalLines": lines}
    assert message in posted(JournalBook(), document)
