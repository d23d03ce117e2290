"""A program's guardian: starts it, passes signals on, and ends all of it when `up` is gone.

Run as a script by `console.programs` with a descriptor and a command. The descriptor is a pipe
whose other end `up` holds and never writes to: it ends with `up`, however that ends. The guardian
leads the program's process group, and what the program starts belongs to it too.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

# Half of `KILL_SECONDS` in `console.programs`, which then kills the whole group.
GRACE_SECONDS = 4.0
# No signal tells that a grandchild ended, so a stop has to look for them.
LOOK_SECONDS = 0.2
_PR_SET_PDEATHSIG = 1


def main(pipe: int, command: list[str]) -> int:
    """Run the command to its end; returns its exit code, negative for a signal."""
    reader, writer = os.pipe()
    # `set_wakeup_fd` takes none that blocks.
    for end in (reader, writer):
        os.set_blocking(end, False)
    # Signals become readable on a descriptor, so one select waits for them and for the pipe.
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    # A shell that starts us in the background has us ignore SIGINT; a handler undoes that, and the
    # program begins with the default.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    program = subprocess.Popen(command, preexec_fn=_die_with(os.getpid()))  # noqa: PLW1509, S603
    return _attend(program, pipe, reader)


def _attend(program: "subprocess.Popen[bytes]", pipe: int, reader: int) -> int:
    stopping = False
    while True:
        ready, _, _ = select.select([pipe, reader], [], [], LOOK_SECONDS if stopping else None)
        # Each byte is the number of a signal.
        received = set(os.read(reader, 512)) if reader in ready else set()
        if pipe in ready or signal.SIGTERM in received:
            _end_group(program)
            return program.wait()
        if signal.SIGINT in received:
            stopping = True
            if program.poll() is None:
                program.send_signal(signal.SIGINT)
        if program.poll() is None:
            continue
        # Asked to stop, it may leave work behind that ends by itself: `up` says how long that may
        # take. Otherwise it died, and what it started goes with it.
        if not stopping:
            _end_group(program)
            return program.returncode
        if not _others():
            return program.returncode


def _end_group(program: "subprocess.Popen[bytes]") -> None:
    # The guardian is in the group that it signals.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(os.getpgrp(), signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline:
        program.poll()
        if not _others():
            return
        time.sleep(0.05)
    # One by one: `killpg` would end the guardian before the rest.
    for pid in _others():
        try:
            os.kill(pid, signal.SIGKILL)
        # It ended between the look and the signal.
        except ProcessLookupError:
            continue


def _others() -> list[int]:
    """Return living members of our group, without ourselves."""
    proc = Path("/proc")
    if proc.joinpath("self").exists():
        rows = [(int(e.name), _stat(e)) for e in proc.iterdir() if e.name.isdigit()]
        table = [(pid, fields[0], int(fields[2])) for pid, fields in rows if fields]
    # macOS has no /proc.
    else:
        command = ["/bin/ps", "-axo", "pid=,state=,pgid="]
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
        words = [line.split() for line in listed.splitlines()]
        table = [(int(pid), state, int(group)) for pid, state, group in words]
    ours = os.getpgrp()
    # Zombies are dead already, and only wait to be read by their parent.
    living = (pid for pid, state, group in table if group == ours and state[0] not in "ZX")
    return [pid for pid in living if pid != os.getpid()]


def _stat(process: Path) -> list[str]:
    try:
        text = (process / "stat").read_text(encoding="utf-8", errors="replace")
    # Processes end while they are being listed.
    except OSError:
        return []
    # The name before it is in parentheses, and may hold spaces and parentheses itself.
    return text.rpartition(")")[2].split()


def _die_with(guardian: int) -> Callable[[], None] | None:
    """Return what ends the program, on Linux, also where its guardian is killed."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def arrange() -> None:
        # Linux only: ends the program even if the guardian is killed.
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
        # The guardian died between fork and prctl, so no signal will come.
        if os.getppid() != guardian:
            os._exit(1)

    return arrange


if __name__ == "__main__":
    code = main(int(sys.argv[1]), sys.argv[2:])
    if code < 0:
        # Whoever started us reads how the program ended.
        # These two have no handler that could be reset.
        if -code not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)
