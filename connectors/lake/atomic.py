"""Files replaced as a whole: the one atomic writer.

A file is written under a temporary name in the folder it belongs to, synced and renamed, so that a
reader sees the old file or the new one, and a killed process leaves no partial file under a real
name.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.lake.temporary import temporary_name

SYNC_ALL_ABOVE = 8
_DEFAULT_MODE = 0o666


def write_atomically(path: Path, content: bytes, mode: int = _DEFAULT_MODE) -> None:
    """Replace `path` by `content` as a whole, or leave it as it was."""
    with replacing(path) as temporary:
        _write(temporary, content, mode)


def create_atomically(path: Path, content: bytes, mode: int = _DEFAULT_MODE) -> bool:
    """Write a new file as a whole; return False where another process was first."""
    temporary = path.parent / temporary_name(path.name)
    try:
        _write(temporary, content, mode)
        _sync_file(temporary)
        # A link fails if the name exists: of two processes that start at once, the first one wins.
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path in `path`'s folder; it becomes `path` when the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / temporary_name(path.name)
    try:
        yield temporary
        swap(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def swap(source: Path, target: Path) -> None:
    """Rename a finished file to its place, durably."""
    _sync_file(source)
    source.replace(target)
    sync_folder(target.parent)


def swap_all(files: Iterable[tuple[Path, Path]]) -> None:
    """Rename finished files to their places: all are on disk before any is renamed."""
    moves = list(files)
    # One that is renamed before it is on disk can be empty after a power cut.
    _sync_files([source for source, _ in moves])
    folders = {target.parent for _, target in moves}
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    for source, target in moves:
        source.replace(target)
    for folder in folders:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut."""
    # The name is the folder's content: without this sync a power cut can undo the rename.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes, mode: int) -> None:
    # The mode is set at creation: a key must not be readable by others even for a moment.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_files(paths: list[Path]) -> None:
    """Sync many files at once: a year of days costs milliseconds instead of one second.

    Only Linux promises that `sync` returns after the data is on disk.
    """
    if len(paths) > SYNC_ALL_ABOVE and sys.platform == "linux":
        os.sync()
        return
    for path in paths:
        _sync_file(path)
