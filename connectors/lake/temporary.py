"""Temporary files and folders, named by the process that makes them and swept after it ends.

A name contains the machine and the process. Files of this machine are swept as soon as their
process has ended. Other machines' processes can't be checked, so their files are swept when they
have not been written to for an hour.
"""

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, TextIO

from connectors.home.processes import Process
from connectors.home.settings import Settings

TEMPORARY: Final = ".tmp-"
IMPORT: Final = "import-"
# Longer than any step writes without a pause, on whatever machine.
ABANDONED_SECONDS: Final = 3600.0
_OWNER: Final = re.compile(r"-(?P<host>[0-9a-f]{6})-(?P<pid>\d+)-(?P<start>[0-9a-f]{6})-[0-9a-f]+$")


def temporary_name(purpose: str, prefix: str = TEMPORARY) -> str:
    """Return a new name that identifies this process."""
    return f"{prefix}{purpose}-{_owner(os.getpid())}-{secrets.token_hex(4)}"


def left_behind(settings: Settings, *, everywhere: bool = False) -> Iterator[Path]:
    """Yield the temporary files that ended processes left in a home and its lake.

    Daybook makes none in the folders of tables, which are many: `everywhere` looks there too.
    """
    tables = settings.lake_folder.glob(f"*/*/{TEMPORARY}*") if everywhere else ()
    for path in dict.fromkeys([*_temporary(settings), *tables]):
        # Others may sweep or finish at the same time.
        with contextlib.suppress(FileNotFoundError):
            if _is_abandoned(path):
                yield path


def sweep(settings: Settings) -> None:
    """Delete the files of ended processes; `doctor` reports those that can't be deleted."""
    for path in left_behind(settings):
        discard(path)


def private_text(path: Path) -> TextIO:
    """Open a text file for writing that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    # The mode of `open` applies to new files only.
    os.fchmod(descriptor, 0o600)
    return open(descriptor, "w", encoding="utf-8", newline="")  # noqa: PTH123 - a descriptor


def discard(path: Path) -> None:
    """Delete a temporary file or folder if possible."""
    with contextlib.suppress(OSError):
        # A link is removed itself; what it leads to is not ours.
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _temporary(settings: Settings) -> Iterator[Path]:
    lake = settings.lake_folder
    folders = [lake, settings.home, settings.quarantine_folder, settings.dagster_home]
    folders += [settings.key_file.parent, settings.books_folder, settings.postgres_folder]
    for folder in (*folders, *_subfolders(lake / "raw"), *_subfolders(_year_files(settings))):
        yield from _entries(folder, TEMPORARY)
    # Copies of settlements as they were imported.
    yield from _entries(settings.scratch_folder, IMPORT)


def _year_files(settings: Settings) -> Path:
    return settings.books_folder / "connections"


def _subfolders(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        for entry in os.scandir(folder):
            if entry.is_dir() and not entry.name.startswith(TEMPORARY):
                yield Path(entry.path)


def _entries(folder: Path, prefix: str) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        for entry in os.scandir(folder):
            if entry.name.startswith(prefix):
                yield Path(entry.path)


def _is_abandoned(path: Path) -> bool:
    owner = _OWNER.search(path.name)
    if owner is None or owner["host"] != _host():
        return time.time() - path.lstat().st_mtime > ABANDONED_SECONDS
    # The number alone is not enough: the system reuses numbers within hours.
    return _start(int(owner["pid"])) != owner["start"]


@cache
def _owner(pid: int) -> str:
    return f"{_host()}-{pid}-{_start(pid)}"


@cache
def _host() -> str:
    return _digest(socket.gethostname())


def _start(pid: int) -> str:
    process = Process.of("", pid)
    return _digest(process.started) if process else ""


def _digest(text: str) -> str:
    # Host names may be longer than a file name allows, and hold any character.
    return hashlib.sha256(text.encode()).hexdigest()[:6]
