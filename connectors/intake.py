"""Files from disk into the lake: unpack, decode, recognise, prove, store.

A file is taken whole or not at all. What is refused leaves nothing behind but, where its lines do
not sum to what it declares, a copy in quarantine with both figures.
"""

import gzip
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.channels import CHANNELS
from connectors.channels.base import Channel, Upload
from connectors.decoding import decode
from connectors.documents import Manifest, Member
from connectors.engine import open_engine
from connectors.errors import BadInput, Permanent, Unproven
from connectors.lake import Lake, write_atomically
from connectors.settings import Settings
from connectors.spreadsheets import ENCODING, is_spreadsheet, sheets
from connectors.temporary import IMPORT, discard, temporary_name

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_NEWLINE = re.compile(r"\r\n|\r|\n")
MAX_BYTES = 8 * 1024**3
# No channel writes more lines above its header.
OPENING, OPENING_LINES = 65_536, 40


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one member: its manifest, and whether it is new.

    `supersedes` names the document of the same statement that it replaces.
    """

    manifest: Manifest
    new: bool

    @property
    def supersedes(self) -> str | None:
        """The document it restates, if it is new and another stood for the same statement."""
        return self.manifest.supersedes if self.new else None


def members(path: Path) -> Iterator[Member]:
    """The files in `path`: itself, or what its gzip or zip container holds."""
    if not path.exists():
        raise BadInput(f"{path}: there is no such file")
    if path.is_dir():
        raise BadInput(f"{path}: is a folder; name the files in it")
    try:
        before = path.stat()
        content = path.read_bytes()
        after = path.stat()
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read ({error.strerror}); check its permissions"
        ) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BadInput(
            f"{path}: was written to while it was read; import it again when it is complete"
        )
    yield from _unpacked(path.name, content)


def _unpacked(name: str, content: bytes) -> Iterator[Member]:
    damaged = f"{name}: the archive is damaged or cut off; download it again"
    if content.startswith(_GZIP):
        try:
            yield Member(name.removesuffix(".gz"), gzip.decompress(content))
        except (OSError, EOFError, zlib.error) as error:
            raise BadInput(damaged) from error
    elif is_spreadsheet(content):
        yield Member(name, content)
    elif content.startswith(_ZIP):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                # macOS adds a shadow of every file that it packs.
                inner = [
                    info
                    for info in archive.infolist()
                    if not info.is_dir() and not info.filename.startswith("__MACOSX/")
                ]
                if not inner:
                    raise BadInput(f"{name}: the archive holds no file; download it again")
                for info in inner:
                    if info.file_size > MAX_BYTES:
                        raise BadInput(f"{name}: {info.filename} is larger than 8 GiB unpacked")
                    yield Member(Path(info.filename).name, archive.read(info))
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise BadInput(damaged) from error
    else:
        yield Member(name, content)


def _text_of(channel: Channel, member: Member) -> tuple[str, str]:
    """What a file says and how it is written; of a spreadsheet, the sheet the channel knows."""
    if not is_spreadsheet(member.content):
        text, encoding = decode(member.name, member.content)
        _recognised(channel, member.name, opening(text))
        return text, encoding
    for title, text in sheets(member.name, member.content):
        if channel.recognises(opening(text)):
            return text, f"{ENCODING}{title}"
    raise BadInput(
        f"{member.name}: is a spreadsheet, and no sheet of it is a {channel.file}; import the file "
        "as it was downloaded, unedited"
    )


def opening(text: str) -> str:
    """The first lines of a file, by which it is recognised."""
    return "\n".join(_NEWLINE.split(text[:OPENING], maxsplit=OPENING_LINES)[:OPENING_LINES])


def _recognised(channel: Channel, name: str, first_lines: str) -> None:
    if channel.recognises(first_lines):
        return
    other = next((c for c in CHANNELS.values() if c.recognises(first_lines)), None)
    if other is not None:
        raise BadInput(
            f"{name}: is a file of {other.title}, not of {channel.title}; "
            f"use `daybook import {other.name}`"
        )
    raise BadInput(
        f"{name}: is not a file of {channel.title}; download the {channel.file} and import that"
    )


@dataclass(frozen=True, slots=True)
class Examination:
    """A table to read files on: one DuckDB and one folder for as many as there are."""

    settings: Settings
    con: duckdb.DuckDBPyConnection
    scratch: Path

    def examine(
        self, channel: Channel, member: Member, *, connection: str, time_zone: str
    ) -> Manifest:
        """Read one file and prove it, storing nothing; what is unproven is put in quarantine."""
        text, encoding = _text_of(channel, member)
        copy = self.scratch / "document.txt"
        copy.write_text(text, encoding="utf-8", newline="")
        upload = Upload(
            name=member.name,
            document=hashlib.sha256(member.content).hexdigest(),
            encoding=encoding,
            opening=opening(text),
            text=copy,
            connection=connection,
            time_zone=time_zone,
        )
        try:
            _clear(self.con)
            manifest = channel.inspect(self.con, upload)
        except Unproven as error:
            kept = _quarantine(self.settings, member, error)
            raise Unproven(
                f"{error} (kept as {kept})", declared=error.declared, found=error.found
            ) from error
        except (duckdb.DataError, duckdb.ProgrammingError) as error:
            said = str(error).splitlines()[0]
            raise BadInput(
                f"{member.name}: cannot be read ({said}); download it again, unedited"
            ) from error
        return manifest if member.tag is None else manifest.model_copy(update={"tag": member.tag})


def _clear(con: duckdb.DuckDBPyConnection) -> None:
    """Take the rows of the file before away: some are read as a view and some as a table."""
    kinds = con.execute(
        "SELECT CASE table_type WHEN 'VIEW' THEN 'VIEW' ELSE 'TABLE' END "
        "FROM information_schema.tables WHERE table_name = 'document_rows'"
    ).fetchall()
    for (kind,) in kinds:
        con.execute(f"DROP {kind} document_rows")


@contextmanager
def examining(settings: Settings) -> Iterator[Examination]:
    """Files can be read and proven while this is open."""
    settings.scratch_folder.mkdir(parents=True, exist_ok=True)
    scratch = settings.scratch_folder / temporary_name("file", IMPORT)
    scratch.mkdir(mode=0o700)
    try:
        with open_engine(
            threads=settings.threads, memory_limit=settings.memory_limit, spill=scratch / "spill"
        ) as con:
            yield Examination(settings, con, scratch)
    finally:
        discard(scratch)


def examine(
    settings: Settings, channel: Channel, member: Member, *, connection: str, time_zone: str
) -> Manifest:
    """Read one file and prove it, as `Examination.examine`."""
    with examining(settings) as table:
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
    """Store a proven document, unless the connection has it; number restatements.

    A document that is there and has come by another name in the platform's list learns that name.
    The caller holds the connection's lock: two imports must not number the same restatement.
    `stored` are the connection's documents, where the caller has fetched this one: a platform that
    says again what it said before it said something else is believed.
    """
    fetched = stored is not None
    if stored is None:
        stored = lake.manifests(manifest.connection)
    known = next((m for m in stored if m.document == manifest.document), None)
    if known is not None and not (fetched and _in_force(known.statement, stored) != known.document):
        _heal(lake, content, known)
        if manifest.tag not in {None, known.tag}:
            known = known.model_copy(update={"tag": manifest.tag})
            lake.store_document(content, known)
        return Intake(known, new=False)
    earlier = [m for m in stored if m.statement == manifest.statement]
    if earlier:
        latest = max(earlier, key=lambda m: m.revision)
        if manifest.says_the_same(latest):
            return Intake(latest, new=False)
        manifest = manifest.model_copy(
            update={"revision": latest.revision + 1, "supersedes": latest.document}
        )
    lake.store_document(content, manifest)
    return Intake(manifest, new=True)


def _in_force(statement: str, stored: Sequence[Manifest]) -> str:
    """The newest document of a statement."""
    return max((m for m in stored if m.statement == statement), key=lambda m: m.revision).document


def is_held(manifest: Manifest, stored: Sequence[Manifest]) -> bool:
    """Whether what is in force of a statement says already all that a fetched document says."""
    earlier = [m for m in stored if m.statement == manifest.statement]
    if not earlier:
        return False
    latest = max(earlier, key=lambda m: m.revision)
    return latest.document == manifest.document or manifest.says_the_same(latest)


def _heal(lake: Lake, content: bytes, known: Manifest) -> None:
    """Put the bytes of a known document back where they were lost or damaged."""
    try:
        lake.read_document(known.connection, known.document)
    except Permanent:
        lake.restore_document(content, known)
