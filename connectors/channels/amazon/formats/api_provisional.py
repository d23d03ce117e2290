"""Amazon's Finances transactions of days that no settlement covers yet, one document a currency."""

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage

FORMAT = ApiFormat("amazon", "api_provisional", Coverage.PROVISIONAL)
