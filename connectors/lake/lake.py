"""Where bytes live: raw documents with their manifests, and Parquet partitions.

Exactly one Parquet file per (table, connection, day). A file is written under a temporary name in
the folder it belongs to, synced and renamed, so that a reader sees the old file or the new one and
a killed process leaves nothing half-written under a real name.
"""

import hashlib
import io
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import zstandard
from pydantic import ValidationError

from connectors.documents.manifest import Manifest, Withdrawal, effective_documents
from connectors.errors import ConfigError, Permanent
from connectors.lake.temporary import temporary_name

ZSTD_LEVEL = 3
SYNC_ALL_ABOVE = 8
# parquet.apache.org/docs/file-format: a file begins and ends with them.
MAGIC = b"PAR1"


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_files(paths: list[Path]) -> None:
    """One `sync` for many files: a year of days costs milliseconds instead of one second.

    Only Linux promises that `sync` returns after the data is on disk.
    """
    if len(paths) > SYNC_ALL_ABOVE and sys.platform == "linux":
        os.sync()
        return
    for path in paths:
        _sync_file(path)


@contextmanager
def replacing(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """Yield a temporary path in `path`'s folder; it becomes `path` when the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / temporary_name(path.name)
    try:
        yield temporary
        if sync:
            _sync_file(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    if sync:
        sync_folder(path.parent)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by `content` as a whole, or leave it as it was."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


@dataclass(frozen=True, slots=True)
class Lake:
    """The folder of one home that holds documents and partitions."""

    folder: Path

    def partition(self, table: str, connection: str, day: date) -> Path:
        """The one file of (table, connection, day)."""
        return self.folder / table / connection / f"{day.isoformat()}.parquet"

    def days(self, table: str, connection: str) -> set[date]:
        """Days that have a file."""
        folder = self.folder / table / connection
        if not folder.is_dir():
            return set()
        return {
            date.fromisoformat(entry.name.removesuffix(".parquet"))
            for entry in os.scandir(folder)
            if entry.name.endswith(".parquet") and not entry.name.startswith(".")
        }

    def cut_off(self, table: str, connection: str) -> set[date]:
        """Return the days whose file does not end as a Parquet file does."""
        days = self.days(table, connection)
        return {day for day in days if not _is_whole(self.partition(table, connection, day))}

    def partitions(self, table: str, connection: str, days: Iterable[date]) -> list[Path]:
        """The existing files of `days`, in order of day."""
        existing = self.days(table, connection)
        return [self.partition(table, connection, day) for day in sorted(existing & set(days))]

    def adopt(self, files: Iterable[tuple[Path, Path]]) -> None:
        """Move finished files to their places: all are on disk before any is renamed."""
        moves = list(files)
        _sync_files([source for source, _ in moves])
        for folder in {target.parent for _, target in moves}:
            folder.mkdir(parents=True, exist_ok=True)
        for source, target in moves:
            source.replace(target)
        for folder in {target.parent for _, target in moves}:
            sync_folder(folder)

    def drop(self, table: str, connection: str, day: date) -> None:
        """Remove a partition that nothing supports any more."""
        self.partition(table, connection, day).unlink(missing_ok=True)

    def forget(self, connection: str, tables: Iterable[str]) -> None:
        """Delete everything of a connection: its partitions of these tables and its documents."""
        for folder in [self.folder / table / connection for table in tables]:
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self._documents(connection), ignore_errors=True)

    def _documents(self, connection: str) -> Path:
        return self.folder / "raw" / connection

    def document_path(self, connection: str, document: str) -> Path:
        """The zstd-compressed bytes of a document."""
        return self._documents(connection) / f"{document}.zst"

    def store_document(self, content: bytes, manifest: Manifest) -> None:
        """Keep a document for good: bytes first, manifest last, so a manifest is a promise."""
        self.restore_document(content, manifest)
        path = self.document_path(manifest.connection, manifest.document)
        write_atomically(path.with_suffix(".json"), manifest.to_json().encode())

    def restore_document(self, content: bytes, manifest: Manifest) -> None:
        """Put a document's bytes in place, whatever stood there."""
        path = self.document_path(manifest.connection, manifest.document)
        with replacing(path) as temporary, temporary.open("wb") as file:
            # A stream, so that what is large is not held twice.
            compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
            compressor.copy_stream(io.BytesIO(content), file, size=len(content))

    def withdraw_document(self, manifest: Manifest, withdrawal: Withdrawal) -> Manifest:
        """Mark a document as withdrawn; its bytes stay."""
        marked = manifest.model_copy(update={"withdrawn": withdrawal})
        path = self.document_path(manifest.connection, manifest.document)
        write_atomically(path.with_suffix(".json"), marked.to_json().encode())
        return marked

    def read_document(self, connection: str, document: str) -> bytes:
        """The bytes as the channel gave them, proven by their hash.

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
        """Every document, superseded and withdrawn ones too, oldest statement first."""
        folder = self._documents(connection)
        if not folder.is_dir():
            return []
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
        found = [
            _read_manifest(folder / name)
            for name in names
            if name.endswith(".json") and not name.startswith(".")
        ]
        return sorted(found, key=lambda m: (m.period_start, m.statement, m.revision))

    def current(self, connection: str) -> list[Manifest]:
        """The documents in force: of each statement, the latest one; none that is provisional."""
        return [m for m in self._latest(connection) if not m.provisional]

    def provisional(self, connection: str) -> list[Manifest]:
        """The latest documents about days that no settlement covers yet; nothing is booked."""
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
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise ConfigError(
            f"{path} is not a manifest of this version ({said}): restore it from a backup"
        ) from error
