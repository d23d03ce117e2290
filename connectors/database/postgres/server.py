"""Starting and stopping the embedded server of one home.

One server is shared by every process of the home and outlives each of them. It listens on a
socket inside its data folder and nowhere else, asks for a password, and is run through the
wheel's programs: the wheel's own helper loosens the modes of parent folders and trusts
everybody.
"""

import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.database.postgres.cluster import (
    adopt,
    create,
    failure,
    locked,
    make_folder,
    open_private,
    reset_password,
)
from connectors.database.postgres.errors import ForeignLock
from connectors.database.postgres.layout import PORT, Layout, serves_elsewhere
from connectors.database.postgres.programs import (
    SystemAccount,
    account_for,
    data_argument,
    first_line,
    run,
)
from connectors.errors import Transient
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


def layout(settings: Settings) -> Layout:
    """Return the files of the embedded server of this home."""
    return Layout(settings.postgres_folder)


def is_running(settings: Settings) -> bool:
    """Return whether the embedded server of this home is ready."""
    return layout(settings).is_running()


def ensure_running(settings: Settings) -> Layout:
    """Create the server if there is none, start it if it does not run.

    Safe from any number of processes. Raises DiskFull, WrongVersion, ForeignLock, and
    Transient or ConfigError for what is left.
    """
    files = layout(settings)
    if files.is_running():
        files.check()
        return files
    try:
        make_folder(settings.home, settings.home)
        make_folder(files.folder, settings.home)
        with locked(files.start_lock, settings.home):
            if not files.is_running():
                _start(files, settings.home)
    except PermissionError as error:
        raise ForeignLock(
            f"{error.filename or files.folder} is not ours to use: run daybook as the owner of "
            f"{settings.home}"
        ) from error
    except OSError as error:
        raise failure(str(error), files) from error
    return files


def stop(settings: Settings) -> bool:
    """Stop the server, ending all connections; return False if it did not run."""
    files = layout(settings)
    if not files.folder.is_dir():
        return False
    with locked(files.start_lock, settings.home):
        return _stop(files, account_for(settings.home))


def restore_password(settings: Settings) -> bool:
    """Make a new password if the file was lost; ends all connections."""
    files = layout(settings)
    if not files.exists() or files.password_file.exists():
        return False
    account = account_for(settings.home)
    with locked(files.start_lock, settings.home):
        _stop(files, account)
        with _unserved(files, settings.home):
            reset_password(files, account, settings.home)
    return True


def _stop(files: Layout, account: SystemAccount | None) -> bool:
    if not files.is_running():
        return False
    # Fast: open connections are ended and rolled back; "smart" would wait for them for ever.
    arguments = ["stop", "-s", "-w", "-m", "fast", "-t", "60", "-D", data_argument(files.data)]
    process = run("pg_ctl", arguments, account=account, folder=files.data)
    if process.returncode != 0:
        raise Transient(
            f"the PostgreSQL server of {files.data} does not stop: {first_line(process.stderr)}"
        )
    return True


def _start(files: Layout, home: Path) -> None:
    files.check()
    account = account_for(home)
    with _unserved(files, home) as serving:
        if files.is_running():
            return
        if not files.exists():
            create(files, account, home)
        adopt(files.data, account)
        os.ftruncate(serving, 0)
        os.write(serving, f"{socket.gethostname()}\n".encode())
        _launch(files, account, home, serving)


@contextmanager
def _unserved(files: Layout, home: Path) -> Iterator[int]:
    """Hold the server's own lock, with what a killed server left out of the way."""
    serving = open_private(files.serving_lock, home)
    try:
        _wait_until_unserved(serving, files)
        if not files.is_running():
            _clear_stale_lock(files)
        yield serving
    finally:
        os.close(serving)


def _launch(files: Layout, account: SystemAccount | None, home: Path, serving: int) -> None:
    if files.log_file.exists() and files.log_file.stat().st_size > _LONGEST_LOG:
        files.log_file.replace(files.log_file.with_suffix(".log.1"))
    arguments = ["start", "-s", "-w", "-t", str(_START_SECONDS), "-D", data_argument(files.data)]
    arguments += ["-o", " ".join(f"-c {name}='{value}'" for name, value in _GUARDS.items())]
    with os.fdopen(open_private(files.log_file, home), "ab") as log:
        before = log.tell()
        process = run(
            "pg_ctl",
            arguments,
            account=account,
            folder=files.data,
            output=log,
            # The server inherits the lock, which so lasts exactly as long as any of its processes.
            keep_open=[serving],
        )
    if process.returncode != 0:
        with files.log_file.open("rb") as log:
            log.seek(before)
            raise failure(log.read().decode(errors="replace"), files)


def _wait_until_unserved(serving: int, files: Layout) -> None:
    """Take the server's own lock, which the last of its processes gives back when it ends.

    A killed postmaster leaves children for a moment; a server that somebody else is stopping
    or recovering takes longer. The lock reaches across containers that share the folder.
    """
    began = time.monotonic()
    while True:
        try:
            fcntl.flock(serving, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if files.is_running():
                return
            limit = _START_SECONDS if files.serves_here() else _ORPHANS_GONE_AFTER
            if time.monotonic() - began > limit:
                raise _served_elsewhere(serving, files) from None
            time.sleep(0.02)
        else:
            return


def _served_elsewhere(serving: int, files: Layout) -> ForeignLock:
    host = os.pread(serving, 255, 0).decode(errors="replace").strip() or "another machine"
    return ForeignLock(
        f"{files.data} is served by a PostgreSQL server on {host} that cannot be reached from "
        "here: stop Daybook there (another container may share this home)"
    )


def _clear_stale_lock(files: Layout) -> None:
    """Remove what a killed server left.

    PostgreSQL would do so itself, but takes a pid that another process got since, or a corpse
    nobody collected, for a living server.
    """
    postmaster = files.postmaster()
    if files.serves_here():
        raise ForeignLock(
            f"{files.data} is served by a PostgreSQL server that Daybook did not start (process "
            f"{postmaster.pid if postmaster else 'unknown'}): stop that one"
        )
    if postmaster is not None and serves_elsewhere(postmaster):
        raise ForeignLock(
            f"{files.data} was copied while its server ran (process {postmaster.pid} serves the "
            "original): stop that one, copy the home again, or remove postmaster.pid"
        )
    if sys.platform != "linux":
        return
    for path in (files.pid_file, files.socket, files.socket.with_name(f"{files.socket.name}.lock")):
        path.unlink(missing_ok=True)
