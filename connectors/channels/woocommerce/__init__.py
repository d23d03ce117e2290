"""WooCommerce: shops on their owners' own servers; their gateways pay out, not WooCommerce."""

from connectors.channels.base import Channel, unlinked_settlements
from connectors.channels.woocommerce.formats import FORMATS
from connectors.channels.woocommerce.order_files import ORDER_FILES
from connectors.channels.woocommerce.streams import STREAMS
from connectors.channels.woocommerce.sync import read

CHANNEL = Channel(
    name="woocommerce",
    title="WooCommerce",
    file="document of a store's answers (.ndjson)",
    default_time_zone="UTC",
    formats=FORMATS,
    link_settlements=unlinked_settlements,
    read=read,
    streams=STREAMS,
    order_files=ORDER_FILES,
)

__all__ = ["CHANNEL"]
