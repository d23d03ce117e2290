"""Amazon's sellers: in which marketplaces each may sell, and in which it does."""

from dataclasses import dataclass
from typing import Any

SHOPS = {
    "ATVPDKIKX0DER": ("Amazon.com", "US", "USD"),
    "A2EUQ1WTGCTBG2": ("Amazon.ca", "CA", "CAD"),
    "A1F83G8C2ARO7P": ("Amazon.co.uk", "GB", "GBP"),
    "A1PA6795UKMFR9": ("Amazon.de", "DE", "EUR"),
    "A13V1IB3VIYZZH": ("Amazon.fr", "FR", "EUR"),
    # Sellers of multi-channel fulfilment have such sites in their list; they settle nothing.
    "A38D8NSA03LJTC": ("Non-Amazon DE", "DE", "EUR"),
    "A1VC38T7YXB528": ("Amazon.co.jp", "JP", "JPY"),
}


@dataclass
class AmazonSeller:
    """A selling account in one region: where it may sell, and where it does."""

    store: str
    country: str
    listed: tuple[str, ...]
    taking: tuple[str, ...]


def participating(seller: AmazonSeller) -> list[dict[str, Any]]:
    """Return a seller's marketplaces as the Sellers API lists them."""
    return [
        {
            "marketplace": {
                "id": key,
                "name": SHOPS[key][0],
                "countryCode": SHOPS[key][1],
                "defaultCurrencyCode": SHOPS[key][2],
                "defaultLanguageCode": "en_GB",
                "domainName": f"www.{SHOPS[key][0].lower()}",
            },
            "storeName": seller.store,
            "participation": {
                "isParticipating": key in seller.taking,
                "hasSuspendedListings": False,
            },
        }
        for key in seller.listed
    ]
