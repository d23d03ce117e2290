"""A deposit of WooPayments, with the transactions that it pays out."""

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage

FORMAT = ApiFormat("woocommerce", "api_deposit", Coverage.SETTLEMENT, prefix="deposit:")
