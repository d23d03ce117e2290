"""Transfers, deposits and receipts of a QuickBooks company: what is taken, refused and shown.

Elements: the XSD of minor version 75. Codes of faults: Intuit's list of errors. A receipt posts to
the accounts of its items, and to the one it is deposited to. Tax by rate is taken as it is stated,
and else computed. UNCONFIRMED: the codes of a negative receipt or deposit, and of an account that a
transfer does not take.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

from sandbox.quickbooks_classes import CompanyTracking
from sandbox.quickbooks_lists import CompanyLists
from sandbox.quickbooks_taxes import CODES, NO_RATE, TAX_ACCOUNT, US_CODES

RECEIPTS = ("SalesReceipt", "RefundReceipt")
KINDS = ("Transfer", "Deposit", *RECEIPTS)
_OF_MONEY = frozenset(("Bank", "Other Current Asset"))
_OF_THE_BALANCE = _OF_MONEY | {
    *("Fixed Asset", "Other Asset", "Credit Card", "Other Current Liability"),
    *("Long Term Liability", "Equity"),
}
_CENT = Decimal("0.01")
Refusal = tuple[str, str]
Document = Mapping[str, Any]
_INVALID, _WRONG_TYPE = "Invalid Reference Id", "Invalid account type used"


class NamedThere(Protocol):
    """As much of a company as its documents need."""

    country: str
    accounts: dict[str, dict[str, Any]]
    lists: CompanyLists
    tracking: CompanyTracking


def refused_document(books: NamedThere, kind: str, document: Document) -> Refusal | None:
    """Return the code and message of what is wrong with a document; None where nothing is."""
    if (refusal := books.tracking.refused(document)) is not None:
        return refusal
    if kind == "Transfer":
        return _transfer_refused(books, document)
    if not document.get("Line"):
        return "2020", "Required param missing"
    into = document.get("DepositToAccountRef")
    if (refusal := _account_refused(books, into, _OF_MONEY)) is not None:
        return refusal
    lines_refused = _deposit_refused if kind == "Deposit" else _receipt_refused
    return lines_refused(books, document)


def _account_refused(
    books: NamedThere, reference: Document | None, kinds: frozenset[str] | None
) -> Refusal | None:
    if reference is None:
        return "2020", "Required param missing"
    account = books.accounts.get(reference["value"])
    if account is None or not account["Active"]:
        return "2500", _INVALID
    return None if kinds is None or account["AccountType"] in kinds else ("6430", _WRONG_TYPE)


def _transfer_refused(books: NamedThere, document: Document) -> Refusal | None:
    ends = [document.get(name) for name in ("FromAccountRef", "ToAccountRef")]
    for end in ends:
        if (refusal := _account_refused(books, end, _OF_THE_BALANCE)) is not None:
            return refusal
    if ends[0] == ends[1]:
        return "6000", "You can't transfer between the same account"
    if _figure(document, "Amount") <= 0:
        return "2290", "Amount is negative"
    return None


def _deposit_refused(books: NamedThere, document: Document) -> Refusal | None:
    for line in document["Line"]:
        detail = line["DepositLineDetail"]
        refusal = _account_refused(books, detail.get("AccountRef"), None)
        if refusal is not None or (refusal := books.tracking.refused(detail)) is not None:
            return refusal
    total = sum((_figure(line, "Amount") for line in document["Line"]), Decimal(0))
    return ("6000", "The deposit amount must be zero or greater") if total < 0 else None


def _receipt_refused(books: NamedThere, document: Document) -> Refusal | None:
    customer = document.get("CustomerRef")
    if customer is not None and customer["value"] not in books.lists.customers:
        return "2500", f"{_INVALID} : CustomerRef"
    for line in document["Line"]:
        if (refusal := _sold_refused(books, line)) is not None:
            return refusal
    if total_of(books, document) < 0:
        return "6000", "Transaction amount must be 0 or greater"
    return None


def _sold_refused(books: NamedThere, line: Document) -> Refusal | None:
    detail = line["SalesItemLineDetail"]
    item = books.lists.items.get(detail.get("ItemRef", {}).get("value", ""))
    if item is None or not item["Active"]:
        return "2500", f"{_INVALID} : ItemRef"
    if (refusal := _account_refused(books, item["IncomeAccountRef"], None)) is not None:
        return refusal
    if _figure(line, "Amount") != _figure(detail, "Qty") * _figure(detail, "UnitPrice"):
        return "6070", "Amount is not equal to UnitPrice * Qty"
    return _code_refused(books.country, detail) or books.tracking.refused(detail)


def _code_refused(country: str, detail: Document) -> Refusal | None:
    code = detail.get("TaxCodeRef", {}).get("value")
    if country == "US":
        # A line without a code has none.
        wrong = code is not None and code not in US_CODES
        return ("6100", "Tax code must be TAX or NON for US companies") if wrong else None
    if code is None:
        return "6000", NO_RATE
    is_there = code in {number for number, *_ in CODES}
    return None if is_there else ("2500", f"{_INVALID} : TaxCodeRef")


def completed(books: NamedThere, kind: str, document: Document) -> dict[str, Any]:
    """Return a document with what QuickBooks adds to it."""
    currency = {"value": "USD" if books.country == "US" else "GBP"}
    shown = {**document, "CurrencyRef": currency}
    books.tracking.identify(shown)
    if kind == "Transfer":
        return shown
    lines = [{**line, "Id": str(n), "LineNum": n} for n, line in enumerate(document["Line"], 1)]
    net = sum((_figure(line, "Amount") for line in lines), Decimal(0))
    if kind == "Deposit":
        for line in lines:
            books.tracking.identify(line["DepositLineDetail"])
        return {**shown, "Line": lines, "TotalAmt": float(net)}
    for line in lines:
        detail = line["SalesItemLineDetail"]
        item = books.lists.items[detail["ItemRef"]["value"]]
        books.tracking.identify(detail)
        detail["ItemRef"] = {"value": item["Id"], "name": item["Name"]}
        detail["ItemAccountRef"] = item["IncomeAccountRef"]
        detail.setdefault("TaxCodeRef", {"value": "NON"})
    subtotal = {"Amount": float(net), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    tax = _taxes(books, document)
    return {
        **shown,
        "Line": [*lines, subtotal],
        "TxnTaxDetail": {**document.get("TxnTaxDetail", {}), "TotalTax": float(tax)},
        "TotalAmt": float(net + tax),
        "Balance": 0,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
    }


def total_of(books: NamedThere, document: Document) -> Decimal:
    """Return what a receipt comes to, with its tax."""
    lines = [line for line in document["Line"] if "SalesItemLineDetail" in line]
    return sum((_figure(line, "Amount") for line in lines), Decimal(0)) + _taxes(books, document)


def _taxes(books: NamedThere, document: Document) -> Decimal:
    """Return the tax of a receipt: what is stated of a rate, and else what it computes."""
    if books.country == "US":
        # Automated sales tax looks at addresses, and a marketplace's customer has none.
        return Decimal(0)
    stated = {
        line["TaxLineDetail"]["TaxRateRef"]["value"]: _figure(line, "Amount")
        for line in document.get("TxnTaxDetail", {}).get("TaxLine", ())
    }
    nets: dict[str, Decimal] = defaultdict(Decimal)
    for line in document["Line"]:
        if "SalesItemLineDetail" in line:
            nets[line["SalesItemLineDetail"]["TaxCodeRef"]["value"]] += _figure(line, "Amount")
    return sum(
        (
            stated.get(
                f"S{rate}", (nets[number] * Decimal(percent) / 100).quantize(_CENT, ROUND_HALF_UP)
            )
            for number, _, rate, percent in CODES
            if number in nets
        ),
        Decimal(0),
    )


def postings(kind: str, item: Document) -> Iterator[tuple[str, Decimal]]:
    """Yield the accounts that a document posts to, debits positive."""
    if kind == "Transfer":
        amount = _figure(item, "Amount")
        yield item["FromAccountRef"]["value"], -amount
        yield item["ToAccountRef"]["value"], amount
        return
    sign = -1 if kind == "RefundReceipt" else 1
    yield item["DepositToAccountRef"]["value"], sign * _figure(item, "TotalAmt")
    for line in item["Line"]:
        detail = line.get("DepositLineDetail") or line.get("SalesItemLineDetail")
        if detail is not None:
            account = detail.get("AccountRef") or detail["ItemAccountRef"]
            yield account["value"], -sign * _figure(line, "Amount")
    tax = _figure(item.get("TxnTaxDetail", {}), "TotalTax")
    if tax:
        yield TAX_ACCOUNT, -sign * tax


def _figure(document: Document, name: str) -> Decimal:
    return Decimal(str(document.get(name) or 0))
