"""Every error a connector raises, typed by whether trying again helps.

`pipelines` translates these to Dagster once; the command line prints their one line. A message
says what is wrong, where, and how to fix it. `summary` makes such a line of any other error.
"""

import errno
from pathlib import Path
from typing import Final

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
# PostgreSQL and DuckDB report a full disk in words, without an errno.
_NO_ROOM_WORDS: Final = ("No space left on device", "Disk quota exceeded")


class DaybookError(Exception):
    """The root of the tree; `str(error)` is one line that a user can read."""


class ConfigError(DaybookError):
    """The owner must act (connect, map, move a file); a re-run alone does not help."""


class BadInput(ConfigError):
    """A file, option or address that cannot be taken as it is."""


class TotalsMismatch(BadInput):
    """A file whose lines do not sum to what it declares; both figures, as text."""

    def __init__(self, message: str, *, declared: str, computed: str) -> None:
        super().__init__(message)
        self.declared = declared
        self.computed = computed


class RateLimited(DaybookError):
    """A platform asked us to wait; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Transient(DaybookError):
    """A network, disk or server fault that a re-run may resolve."""


class Permanent(DaybookError):
    """A fault in the data or in Daybook that no re-run resolves."""


def summary(error: BaseException) -> str:
    """Return one line that a user can read about any error."""
    text = str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return _system_fault(error)
    if any(words in text for words in _NO_ROOM_WORDS):
        return "the disk of the home or the lake is full: free some space, then run it again"
    if isinstance(error, MemoryError):
        return "there is not enough memory: lower DAYBOOK_MEMORY_LIMIT, or free some"
    # Drivers append context and statements on further lines, which may hold data.
    return text.partition("\n")[0] or type(error).__name__


def _system_fault(error: OSError) -> str:
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
    """Return the path that failed; for a temporary file, its folder."""
    # Imported late: the modules that name temporary files import this one.
    from connectors.lake.temporary import IMPORT, TEMPORARY

    if not isinstance(error.filename, str | bytes | Path):
        return "the home"
    path = Path(error.filename.decode() if isinstance(error.filename, bytes) else error.filename)
    temporary = [p for p in (path, *path.parents) if p.name.startswith((TEMPORARY, IMPORT))]
    return str(temporary[-1].parent if temporary else path)
