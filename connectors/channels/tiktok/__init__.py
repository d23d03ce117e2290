"""TikTok Shop: a marketplace that settles every shop once a day, UTC."""

from connectors.channels.base import Channel
from connectors.channels.statements import chain
from connectors.channels.tiktok.files import FORMAT, reading, recognises, rows
from connectors.channels.tiktok.settlements import inspect, read

CHANNEL = Channel(
    name="tiktok",
    title="TikTok Shop",
    file="income export (.xlsx)",
    default_time_zone="UTC",
    recognises=recognises,
    inspect=inspect,
    rows=rows,
    reading=reading,
    chain=chain,
    read=read,
    periods=frozenset({FORMAT}),
)

__all__ = ["CHANNEL"]
