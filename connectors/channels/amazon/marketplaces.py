"""Amazon's regions and marketplaces: which a seller authorises, where, and through which endpoint.

Facts: "Marketplace IDs", "SP-API endpoints" and "Seller Central URLs" of Amazon's developer guide.
A refresh token is good for one region's selling account. That the countries outside Europe's and
North America's unified accounts are accounts of their own is UNCONFIRMED for each seller.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One of Amazon's shops; `country` is ISO 3166 alpha-2, `currency` ISO 4217."""

    id: str
    name: str
    country: str
    currency: str


@dataclass(frozen=True, slots=True)
class Region:
    """The marketplaces of one authorisation: `api` is its endpoint, `host` its Seller Central."""

    title: str
    api: str
    host: str
    marketplaces: tuple[Marketplace, ...]


REGIONS = {
    "north_america": Region(
        "North America: United States, Canada, Mexico",
        "api_na",
        "sellercentral.amazon.com",
        (
            Marketplace("ATVPDKIKX0DER", "Amazon.com", "US", "USD"),
            Marketplace("A2EUQ1WTGCTBG2", "Amazon.ca", "CA", "CAD"),
            Marketplace("A1AM78C64UM0Y8", "Amazon.com.mx", "MX", "MXN"),
        ),
    ),
    "brazil": Region(
        "Brazil",
        "api_na",
        "sellercentral.amazon.com.br",
        (Marketplace("A2Q3Y263D00KWC", "Amazon.com.br", "BR", "BRL"),),
    ),
    "europe": Region(
        "Europe: United Kingdom and European Union",
        "api_eu",
        "sellercentral-europe.amazon.com",
        (
            Marketplace("A1F83G8C2ARO7P", "Amazon.co.uk", "GB", "GBP"),
            Marketplace("A1PA6795UKMFR9", "Amazon.de", "DE", "EUR"),
            Marketplace("A13V1IB3VIYZZH", "Amazon.fr", "FR", "EUR"),
            Marketplace("A1RKKUPIHCS9HS", "Amazon.es", "ES", "EUR"),
            Marketplace("APJ6JRA9NG5V4", "Amazon.it", "IT", "EUR"),
            Marketplace("A1805IZSGTT6HS", "Amazon.nl", "NL", "EUR"),
            Marketplace("A2NODRKZP88ZB9", "Amazon.se", "SE", "SEK"),
            Marketplace("A1C3SOZRARQ6R3", "Amazon.pl", "PL", "PLN"),
            Marketplace("AMEN7PMS3EDWL", "Amazon.com.be", "BE", "EUR"),
            Marketplace("A28R8C7NBKEWEA", "Amazon.ie", "IE", "EUR"),
        ),
    ),
    "turkey": Region(
        "Turkey",
        "api_eu",
        "sellercentral.amazon.com.tr",
        (Marketplace("A33AVAJ2PDY3EV", "Amazon.com.tr", "TR", "TRY"),),
    ),
    "uae": Region(
        "United Arab Emirates",
        "api_eu",
        "sellercentral.amazon.ae",
        (Marketplace("A2VIGQ35RCS4UG", "Amazon.ae", "AE", "AED"),),
    ),
    "saudi_arabia": Region(
        "Saudi Arabia",
        "api_eu",
        "sellercentral.amazon.sa",
        (Marketplace("A17E79C6D8DWNP", "Amazon.sa", "SA", "SAR"),),
    ),
    "egypt": Region(
        "Egypt",
        "api_eu",
        "sellercentral.amazon.eg",
        (Marketplace("ARBP9OOSHTCHU", "Amazon.eg", "EG", "EGP"),),
    ),
    "india": Region(
        "India",
        "api_eu",
        "sellercentral.amazon.in",
        (Marketplace("A21TJRUUN4KGV", "Amazon.in", "IN", "INR"),),
    ),
    "south_africa": Region(
        "South Africa",
        "api_eu",
        "sellercentral.amazon.co.za",
        (Marketplace("AE08WJ6YKNBMC", "Amazon.co.za", "ZA", "ZAR"),),
    ),
    "singapore": Region(
        "Singapore",
        "api_fe",
        "sellercentral.amazon.sg",
        (Marketplace("A19VAU5U5O7RUS", "Amazon.sg", "SG", "SGD"),),
    ),
    "australia": Region(
        "Australia",
        "api_fe",
        "sellercentral.amazon.com.au",
        (Marketplace("A39IBJ37TRP1C6", "Amazon.com.au", "AU", "AUD"),),
    ),
    "japan": Region(
        "Japan",
        "api_fe",
        "sellercentral.amazon.co.jp",
        (Marketplace("A1VC38T7YXB528", "Amazon.co.jp", "JP", "JPY"),),
    ),
}
KNOWN = {shop.id: shop for region in REGIONS.values() for shop in region.marketplaces}
