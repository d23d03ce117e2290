"""A statement of TikTok Shop, one a day and shop, with its transactions and its payment."""

import duckdb

from connectors.channels.api_formats import ApiFormat
from connectors.documents.manifest import Coverage, Manifest
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
    wrong = con.execute(sql("tiktok", "untied")).fetchone()
    if wrong is None:
        return
    number, declared, computed = wrong
    raise TotalsMismatch(
        f"{file.name}: the amounts of transaction {number} sum to {computed:f} but it settles "
        f"{declared:f}",
        declared=f"{declared:f}",
        computed=f"{computed:f}",
    )


FORMAT = StatementFormat("tiktok", "api_statement", Coverage.SETTLEMENT)
