"""Every platform's emulator by the platform's name, and what they have in common."""

from typing import Protocol

from sandbox.amazon import Amazon
from sandbox.ebay import EBay
from sandbox.etsy import Etsy
from sandbox.faults import Faulty
from sandbox.limits import Limits
from sandbox.quickbooks import QuickBooks
from sandbox.shopify import Shopify
from sandbox.square import SquareEmulator
from sandbox.tiktok import TikTok
from sandbox.walmart import Walmart
from sandbox.woocommerce import WooCommerce
from sandbox.xero import Xero


class Emulator(Protocol):
    """A platform on loopback, with two sellers who do not know each other.

    `first` and `second` are their accounts' ids as Daybook pins them. `limits` count calls.
    """

    first: str
    second: str
    limits: Limits

    @property
    def application(self) -> Faulty:
        """Return the ASGI application."""

    def endpoints(self, url: str) -> dict[str, str]:
        """Return what `DAYBOOK_ENDPOINTS` says of a server at `url`."""

    def fields(self) -> dict[str, str]:
        """Return the application registered with the platform."""

    def chosen(self, account: str) -> dict[str, str]:
        """Return what the seller of an account chooses before authorising."""

    def keys(self, account: str) -> dict[str, str]:
        """Return what a seller pastes instead of consenting; a new grant each time."""

    def picks(self, account: str) -> str:
        """Return what to press on the consent page to grant an account."""

    def expire(self) -> None:
        """End every access token now."""

    def revoke(self, account: str) -> None:
        """Take all consent of an account back, as its seller does at the platform."""

    def alive(self, account: str) -> bool:
        """Return whether anything granted for an account still opens a door."""


EMULATORS: dict[str, type[Emulator]] = {
    "amazon": Amazon,
    "ebay": EBay,
    "etsy": Etsy,
    "quickbooks": QuickBooks,
    "shopify": Shopify,
    "square": SquareEmulator,
    "tiktok": TikTok,
    "walmart": Walmart,
    "woocommerce": WooCommerce,
    "xero": Xero,
}
