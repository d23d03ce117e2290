"""The lake: raw documents with their manifests, and Parquet partitions.

Exactly one Parquet file per (table, connection, day), replaced as a whole.
"""

import hashlib
import io
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import zstandard
from pydantic import ValidationError

from connectors.documents.manifest import Manifest, Withdrawal, effective_documents
from connectors.errors import ConfigError, Permanent
from connectors.lake.atomic import replacing, swap_all, write_atomically

# zstd's default: higher levels save few per cent on settlements and cost a multiple of the time.
ZSTD_LEVEL = 3
SYNC_ALL_ABOVE = 8
# parquet.apache.org/docs/file-format: a file begins and ends with them.
MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class Lake:
    """The folder of one home that holds documents and partitions."""

    folder: Path

    def partition(self, table: str, connection: str, day: date) -> Path:
        """Return the one file of (table, connection, day)."""
        return self.folder / table / connection / f"{day.isoformat()}.parquet"

    def days(self, table: str, connection: str) -> set[date]:
        """Return days that have a file."""
        folder = self.folder / table / connection
        if not folder.is_dir():
            return set()
        return {
            date.fromisoformat(entry.name.removesuffix(".parquet"))
            for entry in os.scandir(folder)
            # Temporary files begin with a dot and may end like the file that they will replace.
            if entry.name.endswith(".parquet") and not entry.name.startswith(".")
        }

    def cut_off(self, table: str, connection: str) -> set[date]:
        """Return the days whose file does not end as a Parquet file does."""
        days = self.days(table, connection)
        return {day for day in days if not _is_whole(self.partition(table, connection, day))}

    def partitions(self, table: str, connection: str, days: Iterable[date]) -> list[Path]:
        """Return the existing files of `days`, in order of day."""
        existing = self.days(table, connection)
        return [self.partition(table, connection, day) for day in sorted(existing & set(days))]

    def adopt(self, files: Iterable[tuple[Path, Path]]) -> None:
        """Move finished files to their places: all are on disk before any is renamed."""
        swap_all(files)

    def drop(self, table: str, connection: str, day: date) -> None:
        """Remove a partition without documents."""
        self.partition(table, connection, day).unlink(missing_ok=True)

    def forget(self, connection: str, tables: Iterable[str]) -> None:
        """Delete everything of a connection: its partitions of these tables and its documents."""
        for folder in [self.folder / table / connection for table in tables]:
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self._documents(connection), ignore_errors=True)

    def _documents(self, connection: str) -> Path:
        return self.folder / "raw" / connection

    def document_path(self, connection: str, document: str) -> Path:
        """Return the zstd-compressed bytes of a document."""
        return self._documents(connection) / f"{document}.zst"

    def store_document(self, content: bytes, manifest: Manifest) -> None:
        """Store a document: bytes first, manifest last, so that a manifest implies the bytes."""
        # The manifest makes a document exist, so it must not be there before the bytes are.
        self.restore_document(content, manifest)
        path = self.document_path(manifest.connection, manifest.document)
        write_atomically(path.with_suffix(".json"), manifest.to_json().encode())

    def restore_document(self, content: bytes, manifest: Manifest) -> None:
        """Write a document's bytes, replacing any that exist."""
        path = self.document_path(manifest.connection, manifest.document)
        with replacing(path) as temporary, temporary.open("wb") as file:
            # Streamed, so that a large document is not in memory twice.
            compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
            compressor.copy_stream(io.BytesIO(content), file, size=len(content))

    def withdraw_document(self, manifest: Manifest, withdrawal: Withdrawal) -> Manifest:
        """Mark a document as withdrawn; its bytes stay."""
        marked = manifest.model_copy(update={"withdrawn": withdrawal})
        path = self.document_path(manifest.connection, manifest.document)
        write_atomically(path.with_suffix(".json"), marked.to_json().encode())
        return marked

    def read_document(self, connection: str, document: str) -> bytes:
        """Return the document's original bytes, verified by their hash.

        Raises `Permanent` when they are gone or are not what was stored.
        """
        path = self.document_path(connection, document)
        mend = f"restore {path.name} from a backup, or import the file again"
        try:
            content = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
        except (OSError, zstandard.ZstdError) as error:
            raise Permanent(f"document {document[:12]} cannot be read ({error}): {mend}") from error
        if hashlib.sha256(content).hexdigest() != document:
            raise Permanent(f"document {document[:12]} was changed on disk: {mend}")
        return content

    def manifests(self, connection: str) -> list[Manifest]:
        """Return every document, superseded and withdrawn ones too, oldest statement first."""
        folder = self._documents(connection)
        if not folder.is_dir():
            return []
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
        manifests = [
            _read_manifest(folder / name)
            for name in names
            if name.endswith(".json") and not name.startswith(".")
        ]
        # The directory's order differs between file systems, and what is built must not.
        return sorted(manifests, key=lambda m: (m.period_start, m.statement, m.revision))

    def effective_documents(self, connection: str) -> list[Manifest]:
        """Return the effective documents with money: of each statement, the latest.

        None is provisional.
        """
        latest = self._latest(connection)
        return [m for m in latest if not m.provisional and not m.describes_orders]

    def order_documents(self, connection: str) -> list[Manifest]:
        """Return the latest documents that describe orders."""
        return [m for m in self._latest(connection) if m.describes_orders]

    def provisional_documents(self, connection: str) -> list[Manifest]:
        """Return the latest documents of days that no settlement covers yet."""
        return [m for m in self._latest(connection) if m.provisional]

    def _latest(self, connection: str) -> list[Manifest]:
        latest = effective_documents(self.manifests(connection))
        return sorted(latest.values(), key=lambda m: (m.period_start, m.statement))


def _is_whole(file: Path) -> bool:
    """Tell whether a file ends with Parquet's magic bytes, which are written last."""
    try:
        with file.open("rb") as content:
            content.seek(-len(MAGIC), os.SEEK_END)
            return content.read() == MAGIC
    except OSError:
        return False


def _read_manifest(path: Path) -> Manifest:
    try:
        return Manifest.from_json(path.read_text())
    except ValueError as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise ConfigError(
            f"{path} is not a manifest of this version ({reason}): restore it from a backup"
        ) from error
