"""Starting and stopping the embedded server of one home.

One server is shared by every process of the home and outlives each of them. It listens on a
socket inside its data folder and nowhere else, asks for a password, and is run through the
wheel's programs: the wheel's own helper loosens the modes of parent folders and trusts
everybody.
"""

import fcntl
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from connectors.database.postgres.accounts import adopt, locked, make_folder, open_private
from connectors.database.postgres.cluster import create, failure, reset_password, run_on
from connectors.database.postgres.errors import ForeignLock
from connectors.database.postgres.layout import PORT, Layout
from connectors.errors import summary
from connectors.home.settings import Settings

_START_SECONDS = 120  # crash recovery of a large log takes a while
# Backends of a killed postmaster notice its death within a second or two.
_ORPHANS_GONE_AFTER = 3
_LONGEST_LOG = 10_000_000

# Given at every start, so that no edit of a file opens the server.
_GUARDS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "fsync": "on",
    "logging_collector": "off",
    "log_destination": "stderr",
}


def is_running(settings: Settings) -> bool:
    """Return whether the embedded server of this home is ready."""
    return Layout(settings).is_running()


def is_alive(settings: Settings) -> bool:
    """Return whether the server is ready or its process is there: nothing that the server feels."""
    files = Layout(settings)
    # To ask it is to have it start a process, every second of a home that is up.
    return files.server_folder() is not None or files.is_running()


def ensure_running(settings: Settings) -> None:
    """Create the server if there is none, start it if it does not run.

    Safe from any number of processes. Raises DiskFull, WrongVersion, ForeignLock, and
    Transient or ConfigError for what is left.
    """
    files = Layout(settings)
    with _explained(files):
        files.check()
        if files.is_running():
            return
        files.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_folder(files.folder)
        with locked(files.start_lock):
            if not files.is_running():
                _start(files)


def stop(settings: Settings) -> bool:
    """Stop the server, ending all connections; return False if it did not run."""
    files = Layout(settings)
    if not files.folder.is_dir():
        return False
    with _explained(files), locked(files.start_lock):
        return _stop(files)


def restore_password(settings: Settings) -> bool:
    """Make a new password if the file was lost; ends all connections."""
    files = Layout(settings)
    if not files.exists() or files.password_file.exists():
        return False
    with _explained(files), locked(files.start_lock):
        _stop(files)
        with _unserved(files):
            reset_password(files)
    return True


@contextmanager
def _explained(files: Layout) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise ForeignLock(summary(error)) from error
    except OSError as error:
        raise failure(str(error), files) from error


def _stop(files: Layout) -> bool:
    if not files.is_running():
        return False
    # Fast: open connections are ended and rolled back; "smart" would wait for them for ever.
    run_on(files, "pg_ctl", "stop", "-s", "-w", "-m", "fast", "-t", "60")
    return True


def _start(files: Layout) -> None:
    with _unserved(files) as serving:
        if files.is_running():
            return
        if not files.exists():
            create(files)
        adopt(files.data, files.home)
        serving.truncate(0)
        serving.write(f"{socket.gethostname()}\n".encode())
        serving.flush()
        _launch(files, serving)


def _launch(files: Layout, serving: IO[bytes]) -> None:
    if files.log_file.exists() and files.log_file.stat().st_size > _LONGEST_LOG:
        files.log_file.replace(files.log_file.with_suffix(".log.1"))
    guards = " ".join(f"-c {name}='{value}'" for name, value in _GUARDS.items())
    arguments = ["start", "-s", "-w", "-t", str(_START_SECONDS), "-o", guards]
    with open_private(files.log_file) as log:
        # The server inherits the lock, which so lasts exactly as long as any of its processes.
        run_on(files, "pg_ctl", *arguments, log=log, keep_open=[serving.fileno()])


@contextmanager
def _unserved(files: Layout) -> Iterator[IO[bytes]]:
    """Hold the server's own lock, with what a killed server left out of the way."""
    with open_private(files.serving_lock) as serving:
        _wait_until_unserved(serving, files)
        if not files.is_running():
            _clear_stale_lock(files)
        yield serving


def _wait_until_unserved(serving: IO[bytes], files: Layout) -> None:
    """Take the server's own lock, which the last of its processes gives back when it ends.

    A killed postmaster leaves children for a moment; a server that somebody else is stopping
    or recovering takes longer. The lock reaches across containers that share the folder.
    """
    began = time.monotonic()
    while not files.is_running():
        try:
            fcntl.flock(serving, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            limit = _START_SECONDS if files.server_folder() else _ORPHANS_GONE_AFTER
            if time.monotonic() - began > limit:
                serving.seek(0)
                host = serving.read(255).decode(errors="replace").strip() or "another machine"
                raise ForeignLock(
                    f"{files.data} is served by a PostgreSQL server on {host} that cannot be "
                    "reached from here: stop Daybook there (another container may share this home)"
                ) from None
            time.sleep(0.02)
        else:
            return


def _clear_stale_lock(files: Layout) -> None:
    """Remove what a killed server left.

    PostgreSQL would do so itself, but takes a pid that another process got since, or a corpse
    nobody collected, for a living server.
    """
    if folder := files.server_folder():
        pid = folder.parent.name
        if folder.samefile(files.data):
            raise ForeignLock(
                f"{files.data} is served by a PostgreSQL server that Daybook did not start "
                f"(process {pid}): stop that one"
            )
        raise ForeignLock(
            f"{files.data} was copied while its server ran (process {pid} serves the original): "
            "stop that one, copy the home again, or remove postmaster.pid"
        )
    if sys.platform != "linux":
        return
    for path in (files.pid_file, files.socket, files.socket.with_name(f"{files.socket.name}.lock")):
        path.unlink(missing_ok=True)
