"""A payout of eBay's Finances API, with the transactions that carry its number."""

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage

FORMAT = ApiFormat("ebay", "api_payout", Coverage.SETTLEMENT)
