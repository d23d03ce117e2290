"""TikTok Shop: a marketplace that settles every shop once a day, UTC."""

from connectors.channels.base import Channel, unlinked_settlements
from connectors.channels.tiktok.formats import FORMATS
from connectors.channels.tiktok.streams import STREAMS
from connectors.channels.tiktok.sync import read

CHANNEL = Channel(
    name="tiktok",
    title="TikTok Shop",
    file="income export (.xlsx)",
    default_time_zone="UTC",
    formats=FORMATS,
    link_settlements=unlinked_settlements,
    read=read,
    streams=STREAMS,
)

__all__ = ["CHANNEL"]
