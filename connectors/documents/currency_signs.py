"""The currencies that signs before or behind an amount name."""

import re

from babel.core import get_global

_SIGNS = {
    "£": "GBP", "€": "EUR", "¥": "JPY", "￥": "JPY", "US$": "USD", "CA$": "CAD", "C$": "CAD",
    "A$": "AUD", "AU$": "AUD",
}  # fmt: skip
_DOLLARS = {"CA": "CAD", "AU": "AUD"}


def country(time_zone: str) -> str | None:
    """Return the country of an IANA time zone; None for UTC and the like."""
    code = get_global("zone_territories").get(time_zone)
    return None if code in {None, "001"} else str(code)


def currency(sign: str, time_zone: str) -> str | None:
    """Return the currency of a sign in the country of a time zone."""
    if sign == "$":
        # Files write the sign alone in each of the countries with dollars that they come from.
        return _DOLLARS.get(country(time_zone) or "", "USD")
    return sign if re.fullmatch(r"[A-Z]{3}", sign) else _SIGNS.get(sign.upper())
