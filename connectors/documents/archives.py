"""Files from disk, out of their gzip or zip containers, within bounds.

A path is read only if it is a regular file, and only up to the bounds, so that a device, an endless
pipe or a decompression bomb costs neither memory nor time.
"""

import gzip
import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

from connectors.documents.source_file import SourceFile
from connectors.documents.spreadsheets import is_spreadsheet
from connectors.errors import BadInput

MEBIBYTE = 2**20
# Bounds what one import holds in memory (below 1 GiB in all); the runbook lists them.
MAX_BYTES = 256 * MEBIBYTE
MAX_ARCHIVE_BYTES = 2048 * MEBIBYTE
MAX_FILES = 1000
# Settlements pack to a thirtieth at most; small files of zeros may pack better.
MAX_RATIO, RATIO_FROM = 200, 16 * MEBIBYTE
MAX_NAME = 150
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# The signature of a central directory entry, one a file.
_ZIP_ENTRY = re.compile(rb"PK\x01\x02")
_PACKED_AS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_KINDS = (
    (stat.S_ISDIR, "is a folder; name the files in it"),
    (stat.S_ISFIFO, "is a pipe; save what it gives to a file and import that"),
    (stat.S_ISSOCK, "is a socket; import a file"),
    (stat.S_ISCHR, "is a device; import a file"),
    (stat.S_ISBLK, "is a device; import a file"),
)


def source_files(path: Path) -> Iterator[SourceFile]:
    """Yield the files in `path`: itself, or what its gzip or zip container holds."""
    with _opened(path) as file:
        # Of the open descriptor: the path may be renamed onto another file meanwhile.
        before = os.fstat(file.fileno())
        name = plain_name(path.name)
        start = _start(path, file)
        if start.startswith(_GZIP):
            with _damage(name), gzip.GzipFile(fileobj=file) as packed:
                content = _bounded(packed, name, before.st_size)
            _check_unchanged(path, file, before)
            yield SourceFile(plain_name(name.removesuffix(".gz")), content)
        elif start in _ZIP and not is_spreadsheet(file):
            for source_file in _unzipped(name, file):
                _check_unchanged(path, file, before)
                yield source_file
        else:
            file.seek(0)
            content = _bounded(file, name)
            _check_unchanged(path, file, before)
            yield SourceFile(name, content)


def _check_unchanged(path: Path, file: BinaryIO, before: os.stat_result) -> None:
    """Refuse a file that was written to during the read: its content is half old, half new."""
    after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BadInput(
            f"{path}: was written to while it was read; import it again when it is complete"
        )


def plain_name(name: str) -> str:
    """Return a file's name in characters that a message, a manifest and a disk can hold."""
    printable = name.encode(errors="replace").decode()
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029/\\]", "?", printable)[-MAX_NAME:]


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file within the size limit, without waiting for a pipe's other end."""
    try:
        # O_NONBLOCK: opening a pipe without a writer would otherwise hang before its kind can be
        # checked.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise BadInput(f"{path}: there is no such file") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"{path}: cannot be read ({reason}); check its permissions") from error
    try:
        _check_kind(path, os.fstat(descriptor))
    except BadInput:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as file:
        yield file


def _check_kind(path: Path, status: os.stat_result) -> None:
    for is_kind, advice in _KINDS:
        if is_kind(status.st_mode):
            raise BadInput(f"{path}: {advice}")
    if status.st_size > MAX_ARCHIVE_BYTES:
        raise _too_large(str(path), "", MAX_ARCHIVE_BYTES)


def _start(path: Path, file: BinaryIO) -> bytes:
    try:
        start = file.read(len(_ZIP[0]))
        file.seek(0)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); copy it again") from error
    return start


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _bounded(stream: _Readable, name: str, packed: int | None = None) -> bytes:
    """Read a stream to its end, or refuse it once it is larger than a file may be."""
    content = io.BytesIO()
    try:
        while chunk := stream.read(MEBIBYTE):
            size = content.tell() + len(chunk)
            if size > MAX_BYTES:
                raise _too_large(name, "" if packed is None else " unpacked", MAX_BYTES)
            # Measured while unpacking: the size that an archive states of itself may be false.
            if packed is not None and size > max(RATIO_FROM, MAX_RATIO * packed):
                raise BadInput(
                    f"{name}: unpacks to more than {MAX_RATIO} times its size, as no report does; "
                    "unpack it yourself and import the report"
                )
            content.write(chunk)
    except OSError as error:
        if packed is not None:
            raise
        raise BadInput(f"{name}: cannot be read ({error.strerror}); copy it again") from error
    return content.getvalue()


def _too_large(name: str, how: str, bound: int) -> BadInput:
    return BadInput(
        f"{name}: is larger than {bound // MEBIBYTE} MiB{how}; export a shorter period, or import "
        "its files one by one"
    )


@contextmanager
def _damage(name: str) -> Iterator[None]:
    """Raise `BadInput` with the archive's name, whatever error its library raises."""
    try:
        yield
    except (BadInput, MemoryError):
        raise
    # zlib, struct, zipfile and gzip each raise their own errors for a damaged archive.
    except Exception as error:
        raise BadInput(f"{name}: the archive is damaged or cut off; download it again") from error


def _unzipped(name: str, file: BinaryIO) -> Iterator[SourceFile]:
    _check_count(name, file)
    with _damage(name):
        archive = zipfile.ZipFile(file)
    with archive:
        # macOS adds a shadow of every file that it packs.
        entries = [
            entry
            for entry in archive.infolist()
            if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")
        ]
        if not entries:
            raise BadInput(f"{name}: the archive holds no file; download it again")
        size = sum(entry.file_size for entry in entries)
        if size > MAX_ARCHIVE_BYTES:
            raise _too_large(name, " unpacked", MAX_ARCHIVE_BYTES)
        for entry in entries:
            yield _member(name, archive, entry)


def _member(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> SourceFile:
    inner = plain_name(entry.filename.replace("\\", "/").rpartition("/")[2]) or "file"
    if entry.flag_bits & _ENCRYPTED:
        raise BadInput(
            f"{name}: {inner} is locked with a password; unpack it and import the report"
        )
    if entry.compress_type not in _PACKED_AS:
        raise BadInput(
            f"{name}: {inner} is packed in a way Daybook does not read; unpack it and import the "
            "report"
        )
    with _damage(name), archive.open(entry) as packed:
        # Only the name is used, never its folders: an entry may be called ../../etc/passwd.
        return SourceFile(inner, _bounded(packed, inner, entry.compress_size))


def _check_count(name: str, file: BinaryIO) -> None:
    """Raise `BadInput` for an archive whose list of files alone would fill the memory."""
    file.seek(0)
    count, rest = 0, b""
    while count <= MAX_FILES and (chunk := file.read(MEBIBYTE)):
        entries = _ZIP_ENTRY.finditer(rest + chunk)
        count += sum(1 for _ in islice(entries, MAX_FILES + 1))
        # A signature may lie across two chunks.
        rest = chunk[-3:]
    file.seek(0)
    if count > MAX_FILES:
        raise BadInput(
            f"{name}: the archive holds more than {MAX_FILES} files; unpack it and import the "
            "reports"
        )
