"""Everything that can be connected: the sales channels and the accounting targets."""

from connectors.accounting.files.authorisation import FILES
from connectors.accounting.quickbooks.authorisation import QUICKBOOKS
from connectors.accounting.tryton.authorisation import TRYTON
from connectors.accounting.xero.authorisation import XERO
from connectors.accounts.platform import Platform
from connectors.channels.amazon.authorisation import AMAZON
from connectors.channels.ebay.authorisation import EBAY
from connectors.channels.etsy.authorisation import ETSY
from connectors.channels.shopify.authorisation import SHOPIFY
from connectors.channels.square.authorisation import SQUARE
from connectors.channels.tiktok.authorisation import TIKTOK
from connectors.channels.walmart.authorisation import WALMART
from connectors.channels.woocommerce.authorisation import WOOCOMMERCE
from connectors.database.registry import Connection
from connectors.errors import BadInput

PLATFORMS: dict[str, Platform] = {
    p.name: p
    for p in (
        AMAZON,
        EBAY,
        ETSY,
        FILES,
        QUICKBOOKS,
        SHOPIFY,
        SQUARE,
        TIKTOK,
        TRYTON,
        WALMART,
        WOOCOMMERCE,
        XERO,
    )
}


def has_settlements(connection: Connection) -> bool:
    """Return whether a connection is a store, and no accounting target."""
    return PLATFORMS[connection.channel].kind != "accounting"


def platform_named(name: str) -> Platform:
    """Return the platform of that name; `BadInput` lists the known ones."""
    try:
        return PLATFORMS[name]
    except KeyError:
        listed = ", ".join(sorted(PLATFORMS))
        raise BadInput(
            f"nothing called {name!r} can be connected: choose one of {listed}"
        ) from None
