"""The list of statements that there are: it proves the days without one empty."""

from connectors.channels.tiktok.formats.api_statement import StatementFormat
from connectors.documents.manifest import Coverage

FORMAT = StatementFormat("tiktok", "api_open", Coverage.OPEN)
