"""The chart of a Xero organisation: its accounts, and what `/Accounts` takes and shows.

Fields: Xero's OpenAPI document (accounting, 16.1.0).
"""

import uuid
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from sandbox.xero_replies import ok, validation

LONGEST_CODE, LONGEST_NAME = 10, 150
# Bank accounts are made with a number of their own, which nobody asks for here.
KINDS = frozenset(
    (
        *("CURRENT", "FIXED", "INVENTORY", "NONCURRENT", "PREPAYMENT"),
        *("CURRLIAB", "LIABILITY", "TERMLIAB", "EQUITY"),
        *("REVENUE", "SALES", "OTHERINCOME"),
        *("DEPRECIATN", "DIRECTCOSTS", "EXPENSE", "OVERHEADS"),
    )
)
# Code, name, type, system account: a small chart of a seller's.
CHART = (
    ("090", "Business Bank Account", "BANK", None),
    ("1100", "Marketplace Clearing", "CURRENT", None),
    ("610", "Accounts Receivable", "CURRENT", "DEBTORS"),
    ("200", "Sales", "REVENUE", None),
    ("260", "Other Revenue", "REVENUE", None),
    ("404", "Marketplace Fees", "EXPENSE", None),
    ("820", "VAT", "CURRLIAB", "GST"),
    ("860", "Rounding", "EXPENSE", "ROUNDING"),
    ("877", "Marketplace Balances", "CURRLIAB", None),
)
Accounts = dict[str, dict[str, Any]]


def chart() -> Accounts:
    """Return the accounts of a new organisation, by code."""
    return {code: _account(code, name, kind, system) for code, name, kind, system in CHART}


def accounts(held: Accounts) -> Response:
    """Answer a call to `/Accounts`."""
    return ok("Accounts", list(held.values()))


def add_account(held: Accounts, document: Mapping[str, Any]) -> Response:
    """Answer a PUT to `/Accounts`: a new account of the chart."""
    code, name, kind = (str(document.get(field, "")) for field in ("Code", "Name", "Type"))
    names = {account["Name"].casefold() for account in held.values()}
    errors = []
    if not code or len(code) > LONGEST_CODE or code in held:
        errors.append("Please enter a unique Code.")
    if not name or len(name) > LONGEST_NAME or name.casefold() in names:
        errors.append("Please enter a unique Name.")
    if kind not in KINDS:
        errors.append("The account type is not valid")
    if errors:
        return validation([{**document, "ValidationErrors": [{"Message": e} for e in errors]}])
    held[code] = _account(code, name, kind, None)
    return ok("Accounts", [held[code]])


def _account(code: str, name: str, kind: str, system: str | None) -> dict[str, Any]:
    return {
        "AccountID": str(uuid.uuid4()),
        "Code": code,
        "Name": name,
        "Type": kind,
        "Status": "ACTIVE",
        "TaxType": "NONE",
        "EnablePaymentsToAccount": kind == "CURRENT",
        **({"SystemAccount": system} if system else {}),
    }
