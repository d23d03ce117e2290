"""A month of a store's orders, whenever they were paid and refunded; it comes to nothing."""

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage

FORMAT = ApiFormat(
    "woocommerce", "api_orders", Coverage.SETTLEMENT, prefix="month:", lines="lines_orders"
)
