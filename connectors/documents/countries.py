"""Countries by their names, as files write them."""

from functools import cache

from babel import Locale


@cache
def country_codes() -> dict[str, str]:
    """Return the ISO 3166 code of each country by its casefolded names in English and German."""
    return {
        name.casefold(): code
        for language in ("en", "de")
        for code, name in Locale(language).territories.items()
        if len(code) == 2 and code.isalpha()
    }
