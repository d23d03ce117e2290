"""eBay: payouts and their transactions, from the Finances API or Seller Hub's report."""

from connectors.channels.base import Channel
from connectors.channels.ebay.formats import FORMATS
from connectors.channels.ebay.order_files import ORDER_FILES
from connectors.channels.ebay.report_rows import language
from connectors.channels.ebay.settlement_links import link_settlements
from connectors.channels.ebay.streams import STREAMS, named_customers
from connectors.channels.ebay.sync import read

CHANNEL = Channel(
    name="ebay",
    title="eBay",
    file="transaction report (.csv)",
    default_time_zone="UTC",
    formats=FORMATS,
    link_settlements=link_settlements,
    read=read,
    streams=STREAMS,
    order_files=ORDER_FILES,
    named_customers=named_customers,
    language=language,
)

__all__ = ["CHANNEL"]
