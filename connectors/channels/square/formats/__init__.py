"""The formats of Square's documents, one module each."""

from connectors.channels.square.formats import (
    api_open,
    api_payout,
    transactions_file,
)

FORMATS = (
    api_payout.FORMAT,
    api_open.FORMAT,
    transactions_file.FORMAT,
)

__all__ = ["FORMATS"]
