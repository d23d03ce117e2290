"""The chart of a QuickBooks company, and new accounts of it.

Elements: the XSD of minor version 75. Codes of faults: Intuit's list of errors.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.quickbooks_taxes import TAX_ACCOUNT

LONGEST_NAME = 100
KINDS = frozenset(
    (
        *("Bank", "Accounts Receivable", "Other Current Asset", "Fixed Asset", "Other Asset"),
        *("Accounts Payable", "Credit Card", "Other Current Liability", "Long Term Liability"),
        *("Equity", "Income", "Cost of Goods Sold", "Expense", "Other Income", "Other Expense"),
    )
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
Refusal = tuple[str, str]
Record = dict[str, Any]


def new_chart() -> dict[str, Record]:
    """Return the accounts of a new company, by id."""
    return {number: _account(number, name, kind) for number, name, kind in CHART}


def add_account(accounts: dict[str, Record], document: Mapping[str, Any]) -> Record | Refusal:
    """Make an account; return it, or the code and message of a refusal."""
    name, kind = str(document.get("Name", "")), str(document.get("AccountType", ""))
    if not name or len(name) > LONGEST_NAME or set(name) & set(':"'):
        return "2050", "String length is either shorter or longer than supported by spec"
    if any(account["Name"].casefold() == name.casefold() for account in accounts.values()):
        return "6240", "Duplicate Name Exists Error"
    if kind not in KINDS:
        return "2010", "Request has invalid or unsupported property"
    number = str(max(map(int, accounts)) + 1)
    accounts[number] = _account(number, name, kind)
    return accounts[number]


def _account(number: str, name: str, kind: str) -> Record:
    return {
        "Id": number,
        "Name": name,
        "FullyQualifiedName": name,
        "AccountType": kind,
        "Active": True,
        "SyncToken": "0",
    }
