"""Files from disk into the lake: unpack, decode, identify, verify, store.

A file is taken whole or not at all. A refused file leaves nothing behind, except a copy in
quarantine with both figures if its lines do not sum to their declared total.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Timer

import duckdb

from connectors.channels.base import Channel
from connectors.channels.order_files import OrderFile
from connectors.documents.api_documents import check_count, read_head
from connectors.documents.manifest import Manifest, Withdrawal, effective_documents
from connectors.documents.order_exports import OrderExport, read_export
from connectors.documents.source_file import DecodedFile, SourceFile
from connectors.documents.transcript import transcribe
from connectors.errors import BadInput, DaybookError, Permanent, TotalsMismatch
from connectors.home.settings import Settings
from connectors.lake.atomic import write_atomically
from connectors.lake.engine import open_engine
from connectors.lake.lake import Lake
from connectors.lake.temporary import IMPORT, discard, temporary_name

_CURRENCY = re.compile(r"[A-Z]{3}")
# What DuckDB may hold while one file is read; it spills the rest to disk.
MEMORY = "384MB"
LONGEST = 600
# Reading the largest file takes a minute; ten minutes mean a crafted file.
MAX_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class IngestResult:
    """The outcome of storing one file: its manifest, and whether it is new.

    `supersedes` names the document of the same statement that it replaces, `withdrawal` the
    earlier withdrawal of the same document.
    """

    manifest: Manifest
    new: bool
    withdrawal: Withdrawal | None = None

    @property
    def supersedes(self) -> str | None:
        """Return the document it restates, if it is new and there was one."""
        return self.manifest.supersedes if self.new else None


@dataclass(frozen=True, slots=True)
class FileParser:
    """A reader of files: one DuckDB and one folder for as many as there are."""

    settings: Settings
    con: duckdb.DuckDBPyConnection
    scratch: Path
    memory_limit: str

    def parse(
        self, channel: Channel, source_file: SourceFile, *, connection: str, time_zone: str
    ) -> Manifest:
        """Return the manifest of one file, storing nothing.

        Raises `BadInput` for a file that cannot be taken, and `TotalsMismatch`, with a copy in
        quarantine, for one that does not add up.
        """
        parsed = self.read(channel, source_file, connection=connection, time_zone=time_zone)
        if isinstance(parsed, Manifest):
            return parsed
        title = parsed.order_file.title
        raise BadInput(f"{parsed.name}: is an {title}, which holds no settlement")

    def read(
        self, channel: Channel, source_file: SourceFile, *, connection: str, time_zone: str
    ) -> Manifest | OrderExport:
        """Return what one file holds, a document or orders, storing nothing.

        Orders are left in the engine's table `stated`. Raises as `parse` does.
        """
        try:
            parsed = self._inspect(channel, source_file, connection, time_zone)
        except TotalsMismatch as error:
            path = _quarantine(self.settings, source_file, error)
            raise TotalsMismatch(
                _line(f"{error} (kept as {path})"), declared=error.declared, computed=error.computed
            ) from error
        except BadInput as error:
            raise BadInput(_line(str(error))) from error
        # Faults of the disk and the machine, not of the file.
        except (DaybookError, OSError, MemoryError, duckdb.IOException):
            raise
        except duckdb.OutOfMemoryException as error:
            raise BadInput(
                f"{source_file.name}: takes more than {self.memory_limit} of memory to read; "
                "export a shorter period"
            ) from error
        except Exception as error:
            raise BadInput(
                _line(
                    f"{source_file.name}: cannot be read ({_reason(error)}); download it again, "
                    "unedited"
                )
            ) from error
        if source_file.tag is None or not isinstance(parsed, Manifest):
            return parsed
        return parsed.model_copy(update={"tag": source_file.tag})

    def _inspect(
        self, channel: Channel, source_file: SourceFile, connection: str, time_zone: str
    ) -> Manifest | OrderExport:
        copy = self.scratch / "document.txt"
        encoding, head, source_format = transcribe(channel, source_file, copy)
        file = DecodedFile(
            name=source_file.name,
            document=hashlib.sha256(source_file.content).hexdigest(),
            encoding=encoding,
            head=head,
            text=copy,
            connection=connection,
            time_zone=time_zone,
        )
        _clear(self.con)
        if isinstance(source_format, OrderFile):
            with in_time(self.con, file.name):
                return read_export(self.con, channel, source_format, file)
        # Before the format reads it: a cut document would fail there with a less useful message.
        check_count(file.name, copy)
        with in_time(self.con, file.name):
            manifest = source_format.inspect(self.con, file)
        # A shifted row has an amount or a date in the currency's column.
        if not _CURRENCY.fullmatch(manifest.currency):
            raise BadInput(
                f"{file.name}: its currency is {manifest.currency!r}, which is none: the file is "
                "cut off or damaged; download it again"
            )
        if read_head(file.header) is not None or manifest.rows is not None:
            return manifest
        rows = self.con.execute("SELECT count(*) FROM document_rows").fetchone() or (0,)
        return manifest.model_copy(update={"rows": rows[0]})


@contextmanager
def in_time(
    con: duckdb.DuckDBPyConnection, name: str, seconds: float = MAX_SECONDS
) -> Iterator[None]:
    """Raise `BadInput` when reading a file exceeds its time limit."""
    expired = Event()

    def expire() -> None:
        expired.set()
        # DuckDB ends the running query; it has no time-out of its own.
        con.interrupt()

    timer = Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        if not expired.is_set():
            raise
        raise BadInput(
            f"{name}: takes longer than {seconds / 60:g} minutes to read; export a shorter period"
        ) from error
    finally:
        timer.cancel()


def _line(message: str) -> str:
    """Return a message as one printable line, whatever it quotes from the file."""
    plain = "".join(c if c.isprintable() else "?" for c in " ".join(message.split()))
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 200]} … {plain[-200:]}"


def _reason(error: Exception) -> str:
    """Return DuckDB's reason in one line; other errors' messages don't help the user."""
    first = str(error).partition("\n")[0][:200]
    return first if isinstance(error, duckdb.Error) and first else type(error).__name__


def _clear(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the previous file's rows, which may be a view or a table."""
    kinds = con.execute(
        "SELECT CASE table_type WHEN 'VIEW' THEN 'VIEW' ELSE 'TABLE' END "
        "FROM information_schema.tables WHERE table_name = 'document_rows'"
    ).fetchall()
    for (kind,) in kinds:
        con.execute(f"DROP {kind} document_rows")


@contextmanager
def open_parser(settings: Settings, memory_limit: str | None = None) -> Iterator[FileParser]:
    """Yield a parser; its DuckDB and its folder are removed when the block ends."""
    memory_limit = memory_limit or settings.memory_limit
    settings.scratch_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Also for an existing folder: the copies in it are somebody's settlements.
    settings.scratch_folder.chmod(0o700)
    scratch = settings.scratch_folder / temporary_name("file", IMPORT)
    scratch.mkdir(mode=0o700)
    try:
        with open_engine(
            threads=settings.threads, memory_limit=memory_limit, spill=scratch / "spill"
        ) as con:
            yield FileParser(settings, con, scratch, memory_limit)
    finally:
        discard(scratch)


def parse_file(
    settings: Settings,
    channel: Channel,
    source_file: SourceFile,
    *,
    connection: str,
    time_zone: str,
) -> Manifest:
    """Return the manifest of one file, as `FileParser.parse`, in little memory."""
    with open_parser(settings, MEMORY) as parser:
        return parser.parse(channel, source_file, connection=connection, time_zone=time_zone)


def _quarantine(settings: Settings, source_file: SourceFile, error: TotalsMismatch) -> Path:
    digest = hashlib.sha256(source_file.content).hexdigest()
    path = settings.quarantine_folder / f"{digest[:12]}-{Path(source_file.name).name}"
    write_atomically(path, source_file.content)
    note = {"file": source_file.name, "declared": error.declared, "found": error.computed}
    write_atomically(path.with_name(path.name + ".json"), json.dumps(note, indent=1).encode())
    return path.relative_to(settings.home)


def store(
    lake: Lake, content: bytes, manifest: Manifest, stored: Sequence[Manifest] | None = None
) -> IngestResult:
    """Store a verified document, unless it is effective already; number restatements.

    A known document under another name in the platform's list takes over that name. A superseded or
    withdrawn one becomes effective again, because its latest import expresses the owner's intent.
    The caller holds the connection's lock: two imports must not number the same restatement.
    `stored` are the connection's documents, if the caller has them.
    """
    if stored is None:
        stored = lake.manifests(manifest.connection)
    current = effective_documents(stored).get(manifest.statement)
    if current is not None and current.document == manifest.document:
        _heal(lake, content, current)
        if manifest.tag not in {None, current.tag}:
            current = current.model_copy(update={"tag": manifest.tag})
            lake.store_document(content, current)
        return IngestResult(current, new=False)
    # An API document with the same lines may differ in bytes (order, new fields): storing it would
    # recompute its days.
    if current is not None and manifest.says_the_same(current):
        return IngestResult(current, new=False)
    earlier = [m for m in stored if m.statement == manifest.statement]
    if earlier:
        # Over withdrawn ones too: a revision's number is never used again.
        revision = max(m.revision for m in earlier) + 1
        supersedes = current.document if current else None
        manifest = manifest.model_copy(update={"revision": revision, "supersedes": supersedes})
    lake.store_document(content, manifest)
    withdrawals = (m.withdrawn for m in earlier if m.document == manifest.document)
    return IngestResult(manifest, new=True, withdrawal=next(withdrawals, None))


def is_stored(manifest: Manifest, stored: Sequence[Manifest]) -> bool:
    """Return whether the statement's effective document equals a new one."""
    current = effective_documents(stored).get(manifest.statement)
    if current is None:
        return False
    return current.document == manifest.document or manifest.says_the_same(current)


def _heal(lake: Lake, content: bytes, stored: Manifest) -> None:
    """Put the bytes of a stored document back where they were lost or damaged."""
    try:
        lake.read_document(stored.connection, stored.document)
    except Permanent:
        lake.restore_document(content, stored)
