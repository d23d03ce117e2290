"""Square's payments that no payout has taken: those that wait, and the tills, a month each."""

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage

FORMAT = ApiFormat("square", "api_open", Coverage.OPEN)
