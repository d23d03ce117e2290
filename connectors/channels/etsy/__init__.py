"""Etsy: the payment account, as monthly statements and as the ledger of the API."""

from connectors.channels.base import Channel
from connectors.channels.etsy.formats import FORMATS
from connectors.channels.etsy.formats.monthly_statement import language
from connectors.channels.etsy.order_files import ORDER_FILES
from connectors.channels.etsy.settlement_links import link_settlements
from connectors.channels.etsy.streams import STREAMS
from connectors.channels.etsy.sync import read

CHANNEL = Channel(
    name="etsy",
    title="Etsy",
    file="monthly statement (.csv)",
    default_time_zone="UTC",
    formats=FORMATS,
    link_settlements=link_settlements,
    read=read,
    streams=STREAMS,
    order_files=ORDER_FILES,
    contiguous=True,
    language=language,
)

__all__ = ["CHANNEL"]
