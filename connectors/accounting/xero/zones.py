"""Xero's names of time zones as IANA names.

Xero writes Windows' names in capitals without spaces, dots and hyphens (its OpenAPI document,
`TimeZone`); the pairs are those of Unicode CLDR's windowsZones for the whole world (001).
"""

import re
from functools import cache
from typing import Final

from babel.core import get_global

# CLDR goes on with the first name of a zone; systems may lack it.
_RENAMED: Final = {
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Godthab": "America/Nuuk",
    "America/Indianapolis": "America/Indiana/Indianapolis",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Europe/Kiev": "Europe/Kyiv",
}


@cache
def zones() -> dict[str, str]:
    """Return the IANA name of every zone by Xero's name; those of bare offsets are left out."""
    named = get_global("windows_zone_mapping").items()
    return {
        re.sub("[ .-]", "", windows).upper(): _RENAMED.get(zone, zone)
        for windows, zone in named
        if not zone.startswith("Etc/GMT")
    }
