"""Square: a point of sale and online shop that pays out per location."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from connectors.channels import statements
from connectors.channels.base import Channel, Reading, Upload
from connectors.channels.square import files
from connectors.channels.square.chain import chain
from connectors.channels.square.settlements import read
from connectors.documents.api_documents import is_of
from connectors.documents.manifest import Manifest


def _recognises(opening: str) -> bool:
    return is_of("square", opening) or files.recognises(opening)


def _inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    read_by = statements.inspect if is_of("square", upload.opening) else files.inspect
    return read_by(con, upload)


def _rows(manifest: Manifest, text: Path) -> str:
    read_by = files.rows if manifest.format == files.FORMAT else statements.rows
    return read_by(manifest, text)


def _reading(manifest: Manifest, _documents: Sequence[Manifest]) -> Reading:
    is_file = manifest.format == files.FORMAT
    return files.reading(manifest) if is_file else statements.reading(manifest)


CHANNEL = Channel(
    name="square",
    title="Square",
    file="transactions file (.csv)",
    default_time_zone="America/New_York",
    recognises=_recognises,
    inspect=_inspect,
    rows=_rows,
    reading=_reading,
    chain=chain,
    read=read,
    periods=frozenset({files.FORMAT}),
)

__all__ = ["CHANNEL"]
