"""WooPayments' transactions that no deposit has taken yet, one document a currency."""

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage

FORMAT = ApiFormat("woocommerce", "api_open", Coverage.OPEN)
