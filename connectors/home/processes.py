"""Processes by number and start time: the system reuses numbers."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self

_PROC: Final = Path("/proc")
# proc(5): fields 3, 5 and 22, counted after the name.
_STATE, _GROUP, _STARTED = 0, 2, 19
# Seconds between two looks at a process that was asked to end.
_WAIT: Final = 0.05


@dataclass(frozen=True, slots=True)
class Process:
    """A process; `started` tells it from a later one of the same number."""

    name: str
    pid: int
    started: str

    @classmethod
    def of(cls, name: str, pid: int) -> Self | None:
        """Return the process of this number, or None when there is none."""
        started = _started(pid)
        return None if started is None else cls(name, pid, started)

    def lives(self) -> bool:
        """Return whether it still runs, and the number isn't another process's."""
        return _started(self.pid) == self.started

    def members(self, home: Path) -> list[int]:
        """Return the remaining processes of the group that it leads, itself included.

        If it has ended, only processes with this home in their environment are returned.
        """
        if self.lives():
            return _group(self.pid)
        # The number belongs to another process by now, and so does its group.
        if _started(self.pid) is not None:
            return []
        return [pid for pid in _group(self.pid) if _works_for(pid, home)]


def end(pids: Iterable[int], seconds: float) -> None:
    """Ask processes to end, and kill those that have not within so many seconds."""
    processes = [p for p in (Process.of("", pid) for pid in pids) if p is not None]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            if process.lives():
                _send(process.pid, number)
        deadline = time.monotonic() + seconds
        while (processes := [p for p in processes if p.lives()]) and time.monotonic() < deadline:
            time.sleep(_WAIT)


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _started(pid: int) -> str | None:
    """Return a process's start, independent of clock changes; None if it has ended."""
    if not _PROC.joinpath("self").exists():
        return _ps("lstart=", pid)
    fields = _stat(pid)
    # A zombie has ended; its parent just has not read its exit code.
    if fields is None or fields[_STATE] in {"Z", "X"}:
        return None
    # Starts count from the boot, so two boots can have the same; the boot's id tells them apart.
    return f"{_boot()} {fields[_STARTED]}"


def _group(leader: int) -> list[int]:
    if not _PROC.joinpath("self").exists():
        rows = [line.split() for line in (_ps("pid=,pgid=") or "").splitlines()]
        return [int(pid) for pid, group in rows if int(group) == leader]
    members = []
    for entry in os.scandir(_PROC):
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields and int(fields[_GROUP]) == leader and fields[_STATE] not in {"Z", "X"}:
                members.append(int(entry.name))
    return sorted(members)


def _works_for(pid: int, home: Path) -> bool:
    try:
        variables = (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"DAYBOOK_HOME=" + os.fsencode(home) in variables


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat after the name, which may hold spaces and brackets."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None


@cache
def _boot() -> str:
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def _ps(columns: str, pid: int | None = None) -> str | None:
    which = ["-ax"] if pid is None else ["-p", str(pid)]
    listing = subprocess.run(  # noqa: S603 - a system program with constant arguments
        ["/bin/ps", *which, "-o", columns], capture_output=True, text=True, check=False
    )
    return listing.stdout.strip() or None
