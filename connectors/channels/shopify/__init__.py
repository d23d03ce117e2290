"""Shopify: online shops; those that take Shopify Payments are paid out by Shopify."""

from connectors.channels.base import Channel
from connectors.channels.shopify.costs import read_costs
from connectors.channels.shopify.formats import FORMATS
from connectors.channels.shopify.order_files import ORDER_FILES
from connectors.channels.shopify.settlement_links import link_settlements
from connectors.channels.shopify.streams import STREAMS, named_customers
from connectors.channels.shopify.sync import read

CHANNEL = Channel(
    name="shopify",
    title="Shopify",
    file="payment transactions or payouts export (.csv)",
    default_time_zone="UTC",
    formats=FORMATS,
    link_settlements=link_settlements,
    read=read,
    read_costs=read_costs,
    streams=STREAMS,
    order_files=ORDER_FILES,
    named_customers=named_customers,
)

__all__ = ["CHANNEL"]
