"""The formats of TikTok Shop's documents, one module each."""

from connectors.channels.tiktok.formats import (
    api_open,
    api_statement,
    income_export,
)

FORMATS = (
    api_statement.FORMAT,
    api_open.FORMAT,
    income_export.FORMAT,
)

__all__ = ["FORMATS"]
