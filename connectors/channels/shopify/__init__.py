"""Shopify: online shops; those that take Shopify Payments are paid out by Shopify."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from connectors.channels import statements
from connectors.channels.base import Channel, Reading, Upload
from connectors.channels.shopify import exports, files, orders, payouts
from connectors.channels.shopify.chain import chain
from connectors.channels.shopify.settlements import read
from connectors.documents.api_documents import head, is_of
from connectors.documents.manifest import Manifest


def _recognises(opening: str) -> bool:
    if is_of("shopify", opening):
        return True
    names = exports.columns(opening)
    return files.recognises(names) or payouts.recognises(names)


def _inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    said = head(upload.header)
    if said is not None:
        read_by = orders.inspect if said.get("kind") == orders.ORDERS else statements.inspect
        return read_by(con, upload)
    if payouts.recognises(exports.columns(upload.header)):
        return payouts.inspect(con, upload)
    return files.inspect(con, upload)


def _rows(manifest: Manifest, text: Path) -> str:
    optional = {files.FORMAT: files.OPTIONAL, payouts.FORMAT: payouts.OPTIONAL}
    if manifest.format not in optional:
        return statements.rows(manifest, text)
    return exports.relation(manifest.dialect.columns, optional[manifest.format], text)


def _reading(manifest: Manifest, _documents: Sequence[Manifest]) -> Reading:
    own = {
        files.FORMAT: files.reading,
        payouts.FORMAT: payouts.reading,
        orders.FORMAT: orders.reading,
    }
    return own.get(manifest.format, statements.reading)(manifest)


CHANNEL = Channel(
    name="shopify",
    title="Shopify",
    file="payment transactions or payouts export (.csv)",
    default_time_zone="UTC",
    recognises=_recognises,
    inspect=_inspect,
    rows=_rows,
    reading=_reading,
    chain=chain,
    read=read,
    periods=frozenset({files.FORMAT, payouts.FORMAT}),
    sums=frozenset({payouts.FORMAT}),
)

__all__ = ["CHANNEL"]
