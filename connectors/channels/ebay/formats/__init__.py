"""The formats of eBay's documents, one module each."""

from connectors.channels.ebay.formats import (
    api_open,
    api_payout,
    transaction_report,
)

FORMATS = (
    api_payout.FORMAT,
    api_open.FORMAT,
    transaction_report.FORMAT,
)

__all__ = ["FORMATS"]
