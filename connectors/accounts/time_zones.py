"""The time zone of a country, for platforms that don't state the account's.

Countries with several (US, CA, AU, BR, ES, PT and others) have none here: their sellers choose.
"""

from typing import Final

from babel.core import get_global

# Their second zone has had the same time for decades.
_ONE_IN_EFFECT: Final = {"DE": "Europe/Berlin", "MY": "Asia/Kuala_Lumpur"}


def zone_of_country(country: str | None) -> str | None:
    """Return the IANA time zone of an ISO 3166 country; None where it has several, or none."""
    if country in _ONE_IN_EFFECT:
        return _ONE_IN_EFFECT[country]
    # CLDR's table, by way of Babel.
    zones = get_global("territory_zones").get(country or "", ())
    return str(zones[0]) if len(zones) == 1 else None
