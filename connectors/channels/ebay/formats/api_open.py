"""eBay's transactions that no payout has taken yet, one document a currency."""

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage

FORMAT = ApiFormat("ebay", "api_open", Coverage.OPEN)
