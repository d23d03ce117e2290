"""eBay's marketplaces by the id of registration, and whose sellers' calls must be signed.

Facts: `MarketplaceIdEnum` of eBay's documents. An id is `EBAY_` and a country; one that is not
listed here has that country, and a currency that eBay does not name.
"""

import re

CURRENCIES = {
    "EBAY_AT": "EUR",
    "EBAY_AU": "AUD",
    "EBAY_BE": "EUR",
    "EBAY_CA": "CAD",
    "EBAY_CH": "CHF",
    "EBAY_DE": "EUR",
    "EBAY_ES": "EUR",
    "EBAY_FR": "EUR",
    "EBAY_GB": "GBP",
    "EBAY_HK": "HKD",
    "EBAY_IE": "EUR",
    "EBAY_IT": "EUR",
    "EBAY_MOTORS_US": "USD",
    "EBAY_NL": "EUR",
    "EBAY_PL": "PLN",
    "EBAY_SG": "SGD",
    "EBAY_US": "USD",
}
# "Digital signatures for APIs": sellers who live in the European Union or the United Kingdom.
SIGNING = {
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE",
    "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
}  # fmt: skip


def country_of(marketplace: str) -> str | None:
    """Return the country, ISO 3166 alpha-2, in a marketplace's id."""
    match = re.fullmatch(r"EBAY_(?:MOTORS_)?([A-Z]{2})", marketplace)
    return match[1] if match else None
