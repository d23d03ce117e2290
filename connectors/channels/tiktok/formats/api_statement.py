"""A statement of TikTok Shop, one a day and shop, with its transactions and its payment."""

import duckdb

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage, Manifest
from connectors.documents.row_totals import verify_rows
from connectors.documents.source_file import DecodedFile
from connectors.errors import TotalsMismatch
from mappings.channels.queries import sql


class StatementFormat(ApiFormat):
    """A statement, whose transactions each state what they settle."""

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a statement whose transactions add up, each by itself too."""
        try:
            manifest = super().inspect(con, file)
        except TotalsMismatch:
            # The transaction that is wrong says more than that the sum is.
            _verify_transactions(con, file)
            raise
        _verify_transactions(con, file)
        return manifest


def _verify_transactions(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> None:
    """Raise `TotalsMismatch` for a transaction whose amounts do not make what it settles."""
    words = "the amounts of transaction {line_id} sum to {computed} but it settles {declared}"
    verify_rows(con, file, sql("tiktok", "untied"), words)


FORMAT = StatementFormat("tiktok", "api_statement", Coverage.SETTLEMENT)
