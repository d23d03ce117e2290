"""Square: a point of sale and online shop that pays out per location."""

from connectors.channels.base import Channel
from connectors.channels.square.formats import FORMATS
from connectors.channels.square.order_files import ORDER_FILES
from connectors.channels.square.settlement_links import link_settlements
from connectors.channels.square.streams import STREAMS
from connectors.channels.square.sync import read

CHANNEL = Channel(
    name="square",
    title="Square",
    file="transactions file (.csv)",
    default_time_zone="America/New_York",
    formats=FORMATS,
    link_settlements=link_settlements,
    read=read,
    streams=STREAMS,
    order_files=ORDER_FILES,
)

__all__ = ["CHANNEL"]
