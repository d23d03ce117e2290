"""Answers of the emulators as libraries that nobody here wrote parse them: a program of its own.

Exchanges come on standard input as JSON, a line each: the platform, the path, the status, the
answer. What the platform's library makes of each is printed the same way. Fields that it does not
know, or cannot parse, end the program.
"""

import json
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any


class _Answer:
    """As much of an HTTP response as xero-python reads."""

    def __init__(self, text: str) -> None:
        self.text, self.data = text, text


def xero(path: str, status: int, text: str) -> dict[str, Any]:
    """Parse an answer of Xero's with xero-python, into its own models."""
    from xero_python.accounting import models
    from xero_python.api_client import ApiClient, ModelFinder

    finder = ModelFinder(models)
    client = ApiClient()
    if status >= 400:
        error = client.deserialize(_Answer(text), "Error", finder)
        return {"kind": "Error", "message": error.message, "type": error.type}
    kind = {"Organisation": "Organisations"}.get(resource(path), resource(path))
    parsed = client.deserialize(_Answer(text), kind, finder)
    if kind == "ManualJournals":
        return {"kind": kind, "entries": [_journal(each) for each in parsed.manual_journals]}
    if kind == "Accounts":
        codes = {each.code: each.type.value for each in parsed.accounts}
        return {"kind": kind, "accounts": codes}
    if kind == "BankTransactions":
        lines = [[str(each.total), each.currency_code.value] for each in parsed.bank_transactions]
        return {"kind": kind, "bank": lines}
    if kind in _OF_INVOICES:
        return {"kind": kind, **_OF_INVOICES[kind](parsed)}
    return {"kind": kind, "currency": parsed.organisations[0].base_currency.value}


def _invoice(item: Any) -> dict[str, Any]:
    return {
        "type": item.type,
        "status": item.status,
        "total": str(item.total),
        "errors": [error.message for error in item.validation_errors or ()],
        "lines": [[line.account_code, str(line.line_amount)] for line in item.line_items or ()],
    }


_OF_INVOICES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "Invoices": lambda parsed: {"documents": [_invoice(each) for each in parsed.invoices]},
    "CreditNotes": lambda parsed: {"documents": [_invoice(each) for each in parsed.credit_notes]},
    "Contacts": lambda parsed: {"names": [each.name for each in parsed.contacts]},
    "Payments": lambda parsed: {"paid": [str(each.amount) for each in parsed.payments]},
}


def _journal(journal: Any) -> dict[str, Any]:
    return {
        "id": journal.manual_journal_id,
        "day": str(journal.date.date() if hasattr(journal.date, "date") else journal.date),
        "status": journal.status,
        "text": journal.narration,
        "errors": [error.message for error in journal.validation_errors or ()],
        "lines": [[line.account_code, str(line.line_amount)] for line in journal.journal_lines],
    }


def quickbooks(path: str, status: int, text: str) -> dict[str, Any]:
    """Parse an answer of QuickBooks' with python-quickbooks, into its own objects."""
    from quickbooks.client import QuickBooks
    from quickbooks.exceptions import QuickbooksException
    from quickbooks.objects.account import Account
    from quickbooks.objects.company_info import CompanyInfo
    from quickbooks.objects.journalentry import JournalEntry
    from quickbooks.objects.preferences import Preferences

    # As its own client reads an answer, with `use_decimal`.
    answer = json.loads(text, parse_float=Decimal)
    if "Fault" in answer or "fault" in answer:
        try:
            QuickBooks.handle_exceptions(answer.get("Fault") or answer["fault"])
        except QuickbooksException as error:
            return {"kind": "Fault", "code": str(error.error_code), "message": error.message}
    answer = answer.get("QueryResponse", answer)
    if "JournalEntry" in answer:
        stated = answer["JournalEntry"]
        listed = stated if isinstance(stated, list) else [stated]
        entries = [_entry(JournalEntry.from_json(each)) for each in listed]
        return {"kind": "JournalEntry", "entries": entries}
    for kind in _OF_KIND:
        if kind in answer:
            stated = answer[kind]
            return _of_kind(kind, stated if isinstance(stated, list) else [stated])
    if "Account" in answer:
        accounts = [Account.from_json(each) for each in answer["Account"]]
        return {"kind": "Account", "accounts": {a.Id: a.AccountType for a in accounts}}
    if "Preferences" in answer:
        preferences = Preferences.from_json(answer["Preferences"])
        closed = getattr(preferences.AccountingInfoPrefs, "BookCloseDate", None)
        return {"kind": "Preferences", "closed": closed}
    name = (
        CompanyInfo.from_json(answer["CompanyInfo"]).CompanyName if "CompanyInfo" in answer else ""
    )
    return {"kind": "CompanyInfo", "name": name} if name else {"kind": "QueryResponse"}


def _of_kind(kind: str, listed: list[dict[str, Any]]) -> dict[str, Any]:
    # A deleted one has nothing but its id.
    present = [each for each in listed if each.get("status") != "Deleted"]
    return {"kind": kind, **_OF_KIND[kind](present)}


def _deposits(listed: list[dict[str, Any]]) -> dict[str, Any]:
    from quickbooks.objects.deposit import Deposit

    deposits = [Deposit.from_json(each) for each in listed]
    return {"bank": [[str(each.TotalAmt), each.CurrencyRef.value] for each in deposits]}


def _rates(listed: list[dict[str, Any]]) -> dict[str, Any]:
    from quickbooks.objects.exchangerate import ExchangeRate

    rates = [ExchangeRate.from_json(each) for each in listed]
    return {"rates": {each.SourceCurrencyCode: str(each.Rate) for each in rates}}


def _transfers(listed: list[dict[str, Any]]) -> dict[str, Any]:
    from quickbooks.objects.transfer import Transfer

    transfers = [Transfer.from_json(each) for each in listed]
    assert all(each.FromAccountRef.value != each.ToAccountRef.value for each in transfers)
    # The library has no class for a transfer's currency.
    return {"bank": [[str(each.Amount), each.CurrencyRef["value"]] for each in transfers]}


def _sales_receipts(listed: list[dict[str, Any]]) -> dict[str, Any]:
    from quickbooks.objects.salesreceipt import SalesReceipt

    return _receipts(map(SalesReceipt.from_json, listed))


def _refund_receipts(listed: list[dict[str, Any]]) -> dict[str, Any]:
    from quickbooks.objects.refundreceipt import RefundReceipt

    return _receipts(map(RefundReceipt.from_json, listed))


def _receipts(listed: Iterable[Any]) -> dict[str, Any]:
    return {
        "documents": [
            {
                "number": receipt.DocNumber,
                "total": str(receipt.TotalAmt),
                "clearing": receipt.DepositToAccountRef.value,
                "amounts": [
                    str(line.Amount)
                    for line in receipt.Line
                    if line.DetailType == "SalesItemLineDetail"
                ],
            }
            for receipt in listed
        ]
    }


def _items(listed: list[dict[str, Any]]) -> dict[str, Any]:
    from quickbooks.objects.item import Item

    return {"accounts": [Item.from_json(each).IncomeAccountRef.value for each in listed]}


def _customers(listed: list[dict[str, Any]]) -> dict[str, Any]:
    from quickbooks.objects.customer import Customer

    return {"names": [Customer.from_json(each).DisplayName for each in listed]}


_OF_KIND: dict[str, Callable[[list[dict[str, Any]]], dict[str, Any]]] = {
    "Deposit": _deposits,
    "Transfer": _transfers,
    "ExchangeRate": _rates,
    "SalesReceipt": _sales_receipts,
    "RefundReceipt": _refund_receipts,
    "Item": _items,
    "Customer": _customers,
}


def _entry(entry: Any) -> dict[str, Any]:
    lines = []
    for line in entry.Line:
        detail = line.JournalEntryLineDetail
        amount = Decimal(str(line.Amount))
        signed = amount if detail.PostingType == "Debit" else -amount
        lines.append([detail.AccountRef.value, str(signed)])
    return {
        "id": entry.Id,
        "day": entry.TxnDate,
        "text": entry.PrivateNote,
        "number": entry.DocNumber,
        "token": entry.SyncToken,
        "errors": [],
        "lines": lines,
    }


def resource(path: str) -> str:
    """The resource that a path of Xero's names."""
    return path.removeprefix("/api.xro/2.0/").partition("/")[0]


def main() -> None:
    """Parse every answer."""
    readers = {"xero": xero, "quickbooks": quickbooks}
    for line in sys.stdin:
        name, path, status, text = json.loads(line)
        print(json.dumps(readers[name](path, status, text), default=str))


if __name__ == "__main__":
    main()
