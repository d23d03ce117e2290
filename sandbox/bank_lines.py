"""Money at a bank, as owners of Xero organisations and QuickBooks companies book it.

Fields: Xero's OpenAPI document (BankTransaction) and the XSD of minor version 75 (Deposit,
Transfer).
"""

import uuid
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

_TIMES = {"CreateTime": "2026-01-01T00:00:00Z", "LastUpdatedTime": "2026-01-01T00:00:00Z"}


def bank_transaction(
    account: Mapping[str, Any],
    day: date,
    amount: Decimal,
    currency: str,
    text: str,
    *,
    is_reconciled: bool = True,
) -> dict[str, Any]:
    """Return money that came to a bank account of Xero, or left it where it is negative."""
    total = float(abs(amount))
    line = {
        "LineItemID": str(uuid.uuid4()),
        "Description": text,
        "Quantity": 1.0,
        "UnitAmount": total,
        "LineAmount": total,
        "AccountCode": "877",
        "TaxType": "NONE",
        "TaxAmount": 0.0,
    }
    return {
        "BankTransactionID": str(uuid.uuid4()),
        "Type": "RECEIVE" if amount > 0 else "SPEND",
        "Contact": {"ContactID": str(uuid.uuid4()), "Name": "Marketplace"},
        "LineItems": [line],
        "BankAccount": {name: account[name] for name in ("AccountID", "Code", "Name")},
        "IsReconciled": is_reconciled,
        "day": str(day),
        "Reference": "",
        "CurrencyCode": currency,
        "Status": "AUTHORISED",
        "LineAmountTypes": "NoTax",
        "SubTotal": total,
        "TotalTax": 0.0,
        "Total": total,
        "UpdatedDateUTC": "/Date(1773790000000+0000)/",
        "HasAttachments": False,
    }


def deposit(number: str, account: str, day: date, amount: Decimal, text: str) -> dict[str, Any]:
    """Return a deposit to a bank account of QuickBooks."""
    line = {
        "Id": "1",
        "LineNum": 1,
        "Description": text,
        "Amount": float(amount),
        "DetailType": "DepositLineDetail",
        "DepositLineDetail": {"AccountRef": {"value": "52"}},
    }
    return {
        **_entity(number, day),
        "Line": [line],
        "DepositToAccountRef": {"value": account},
        "TotalAmt": float(amount),
    }


def transfer(
    number: str, origin: str, account: str, day: date, amount: Decimal, text: str
) -> dict[str, Any]:
    """Return a transfer from an account of QuickBooks to another one."""
    return {
        **_entity(number, day),
        "PrivateNote": text,
        "FromAccountRef": {"value": origin},
        "ToAccountRef": {"value": account},
        "Amount": float(amount),
    }


def _entity(number: str, day: date) -> dict[str, Any]:
    return {
        **{"domain": "QBO", "sparse": False, "Id": number, "SyncToken": "0", "MetaData": _TIMES},
        **{"TxnDate": str(day), "CurrencyRef": {"value": "USD"}},
    }
