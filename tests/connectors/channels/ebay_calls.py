"""A call about a seller's money, as a connected eBay account makes it."""

from typing import Any

from connectors.channels.ebay.authorisation import EBAY
from connectors.http import Remote
from tests.connectors.accounts.platforms import Desk


def payouts(at: Desk, slug: str) -> Any:
    """What eBay answers when it is asked for a connection's payouts."""
    access = at.accounts.access(slug)
    with Remote("eBay", EBAY.sign(access)) as ebay:
        return ebay.get(
            access.url("apiz", "/sell/finances/v1/payout"),
            params={"limit": "20"},
            headers={"X-EBAY-C-MARKETPLACE-ID": access.fields["marketplace"]},
        )
