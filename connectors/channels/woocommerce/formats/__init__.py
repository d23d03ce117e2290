"""The formats of WooCommerce's documents, one module each."""

from connectors.channels.woocommerce.formats import (
    api_deposit,
    api_open,
    api_orders,
)

FORMATS = (
    api_deposit.FORMAT,
    api_orders.FORMAT,
    api_open.FORMAT,
)

__all__ = ["FORMATS"]
