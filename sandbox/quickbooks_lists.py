"""Items and customers of a QuickBooks company, which its receipts name.

Elements: the XSD of minor version 75. Codes of faults: Intuit's list of errors. UNCONFIRMED: of
which types of accounts an item may be; a bank and what others owe are refused here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST_NAME = 100
_QUERY = re.compile(
    r"select \* from (Item|Customer) where (?:Name like '%([^']*)' and Active in \(true, false\)"
    r"|DisplayName = '((?:[^'\\]|\\.)*)') startposition (\d+) maxresults (\d+)",
    re.IGNORECASE,
)
_NO_INCOME = frozenset(("Bank", "Accounts Receivable", "Accounts Payable"))
Refusal = tuple[str, str]
Record = dict[str, Any]


@dataclass
class CompanyLists:
    """A company's items and customers by id; `others` are names of its vendors and employees."""

    items: dict[str, Record] = field(default_factory=dict)
    customers: dict[str, Record] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    def clear(self) -> None:
        """Forget every item and customer."""
        self.items.clear()
        self.customers.clear()
        self.others.clear()

    def add_item(
        self, document: Mapping[str, Any], accounts: Mapping[str, Mapping[str, Any]]
    ) -> Record | Refusal:
        """Make an item; return it, or the code and message of a refusal."""
        name = str(document.get("Name", ""))
        if not name or len(name) > LONGEST_NAME or set(name) & set(':"\t\n'):
            return "2050", "String length is either shorter or longer than supported by spec"
        if any(item["Name"].casefold() == name.casefold() for item in self.items.values()):
            return "6240", "Duplicate Name Exists Error"
        account = accounts.get(document.get("IncomeAccountRef", {}).get("value", ""))
        if account is None or not account["Active"]:
            return "2500", "Invalid Reference Id : IncomeAccountRef"
        if account["AccountType"] in _NO_INCOME:
            return "6430", "Invalid account type used"
        number = str(200 + len(self.items))
        self.items[number] = {
            **_record(number),
            "Name": name,
            "FullyQualifiedName": name,
            "Active": True,
            "Taxable": False,
            "Type": document["Type"],
            "IncomeAccountRef": {"value": account["Id"], "name": account["Name"]},
            "TrackQtyOnHand": False,
        }
        return self.items[number]

    def add_customer(self, document: Mapping[str, Any]) -> Record | Refusal:
        """Make a customer; return it, or the code and message of a refusal."""
        name = str(document.get("DisplayName", ""))
        if not name or ":" in name:
            return "2050", "String length is either shorter or longer than supported by spec"
        taken = {each["DisplayName"] for each in self.customers.values()} | self.others
        if name.casefold() in {each.casefold() for each in taken}:
            return "6240", "Duplicate Name Exists Error"
        number = str(60 + len(self.customers))
        self.customers[number] = {
            **_record(number),
            "FullyQualifiedName": name,
            "DisplayName": name,
            "Active": True,
            "Balance": 0.0,
        }
        return self.customers[number]

    def query(self, text: str) -> dict[str, list[Record]] | None:
        """Return what a query finds; None where it asks for something else."""
        match = _QUERY.fullmatch(text.strip())
        if match is None:
            return None
        kind, ending, name, start, most = match.groups()
        if ending is not None:
            chosen = [each for each in self.items.values() if each["Name"].endswith(ending)]
        else:
            plain = re.sub(r"\\(.)", r"\1", name).casefold()
            listed = self.customers.values()
            chosen = [each for each in listed if each["DisplayName"].casefold() == plain]
        page = chosen[int(start) - 1 : int(start) - 1 + int(most)]
        return {kind: page} if page else {}


def _record(number: str) -> Record:
    return {"Id": number, "SyncToken": "0", "domain": "QBO", "sparse": False}
