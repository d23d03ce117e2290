"""The lock of a home: one process tree runs it, with a record of its processes.

The system releases the lock when the last process that holds it ends. The record beside it lists
these processes, so that they can be named, and ended by their numbers.
"""

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from connectors.errors import ConfigError
from connectors.home.processes import Process, end
from connectors.home.settings import Settings
from connectors.lake.atomic import write_atomically

OWNER: Final = "daybook up"
# `daybook up` ends its programs in order, and each may have to be killed in the end.
_OWNER_SECONDS: Final = 30.0
_PROGRAM_SECONDS: Final = 5.0
_FREE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Tenancy:
    """The processes on record: `daybook up` itself first, then its programs."""

    host: str
    processes: Sequence[Process]

    def living(self) -> list[Process]:
        """Return those that still run."""
        return [process for process in self.processes if process.lives()]

    def owner(self) -> Process | None:
        """Return `daybook up` itself if it still runs."""
        return next((process for process in self.living() if process.name == OWNER), None)


@dataclass(frozen=True, slots=True)
class HomeLock:
    """The lock of one home, held; `descriptor` is for programs that hold it too."""

    settings: Settings
    descriptor: int

    def record(self, programs: Iterable[Process]) -> None:
        """Record the processes that run this home now."""
        owner = Process.of(OWNER, os.getpid())
        listed = [owner, *programs] if owner else list(programs)
        text = json.dumps(
            {
                "home": _identity(self.settings.home),
                "host": socket.gethostname(),
                "processes": [asdict(process) for process in listed],
            },
            indent=1,
        )
        write_atomically(self.settings.tenancy_file, text.encode())


def read_tenancy(settings: Settings) -> Tenancy | None:
    """Return the record of the processes that ran this home last; None if there is none.

    The record of a home that was copied is of no account: it names the original's processes.
    """
    try:
        record: Any = json.loads(settings.tenancy_file.read_text())
        if record["home"] != _identity(settings.home):
            return None
        return Tenancy(record["host"], [Process(**fields) for fields in record["processes"]])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def home_lock(settings: Settings, *, takeover: bool = False) -> Iterator[HomeLock]:
    """Hold the home's lock; raise `ConfigError` naming its holder, unless `takeover` ends it."""
    # The file is never deleted: a second process could lock its successor at the same path.
    descriptor = os.open(settings.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if takeover:
            _end_tenants(settings)
        # The record counts beside the lock: programs of a killed `up` may not have inherited the
        # lock.
        if not _is_free(descriptor, _FREE_SECONDS if takeover else 0) or _remaining(settings):
            raise ConfigError(_refusal(settings))
        try:
            yield HomeLock(settings, descriptor)
        finally:
            settings.tenancy_file.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(BlockingIOError):
            # flock and not lockf: the lock belongs to the open file, so that programs can inherit
            # it.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)


def _remaining(settings: Settings) -> list[int]:
    """Return processes of the recorded tree that still run, even if its root was killed."""
    record = read_tenancy(settings)
    if record is None or record.host != socket.gethostname():
        return []
    return [pid for process in record.processes for pid in _members(process, settings.home)]


def _members(process: Process, home: Path) -> list[int]:
    """Return a process's group; of `up` itself alone, whose starter may be in the same group."""
    if process.name == OWNER:
        return [process.pid] if process.lives() else []
    return process.members(home)


def _end_tenants(settings: Settings) -> None:
    record = read_tenancy(settings)
    # Process numbers of another machine or container mean nothing here.
    if record is None or record.host != socket.gethostname():
        return
    # `up` ends its programs in order; what is left then is ended here.
    end([p.pid for p in record.processes if p.name == OWNER and p.lives()], _OWNER_SECONDS)
    end(_remaining(settings), _PROGRAM_SECONDS)


def _refusal(settings: Settings) -> str:
    record = read_tenancy(settings)
    if record is not None and record.host != socket.gethostname():
        return (
            f"{settings.home} is run on {record.host}, from another machine or container: stop "
            "`daybook up` there"
        )
    living = record.living() if record else []
    owner = record.owner() if record else None
    programs = ", ".join(f"{p.name} {p.pid}" for p in living if p.name != OWNER)
    if owner is not None:
        listed = f" ({programs})" if programs else ""
        return (
            f"{settings.home} is run by process {owner.pid}{listed} already: stop that one with "
            "Ctrl-C, or take over with `daybook up --takeover`"
        )
    remaining = ", ".join(map(str, _remaining(settings)))
    which = programs or (f"processes {remaining}" if remaining else "processes that are not known")
    return (
        f"{settings.home} is still run by what a killed `daybook up` left ({which}): it ends "
        "within seconds; wait, or end it with `daybook up --takeover`"
    )


def _identity(home: Path) -> str:
    """Return the folder itself: a copy under the same name elsewhere is another."""
    status = home.stat()
    return f"{home} {status.st_dev}:{status.st_ino}"
