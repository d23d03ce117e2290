"""Amazon: settlement and transaction reports, from the Selling Partner API and Seller Central."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from connectors.channels import statements
from connectors.channels.amazon import files, notices, queue, range_rows, ranges
from connectors.channels.amazon.chains import chain
from connectors.channels.amazon.settlements import read
from connectors.channels.amazon.subscribing import subscribe
from connectors.channels.base import Channel, Reading, Upload
from connectors.channels.notices import Notices
from connectors.documents import api_documents as answers
from connectors.documents.manifest import Manifest


def _recognises(opening: str) -> bool:
    return (
        files.recognises(opening)
        or range_rows.recognises(opening)
        or answers.is_of("amazon", opening)
    )


def _inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    if files.recognises(upload.opening):
        return files.inspect(con, upload)
    if answers.is_of("amazon", upload.opening):
        return statements.inspect(con, upload)
    return ranges.inspect(con, upload)


def _rows(manifest: Manifest, text: Path) -> str:
    if manifest.format == ranges.RANGE:
        return range_rows.rows(manifest, text)
    if manifest.provisional:
        return statements.rows(manifest, text)
    return files.rows(manifest, text)


def _reading(manifest: Manifest, documents: Sequence[Manifest]) -> Reading:
    if manifest.format == ranges.RANGE:
        return ranges.reading(manifest, documents)
    if manifest.provisional:
        return statements.reading(manifest)
    return files.reading(manifest, documents)


CHANNEL = Channel(
    name="amazon",
    title="Amazon",
    file="settlement report, flat file V2 or V1 (.txt), or transaction report (.csv)",
    default_time_zone="UTC",
    recognises=_recognises,
    inspect=_inspect,
    rows=_rows,
    reading=_reading,
    chain=chain,
    read=read,
    periods=frozenset({ranges.RANGE}),
    meets=True,
    carries=True,
    foretells=True,
    notices=Notices(
        fields=queue.FIELDS,
        address="queue_url",
        opened=queue.opened,
        subscribe=subscribe,
        read=notices.read,
        concerns=notices.concerns,
    ),
)

__all__ = ["CHANNEL"]
