"""Etsy: monthly statements, as Shop Manager hands them out."""

from connectors.channels.base import Channel
from connectors.channels.etsy.chain import chain, reading
from connectors.channels.etsy.files import inspect, recognises, rows

CHANNEL = Channel(
    name="etsy",
    title="Etsy",
    file="monthly statement (.csv)",
    default_time_zone="UTC",
    recognises=recognises,
    inspect=inspect,
    rows=rows,
    reading=reading,
    chain=chain,
)

__all__ = ["CHANNEL"]
