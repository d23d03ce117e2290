"""Files from disk into the lake: unpack, decode, recognise, prove, store.

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

from connectors.channels.base import Channel, Upload
from connectors.documents import recognition
from connectors.documents.api_documents import check_count, head
from connectors.documents.decoding import encoding_of, write_decoded
from connectors.documents.manifest import Manifest, Member, Withdrawal, in_force
from connectors.documents.spreadsheets import ENCODING, is_spreadsheet, write_sheet
from connectors.errors import BadInput, DaybookError, Permanent, Unproven, summary
from connectors.home.settings import Settings
from connectors.lake.atomic import write_atomically
from connectors.lake.engine import open_engine
from connectors.lake.lake import Lake
from connectors.lake.temporary import IMPORT, discard, temporary_name

_CURRENCY = re.compile(r"[A-Z]{3}")
_NEWLINE = re.compile(r"\r\n|\r|\n")
# No channel writes more lines above its header.
OPENING, OPENING_LINES = 65_536, 40
# What DuckDB may hold while one file is read; it spills the rest to disk.
MEMORY = "384MB"
LONGEST = 600
# Reading the largest file takes a minute; what takes ten was made to.
MAX_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one member: its manifest, and whether it is new.

    `supersedes` names the document of the same statement that it replaces, `withdrawal` how the
    same document was taken out before.
    """

    manifest: Manifest
    new: bool
    withdrawal: Withdrawal | None = None

    @property
    def supersedes(self) -> str | None:
        """The document it restates, if it is new and another stood for the same statement."""
        return self.manifest.supersedes if self.new else None


def _transcribe(channel: Channel, member: Member, path: Path) -> tuple[str, str]:
    """Write what a file says to `path`; its encoding and first lines. Of a spreadsheet, the sheet
    that the channel knows."""
    if is_spreadsheet(member.content):
        title = write_sheet(
            member.name,
            member.content,
            path,
            lambda _title, sheet: recognition.is_of(channel, opening(_first_text(sheet))),
        )
        if title is None:
            raise BadInput(
                f"{member.name}: is a spreadsheet, and no sheet of it is a {channel.file}; import "
                "the file as it was downloaded, unedited"
            )
        return f"{ENCODING}{title}", opening(_first_text(path))
    encoding = encoding_of(member.name, member.content)
    write_decoded(member.content, encoding, path)
    first_lines = opening(_first_text(path))
    recognition.check(channel, member.name, first_lines)
    _check_end(member.name, path, first_lines)
    return encoding, first_lines


def opening(text: str) -> str:
    """The first lines of a file, by which it is recognised."""
    return "\n".join(_NEWLINE.split(text[:OPENING], maxsplit=OPENING_LINES)[:OPENING_LINES])


def _first_text(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        return file.read(OPENING)


def _check_end(name: str, path: Path, first_lines: str) -> None:
    """`BadInput` for a file of more than one line whose last line does not end: all formats end
    their last line, so that it is cut off, maybe in the middle of a word or a number."""
    with path.open("rb") as file:
        file.seek(-1, 2)
        if file.read() not in (b"\n", b"\r") and "\n" in first_lines:
            raise BadInput(
                f"{name}: its last line has no end: the file is cut off; download it again"
            )


@dataclass(frozen=True, slots=True)
class Examination:
    """A table to read files on: one DuckDB and one folder for as many as there are."""

    settings: Settings
    con: duckdb.DuckDBPyConnection
    scratch: Path
    memory_limit: str

    def examine(
        self, channel: Channel, member: Member, *, connection: str, time_zone: str
    ) -> Manifest:
        """Read one file and prove it, storing nothing; what is unproven is put in quarantine."""
        try:
            manifest = self._inspect(channel, member, connection, time_zone)
        except Unproven as error:
            kept = _quarantine(self.settings, member, error)
            raise Unproven(
                _line(f"{error} (kept as {kept})"), declared=error.declared, found=error.found
            ) from error
        except BadInput as error:
            raise BadInput(_line(str(error))) from error
        # The disk's and the machine's faults are none of the file's.
        except (DaybookError, OSError, MemoryError, duckdb.IOException):
            raise
        except duckdb.OutOfMemoryException as error:
            raise BadInput(
                f"{member.name}: takes more than {self.memory_limit} of memory to read; export a "
                "shorter period"
            ) from error
        except Exception as error:
            raise BadInput(
                _line(
                    f"{member.name}: cannot be read ({_said(error)}); download it again, unedited"
                )
            ) from error
        return manifest if member.tag is None else manifest.model_copy(update={"tag": member.tag})

    def _inspect(
        self, channel: Channel, member: Member, connection: str, time_zone: str
    ) -> Manifest:
        copy = self.scratch / "document.txt"
        encoding, first_lines = _transcribe(channel, member, copy)
        upload = Upload(
            name=member.name,
            document=hashlib.sha256(member.content).hexdigest(),
            encoding=encoding,
            opening=first_lines,
            text=copy,
            connection=connection,
            time_zone=time_zone,
        )
        check_count(upload.name, copy)
        _clear(self.con)
        with in_time(self.con, upload.name):
            manifest = channel.inspect(self.con, upload)
        if not _CURRENCY.fullmatch(manifest.currency):
            raise BadInput(
                f"{upload.name}: its currency is {manifest.currency!r}, which is none: the file is "
                "cut off or damaged; download it again"
            )
        if head(upload.header) is not None or manifest.rows is not None:
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
    """A message as one line that can be printed, whatever of the file it repeats."""
    plain = "".join(c if c.isprintable() else "?" for c in " ".join(message.split()))
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 200]} … {plain[-200:]}"


def _said(error: Exception) -> str:
    """What a library says of a file, in a line; ours says nothing that helps."""
    return summary(error)[:200] if isinstance(error, duckdb.Error) else type(error).__name__


def _clear(con: duckdb.DuckDBPyConnection) -> None:
    """Take the rows of the file before away: some are read as a view and some as a table."""
    kinds = con.execute(
        "SELECT CASE table_type WHEN 'VIEW' THEN 'VIEW' ELSE 'TABLE' END "
        "FROM information_schema.tables WHERE table_name = 'document_rows'"
    ).fetchall()
    for (kind,) in kinds:
        con.execute(f"DROP {kind} document_rows")


@contextmanager
def examining(settings: Settings, memory_limit: str | None = None) -> Iterator[Examination]:
    """Files can be read and proven while this is open."""
    memory_limit = memory_limit or settings.memory_limit
    settings.scratch_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.scratch_folder.chmod(0o700)
    scratch = settings.scratch_folder / temporary_name("file", IMPORT)
    scratch.mkdir(mode=0o700)
    try:
        with open_engine(
            threads=settings.threads, memory_limit=memory_limit, spill=scratch / "spill"
        ) as con:
            yield Examination(settings, con, scratch, memory_limit)
    finally:
        discard(scratch)


def examine(
    settings: Settings, channel: Channel, member: Member, *, connection: str, time_zone: str
) -> Manifest:
    """Read one file from disk and prove it, as `Examination.examine`, in little memory."""
    with examining(settings, MEMORY) as table:
        return table.examine(channel, member, connection=connection, time_zone=time_zone)


def _quarantine(settings: Settings, member: Member, error: Unproven) -> Path:
    digest = hashlib.sha256(member.content).hexdigest()
    path = settings.quarantine_folder / f"{digest[:12]}-{Path(member.name).name}"
    write_atomically(path, member.content)
    note = {"file": member.name, "declared": error.declared, "found": error.found}
    write_atomically(path.with_name(path.name + ".json"), json.dumps(note, indent=1).encode())
    return path.relative_to(settings.home)


def keep(
    lake: Lake, content: bytes, manifest: Manifest, stored: Sequence[Manifest] | None = None
) -> Intake:
    """Store a proven document, unless it is in force; number restatements.

    A document that is there and has come by another name in the platform's list learns that name.
    One that another has replaced since, or that was withdrawn, counts again: whoever says again
    what was said before is believed. The caller holds the connection's lock: two imports must
    not number the same restatement. `stored` are the connection's documents, where the caller has
    them.
    """
    if stored is None:
        stored = lake.manifests(manifest.connection)
    current = in_force(stored).get(manifest.statement)
    known = current if current and current.document == manifest.document else None
    if known is not None:
        _heal(lake, content, known)
        if manifest.tag not in {None, known.tag}:
            known = known.model_copy(update={"tag": manifest.tag})
            lake.store_document(content, known)
        return Intake(known, new=False)
    if current is not None and manifest.says_the_same(current):
        return Intake(current, new=False)
    earlier = [m for m in stored if m.statement == manifest.statement]
    if earlier:
        revision = max(m.revision for m in earlier) + 1
        supersedes = current.document if current else None
        manifest = manifest.model_copy(update={"revision": revision, "supersedes": supersedes})
    lake.store_document(content, manifest)
    withdrawals = (m.withdrawn for m in earlier if m.document == manifest.document)
    return Intake(manifest, new=True, withdrawal=next(withdrawals, None))


def is_held(manifest: Manifest, stored: Sequence[Manifest]) -> bool:
    """Whether what is in force of a statement says already all that a fetched document says."""
    latest = in_force(stored).get(manifest.statement)
    if latest is None:
        return False
    return latest.document == manifest.document or manifest.says_the_same(latest)


def _heal(lake: Lake, content: bytes, known: Manifest) -> None:
    """Put the bytes of a known document back where they were lost or damaged."""
    try:
        lake.read_document(known.connection, known.document)
    except Permanent:
        lake.restore_document(content, known)
