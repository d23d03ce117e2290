"""The countries that TikTok Shop sells in, and the currency there."""

from typing import Final

CURRENCIES: Final[dict[str, str]] = {
    "BR": "BRL",
    "DE": "EUR",
    "ES": "EUR",
    "FR": "EUR",
    "GB": "GBP",
    "ID": "IDR",
    "IE": "EUR",
    "IT": "EUR",
    "JP": "JPY",
    "MX": "MXN",
    "MY": "MYR",
    "PH": "PHP",
    "SG": "SGD",
    "TH": "THB",
    "US": "USD",
    "VN": "VND",
}

# Where settlements go to a balance that the seller draws on, and no list of payments is kept.
SOUTH_EAST_ASIA: Final[frozenset[str]] = frozenset({"ID", "MY", "PH", "SG", "TH", "VN"})
