"""Rates of exchange of a QuickBooks company: of one day, and the currencies that are named.

Elements: the XSD of minor version 75. A day without a rate of its own has the last one before.
"""

import re
from collections.abc import Mapping
from typing import Any

_QUERY = re.compile(
    r"select \* from ExchangeRate where SourceCurrencyCode in \(([^)]*)\) "
    r"and AsOfDate='(\d{4}-\d\d-\d\d)'",
    re.IGNORECASE,
)


def rates_of_day(
    rates: Mapping[tuple[str, str], str], home: str, text: str
) -> dict[str, Any] | None:
    """Return the answer to a query of rates, which are by currency and day; None for another."""
    match = _QUERY.fullmatch(text.strip())
    if match is None:
        return None
    currencies, day = re.findall("[A-Z]{3}", match[1]), match[2]
    listed = []
    for currency in currencies:
        dated = max((d for c, d in rates if c == currency and d <= day), default=None)
        if dated is not None:
            listed.append(
                {
                    "SourceCurrencyCode": currency,
                    "TargetCurrencyCode": home,
                    "Rate": float(rates[currency, dated]),
                    "AsOfDate": day,
                }
            )
    return {"ExchangeRate": listed} if listed else {}
