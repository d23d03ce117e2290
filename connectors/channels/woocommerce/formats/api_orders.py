"""A month of a store's orders, with all their payments and refunds; it sums to zero."""

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage

FORMAT = ApiFormat(
    "woocommerce", "api_orders", Coverage.SETTLEMENT, prefix="month:", lines="lines_orders"
)
