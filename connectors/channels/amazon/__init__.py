"""Amazon: settlement reports, as Seller Central and the Selling Partner API hand them out."""

from connectors.channels.amazon.files import inspect, reading, recognises, rows
from connectors.channels.base import Channel

CHANNEL = Channel(
    name="amazon",
    title="Amazon",
    file="settlement report, flat file V2 or V1 (.txt)",
    default_time_zone="UTC",
    recognises=recognises,
    inspect=inspect,
    rows=rows,
    reading=reading,
    chain=lambda manifests: [s for m in manifests for s in m.settlements],
)

__all__ = ["CHANNEL"]
