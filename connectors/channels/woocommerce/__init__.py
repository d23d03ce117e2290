"""WooCommerce: shops on their owners' own servers; their gateways pay out, not WooCommerce."""

import duckdb

from connectors.channels import statements
from connectors.channels.base import Channel, Upload
from connectors.channels.statements import chain, reading, rows
from connectors.channels.woocommerce.months import is_month
from connectors.channels.woocommerce.settlements import read
from connectors.documents.api_documents import head, is_of
from connectors.documents.manifest import Manifest


def _lines(statement: str) -> str:
    """The query that reads a document."""
    return "orders" if is_month(statement) else "answers"


def _inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    said = head(upload.header) or {}
    return statements.inspect(con, upload, _lines(str(said.get("statement"))))


CHANNEL = Channel(
    name="woocommerce",
    title="WooCommerce",
    file="document of a store's answers (.ndjson)",
    default_time_zone="UTC",
    recognises=lambda opening: is_of("woocommerce", opening),
    inspect=_inspect,
    rows=rows,
    reading=lambda manifest, _documents: reading(manifest, lines=_lines(manifest.statement)),
    chain=chain,
    read=read,
)

__all__ = ["CHANNEL"]
