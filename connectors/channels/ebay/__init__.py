"""eBay: payouts and their transactions, from the Finances API or Seller Hub's report."""

from pathlib import Path

import duckdb

from connectors.channels import statements
from connectors.channels.base import Channel, Upload
from connectors.channels.ebay import files, report
from connectors.channels.ebay.chain import chain
from connectors.channels.ebay.settlements import read
from connectors.documents.api_documents import is_of
from connectors.documents.manifest import Manifest


def _recognises(opening: str) -> bool:
    return is_of("ebay", opening) or report.recognises(opening)


def _inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    if is_of("ebay", upload.opening):
        return statements.inspect(con, upload)
    return files.inspect(con, upload)


def _rows(manifest: Manifest, text: Path) -> str:
    read_by = report.rows if manifest.format == files.FORMAT else statements.rows
    return read_by(manifest, text)


CHANNEL = Channel(
    name="ebay",
    title="eBay",
    file="transaction report (.csv)",
    default_time_zone="UTC",
    recognises=_recognises,
    inspect=_inspect,
    rows=_rows,
    reading=lambda manifest, _documents: (
        files.reading(manifest) if manifest.format == files.FORMAT else statements.reading(manifest)
    ),
    chain=chain,
    read=read,
    periods=frozenset({files.FORMAT}),
    language=report.language,
)

__all__ = ["CHANNEL"]
