"""The formats of Etsy's documents, one module each."""

from connectors.channels.etsy.formats import (
    api_ledger,
    monthly_statement,
)

FORMATS = (
    api_ledger.FORMAT,
    monthly_statement.FORMAT,
)

__all__ = ["FORMATS"]
