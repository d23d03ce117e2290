"""Lines of a bank account of QuickBooks: its deposits and transfers.

Facts: the XSD of minor version 75 (Deposit, Transfer). What the bank's feed shows becomes one of
the two when its owner adds it. None of their elements says which of them are reconciled, so what
the company has booked at the bank counts. UNCONFIRMED that no query tells.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.accounting.quickbooks.booked import Call, is_matched, items_of_days
from connectors.bank import BankLine
from connectors.errors import Permanent

# What Daybook books itself proves nothing about the bank, until the bank's line is matched with it.
_OURS = "[je:"


def bank_lines(
    call: Call, number: str, currency: str | None, first: date, last: date
) -> Iterator[BankLine]:
    """Yield what was deposited to an account, or transferred to or from it, in some days."""
    for kind in ("Deposit", "Transfer"):
        for item in items_of_days(call, kind, first, last):
            amount = _amount(kind, item, number)
            is_ours = _OURS in item.get("PrivateNote", "")
            if not amount or (is_ours and not is_matched(item)):
                continue
            stated = (item.get("CurrencyRef") or {}).get("value") or currency
            if not stated:
                raise Permanent(f"QuickBooks states no currency of {kind} {item['Id']}")
            day = date.fromisoformat(item["TxnDate"])
            yield BankLine(f"{kind} {item['Id']}", day, amount, stated, _text(item))


def _amount(kind: str, item: Mapping[str, Any], number: str) -> Decimal:
    """Return what an item moves on an account, money that arrived positive."""

    def is_account(field: str) -> bool:
        return str((item.get(field) or {}).get("value")) == number

    if kind == "Deposit":
        is_here = is_account("DepositToAccountRef")
        return Decimal(str(item["TotalAmt"])) if is_here else Decimal(0)
    amount = Decimal(str(item["Amount"]))
    return (is_account("ToAccountRef") - is_account("FromAccountRef")) * amount


def _text(item: Mapping[str, Any]) -> str:
    described = [line.get("Description") for line in item.get("Line", ())]
    words = (item.get("DocNumber"), item.get("PrivateNote"), *described)
    return " ".join(word for word in words if word)
