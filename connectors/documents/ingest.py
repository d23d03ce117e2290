"""Files from disk into the lake: unpack, decode, identify, verify, store.

A file is taken whole or not at all. What is refused leaves nothing behind but, where its lines do
not sum to what it declares, a copy in quarantine with both figures.
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
from connectors.documents.api_documents import check_count, read_head
from connectors.documents.manifest import Manifest, Withdrawal, effective_documents
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
# Reading the largest file takes a minute; what takes ten was made to.
MAX_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class IngestResult:
    """The outcome of storing one file: its manifest, and whether it is new.

    `supersedes` names the document of the same statement that it replaces, `withdrawal` how the
    same document was taken out before.
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
        try:
            manifest = self._inspect(channel, source_file, connection, time_zone)
        except TotalsMismatch as error:
            path = _quarantine(self.settings, source_file, error)
            raise TotalsMismatch(
                _line(f"{error} (kept as {path})"), declared=error.declared, computed=error.computed
            ) from error
        except BadInput as error:
            raise BadInput(_line(str(error))) from error
        # The disk's and the machine's faults are none of the file's.
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
        return (
            manifest
            if source_file.tag is None
            else manifest.model_copy(update={"tag": source_file.tag})
        )

    def _inspect(
        self, channel: Channel, source_file: SourceFile, connection: str, time_zone: str
    ) -> Manifest:
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
        check_count(file.name, copy)
        _clear(self.con)
        with in_time(self.con, file.name):
            manifest = source_format.inspect(self.con, file)
        # A shifted row puts an amount or a date where the currency stands.
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
    """Raise BadInput where reading a file takes longer than a file may take."""
    expired = Event()

    def expire() -> None:
        expired.set()
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
    """Return a message as one line that can be printed, whatever of the file it repeats."""
    plain = "".join(c if c.isprintable() else "?" for c in " ".join(message.split()))
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 200]} … {plain[-200:]}"


def _reason(error: Exception) -> str:
    """Return what a library says of a file, in a line; ours says nothing that helps."""
    first = str(error).partition("\n")[0][:200]
    return first if isinstance(error, duckdb.Error) and first else type(error).__name__


def _clear(con: duckdb.DuckDBPyConnection) -> None:
    """Take the rows of the file before away: some are read as a view and some as a table."""
    kinds = con.execute(
        "SELECT CASE table_type WHEN 'VIEW' THEN 'VIEW' ELSE 'TABLE' END "
        "FROM information_schema.tables WHERE table_name = 'document_rows'"
    ).fetchall()
    for (kind,) in kinds:
        con.execute(f"DROP {kind} document_rows")


@contextmanager
def open_parser(settings: Settings, memory_limit: str | None = None) -> Iterator[FileParser]:
    """Yield a parser; its DuckDB and its folder go when the block ends."""
    memory_limit = memory_limit or settings.memory_limit
    settings.scratch_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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

    A document that is there and has come by another name in the platform's list learns that name.
    One that another has replaced since, or that was withdrawn, counts again: whoever says again
    what was said before is believed. The caller holds the connection's lock: two imports must
    not number the same restatement. `stored` are the connection's documents, where the caller has
    them.
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
    if current is not None and manifest.says_the_same(current):
        return IngestResult(current, new=False)
    earlier = [m for m in stored if m.statement == manifest.statement]
    if earlier:
        revision = max(m.revision for m in earlier) + 1
        supersedes = current.document if current else None
        manifest = manifest.model_copy(update={"revision": revision, "supersedes": supersedes})
    lake.store_document(content, manifest)
    withdrawals = (m.withdrawn for m in earlier if m.document == manifest.document)
    return IngestResult(manifest, new=True, withdrawal=next(withdrawals, None))


def is_stored(manifest: Manifest, stored: Sequence[Manifest]) -> bool:
    """Return whether the effective document of the statement says all that a new one says."""
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
