"""A payout of Shopify Payments, with the balance transactions that it has taken."""

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage

FORMAT = ApiFormat("shopify", "api_payout", Coverage.SETTLEMENT)
