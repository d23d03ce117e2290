"""Etsy: the payment account, as monthly statements and as the ledger of the API."""

import duckdb

from connectors.channels.base import Channel, Upload
from connectors.channels.etsy import files, ledger
from connectors.channels.etsy.chain import chain, reading
from connectors.channels.etsy.settlements import read
from connectors.documents import api_documents as answers
from connectors.documents.manifest import Manifest


def _recognises(opening: str) -> bool:
    return answers.is_of("etsy", opening) or files.recognises(opening)


def _inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    if answers.head(upload.header) is None:
        return files.inspect(con, upload)
    return ledger.inspect(con, upload)


CHANNEL = Channel(
    name="etsy",
    title="Etsy",
    file="monthly statement (.csv)",
    default_time_zone="UTC",
    recognises=_recognises,
    inspect=_inspect,
    rows=lambda manifest, text: (
        answers.relation(text) if manifest.format == ledger.FORMAT else files.rows(manifest, text)
    ),
    reading=reading,
    chain=chain,
    read=read,
    meets=True,
    language=files.language,
)

__all__ = ["CHANNEL"]
