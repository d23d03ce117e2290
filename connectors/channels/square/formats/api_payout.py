"""A payout of one location, with its entries and the payments that they name."""

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage

FORMAT = ApiFormat("square", "api_payout", Coverage.SETTLEMENT)
