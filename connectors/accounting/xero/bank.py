"""Lines of a bank account of Xero that its owner reconciled with the bank's own.

Facts: Xero's OpenAPI document (BankTransactions). Transfers come as transactions of their own
types, one on each account. What is not reconciled is only expected at the bank, so it is left out;
payments of invoices are elsewhere, those of settlements that are posted as invoices among them.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.accounting.xero.booked import day_of
from connectors.bank import BankLine


def bank_line(item: Mapping[str, Any], number: str) -> BankLine | None:
    """Return a transaction as a line of the account `number`; None where it is none of it."""
    day = day_of(item.get("Date"))
    is_live = item.get("Status") == "AUTHORISED" and item.get("IsReconciled") is True
    if not is_live or (item.get("BankAccount") or {}).get("Code") != number or day is None:
        return None
    total = Decimal(str(item["Total"]))
    contact = (item.get("Contact") or {}).get("Name")
    described = [line.get("Description") for line in item.get("LineItems", ())]
    return BankLine(
        str(item["BankTransactionID"]),
        day,
        total if str(item["Type"]).startswith("RECEIVE") else -total,
        str(item["CurrencyCode"]),
        " ".join(word for word in (item.get("Reference"), contact, *described) if word),
    )
