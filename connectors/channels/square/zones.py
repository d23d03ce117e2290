"""The time zones that Square's files name (Rails' names for them) and the currency of a dollar.

What is not here is taken for an IANA name.
"""

from babel.core import get_global

NAMES = {
    "Eastern Time (US & Canada)": "America/New_York",
    "Indiana (East)": "America/Indiana/Indianapolis",
    "Central Time (US & Canada)": "America/Chicago",
    "Mountain Time (US & Canada)": "America/Denver",
    "Pacific Time (US & Canada)": "America/Los_Angeles",
    "Arizona": "America/Phoenix",
    "Alaska": "America/Juneau",
    "Hawaii": "Pacific/Honolulu",
    "Puerto Rico": "America/Puerto_Rico",
    "Atlantic Time (Canada)": "America/Halifax",
    "Newfoundland": "America/St_Johns",
    "Saskatchewan": "America/Regina",
    "London": "Europe/London",
    "Edinburgh": "Europe/London",
    "Dublin": "Europe/Dublin",
    "Paris": "Europe/Paris",
    "Madrid": "Europe/Madrid",
    "Tokyo": "Asia/Tokyo",
    "Osaka": "Asia/Tokyo",
    "Sapporo": "Asia/Tokyo",
    "Sydney": "Australia/Sydney",
    "Melbourne": "Australia/Melbourne",
    "Canberra": "Australia/Sydney",
    "Brisbane": "Australia/Brisbane",
    "Hobart": "Australia/Hobart",
    "Adelaide": "Australia/Adelaide",
    "Darwin": "Australia/Darwin",
    "Perth": "Australia/Perth",
}
SIGNS = {
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
        # Square sells in three countries with dollars; the file itself writes the sign alone.
        return _DOLLARS.get(country(time_zone) or "", "USD")
    return SIGNS.get(sign.upper())
