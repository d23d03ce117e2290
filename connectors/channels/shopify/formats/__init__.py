"""The formats of Shopify's documents, one module each."""

from connectors.channels.shopify.formats import (
    api_open,
    api_orders,
    api_payout,
    payouts_export,
    transactions_export,
)

FORMATS = (
    api_payout.FORMAT,
    api_open.FORMAT,
    api_orders.FORMAT,
    transactions_export.FORMAT,
    payouts_export.FORMAT,
)

__all__ = ["FORMATS"]
