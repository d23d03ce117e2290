"""A reconciliation report as the API's JSON pages, where Walmart has no file of it."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from connectors.channels.walmart.formats import report_v1
from connectors.channels.walmart.layouts import V1, relation, response_rows
from connectors.channels.walmart.reconciliation_report import ReconciliationReport
from connectors.documents.api_documents import is_of
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import load


class ApiReport(ReconciliationReport):
    """The pages of one report: the records are those of a V1 file."""

    def identify(self, head: str) -> bool:
        """Return whether these are the first lines of a document of Walmart's responses."""
        return is_of("walmart", head)

    def columns(self, _file: DecodedFile) -> tuple[str, ...]:
        """Return the columns of V1, which every record has."""
        return V1.columns

    def rows(self, _names: Sequence[str], text: Path) -> str:
        """Return SQL for the records of every page."""
        return relation(V1, response_rows(text))

    def load(self, con: duckdb.DuckDBPyConnection, file: DecodedFile, names: Sequence[str]) -> None:
        """Make `document_rows` of the pages' records."""
        load(
            con, file, self.rows(names, file.text), "is not a row of a report", "download it again"
        )

    def count_rows(self, _con: duckdb.DuckDBPyConnection) -> int | None:
        """Return nothing: only a file has rows."""
        return None


FORMAT = ApiReport(
    name="api_report",
    layout=V1,
    signature=frozenset(),
    lines=report_v1.FORMAT.lines,
    stated=report_v1.FORMAT.stated,
    verified=report_v1.FORMAT.verified,
)
