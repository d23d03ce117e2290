"""The cluster of one home on disk: created completely or not at all, with its password.

Folders and files are for one account only. Where root makes them in somebody's home they are
given to the owner of that home, and the data to the account that serves it.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.database.postgres.errors import DiskFull
from connectors.database.postgres.layout import Layout
from connectors.database.postgres.programs import SystemAccount, data_argument, first_line, run
from connectors.errors import ConfigError, Transient
from connectors.lake.atomic import replacing

ROLE = "daybook"

# Kept in postgresql.conf, where an owner may change them: sized for two cores.
_TUNING = {
    "shared_buffers": "64MB",
    # Runs, sensors, pages and commands each hold a few.
    "max_connections": "200",
    # No replicas: less to write and to sync.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    # Compiling costs more than these short queries take.
    "jit": "off",
    "io_method": "sync",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def create(files: Layout, account: SystemAccount | None, home: Path) -> None:
    """Make the cluster under another name and move it into place once it is whole."""
    if not files.password_file.exists():
        with replacing(files.password_file) as temporary:
            _write_password(temporary, home)
    # Renamed at the end, so a killed initdb never looks like a cluster.
    fresh = files.folder / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    make_folder(fresh, home)
    adopt(fresh, account)
    with tempfile.TemporaryFile(dir=files.folder) as phrase:
        # By a file without a name: arguments are visible to every account.
        phrase.write(files.password_file.read_bytes())
        phrase.seek(0)
        if account is not None:
            os.fchown(phrase.fileno(), account.uid, account.gid)
        arguments = ["-D", data_argument(fresh), "-U", ROLE, "-A", "scram-sha-256"]
        arguments += ["--pwfile=/dev/stdin", "--encoding=UTF8", "--locale=C"]
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        for name, value in _TUNING.items():
            arguments += ["-c", f"{name}={value}"]
        process = run("initdb", arguments, account=account, folder=fresh, stdin=phrase)
    if process.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise failure(process.stderr + process.stdout, files)
    fresh.rename(files.data)


def reset_password(files: Layout, account: SystemAccount | None, home: Path) -> None:
    """Give the role a new password, in a stopped cluster."""
    with replacing(files.password_file) as temporary:
        _alter_password(files, account, _write_password(temporary, home))


def _alter_password(files: Layout, account: SystemAccount | None, password: str) -> None:
    with tempfile.TemporaryFile(dir=files.folder) as statement:
        statement.write(f"ALTER ROLE {ROLE} PASSWORD '{password}'\n".encode())
        statement.seek(0)
        # Single-user mode needs no password, and the folder's mode is the authorisation.
        arguments = ["--single", "-D", data_argument(files.data), "-c", "exit_on_error=true"]
        process = run(
            "postgres",
            [*arguments, "postgres"],
            account=account,
            folder=files.data,
            stdin=statement,
        )
    if process.returncode != 0:
        raise failure(process.stderr, files)


def _write_password(path: Path, home: Path) -> str:
    password = secrets.token_urlsafe(32)
    with os.fdopen(open_private(path, home), "w") as file:
        file.write(password + "\n")
    return password


def failure(output: str, files: Layout) -> ConfigError | Transient:
    """Return what a program's own words mean for a person."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return DiskFull(f"the disk of {files.folder} is full: free some space and try again")
    if "is not compatible with this version" in output or "incompatible with server" in output:
        return ConfigError(f"{files.data} is of another PostgreSQL build: {first_line(output)}")
    return Transient(
        f"PostgreSQL does not start: {first_line(output)} (the log is {files.log_file})"
    )


def adopt(data: Path, account: SystemAccount | None) -> None:
    """Give a cluster that root copied or made to the account that will serve it."""
    if account is None or data.stat().st_uid == account.uid:
        return
    for folder, _, names in os.walk(
        data, topdown=False
    ):  # the folder itself last: it says that all is done
        os.chown(folder, account.uid, account.gid)
        for name in names:
            os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)


def make_folder(folder: Path, home: Path) -> None:
    """Make a folder of the home, or the home, for its owner only; parents as they come."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=folder == home, exist_ok=True)
        _give_to_owner(folder, home)


def open_private(path: Path, home: Path) -> int:
    """Open a file for reading and appending, made with mode 0600 if it is not there."""
    # O_NOFOLLOW: as root, a symbolic link in somebody's home must not lead us to write elsewhere.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    if os.fstat(handle).st_uid != home.stat().st_uid and os.geteuid() == 0:
        os.fchown(handle, home.stat().st_uid, home.stat().st_gid)
    return handle


def _give_to_owner(path: Path, home: Path) -> None:
    owner = home.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid)


@contextmanager
def locked(path: Path, home: Path) -> Iterator[None]:
    """Hold a file's lock against every other process."""
    handle = open_private(path, home)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
