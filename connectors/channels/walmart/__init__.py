"""Walmart Marketplace: a marketplace that settles every two weeks, Pacific time."""

from connectors.channels.base import Channel, unlinked_settlements
from connectors.channels.walmart.formats import FORMATS
from connectors.channels.walmart.streams import STREAMS
from connectors.channels.walmart.sync import read

CHANNEL = Channel(
    name="walmart",
    title="Walmart",
    file="reconciliation report (.csv, as downloaded)",
    default_time_zone="America/Los_Angeles",
    formats=FORMATS,
    link_settlements=unlinked_settlements,
    read=read,
    streams=STREAMS,
    contiguous=True,
    carries=True,
)

__all__ = ["CHANNEL"]
