"""Faults of disks, permissions and machines in words: what, where, and how to mend it."""

import errno
from pathlib import Path
from typing import Final

from connectors.lake.temporary import IMPORT, TEMPORARY

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_ROOM_WORDS: Final = ("No space left on device", "Disk quota exceeded")


def in_words(error: Exception) -> str:
    """Return one line for a person about an error, whoever raised it."""
    text = str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_system(error)
    if any(words in text for words in _NO_ROOM_WORDS):
        return "the disk of the home or the lake is full: free some space, then run it again"
    if isinstance(error, MemoryError):
        return "there is not enough memory: lower DAYBOOK_MEMORY_LIMIT, or free some"
    return text.partition("\n")[0] or type(error).__name__


def _of_the_system(error: OSError) -> str:
    place = _place(error)
    if error.errno in NO_ROOM:
        return f"the disk of {place} is full: free some space, then run it again"
    if error.errno == errno.EROFS:
        return f"{place} is mounted read-only: mount it writable, then run it again"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"{place} is closed to this account: run daybook as the owner of the home, or give "
            "the file back to its owner"
        )
    if error.errno == errno.EIO:
        return f"the disk of {place} fails (input/output error): check it, and restore a backup"
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        return "too many files are open: raise the limit (`ulimit -n`), then run it again"
    return f"{place}: {error.strerror}: run `daybook doctor`"


def _place(error: OSError) -> str:
    """Where it happened; a temporary name helps nobody, its folder does."""
    if not isinstance(error.filename, str | bytes | Path):
        return "the home"
    path = Path(error.filename.decode() if isinstance(error.filename, bytes) else error.filename)
    named = [p for p in (path, *path.parents) if p.name.startswith((TEMPORARY, IMPORT))]
    return str(named[-1].parent if named else path)
