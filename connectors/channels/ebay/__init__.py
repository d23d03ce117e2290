"""eBay: payouts and their transactions, from the Finances API."""

from connectors.channels.answers import is_of
from connectors.channels.base import Channel
from connectors.channels.ebay.settlements import read
from connectors.channels.statements import chain, inspect, reading, rows

CHANNEL = Channel(
    name="ebay",
    title="eBay",
    file="transaction report (.csv)",
    default_time_zone="UTC",
    recognises=lambda opening: is_of("ebay", opening),
    inspect=inspect,
    rows=rows,
    reading=lambda manifest, _documents: reading(manifest),
    chain=chain,
    read=read,
)

__all__ = ["CHANNEL"]
