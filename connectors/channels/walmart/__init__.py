"""Walmart Marketplace: a marketplace that settles every two weeks, Pacific time."""

from connectors.channels.base import Channel
from connectors.channels.walmart.files import inspect, reading, recognises, rows
from connectors.channels.walmart.settlements import read

CHANNEL = Channel(
    name="walmart",
    title="Walmart",
    file="reconciliation report (.csv, as downloaded)",
    default_time_zone="America/Los_Angeles",
    recognises=recognises,
    inspect=inspect,
    rows=rows,
    reading=reading,
    chain=lambda manifests: [s for m in manifests for s in m.settlements],
    read=read,
    meets=True,
    carries=True,
)

__all__ = ["CHANNEL"]
