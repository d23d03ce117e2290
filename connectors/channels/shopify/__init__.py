"""Shopify: online shops; those that take Shopify Payments are paid out by Shopify."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from connectors.channels import statements
from connectors.channels.answers import head, is_of
from connectors.channels.base import Channel, Reading, Upload
from connectors.channels.shopify import files, orders
from connectors.channels.shopify.chain import chain
from connectors.channels.shopify.settlements import read
from connectors.documents import Manifest


def _recognises(opening: str) -> bool:
    return is_of("shopify", opening) or files.recognises(opening)


def _inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    said = head(upload.header)
    if said is None:
        return files.inspect(con, upload)
    read_by = orders.inspect if said.get("kind") == orders.ORDERS else statements.inspect
    return read_by(con, upload)


def _rows(manifest: Manifest, text: Path) -> str:
    read_by = files.rows if manifest.format == files.FORMAT else statements.rows
    return read_by(manifest, text)


def _reading(manifest: Manifest, _documents: Sequence[Manifest]) -> Reading:
    own = {files.FORMAT: files.reading, orders.FORMAT: orders.reading}
    return own.get(manifest.format, statements.reading)(manifest)


CHANNEL = Channel(
    name="shopify",
    title="Shopify",
    file="payment transactions export (.csv)",
    default_time_zone="UTC",
    recognises=_recognises,
    inspect=_inspect,
    rows=_rows,
    reading=_reading,
    chain=chain,
    read=read,
    periods=frozenset({files.FORMAT}),
)

__all__ = ["CHANNEL"]
