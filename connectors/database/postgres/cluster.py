"""The cluster of one home on disk: created completely or not at all, with its password."""

import secrets
import shutil
from pathlib import Path
from typing import Any

from connectors.database.postgres.accounts import account_for, adopt, open_private
from connectors.database.postgres.errors import DiskFull
from connectors.database.postgres.layout import Layout
from connectors.database.postgres.programs import programs_folder, run
from connectors.errors import ConfigError, Transient
from connectors.lake.atomic import replacing

ROLE = DATABASE = "daybook"

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
    # The password is random and as long as a key: to derive one from it 4,096 times protects
    # nothing, and takes longer than the rest of a connection.
    "scram_iterations": "1",
}


def create(files: Layout) -> None:
    """Make the cluster under another name and move it into place once it is whole."""
    if not files.password_file.exists():
        with replacing(files.password_file) as temporary:
            _write_password(temporary)
    # Renamed at the end, so a killed initdb never looks like a cluster.
    fresh = files.folder / "data.new"
    # Left by an initdb that was killed, which refuses a folder that is not empty.
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    adopt(fresh, files.home)
    arguments = ["-U", ROLE, "-A", "scram-sha-256", "--pwfile=/dev/stdin", "--encoding=UTF8"]
    # Built in, so that a container's other C library cannot change the order of an index.
    arguments += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    for name, value in _TUNING.items():
        arguments += ["-c", f"{name}={value}"]
    try:
        run_on(files, "initdb", *arguments, folder=fresh, text=files.password())
        _execute(files, f"CREATE DATABASE {DATABASE}", fresh)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    fresh.rename(files.data)


def reset_password(files: Layout) -> None:
    """Give the role a new password, in a stopped cluster."""
    with replacing(files.password_file) as temporary:
        password = _write_password(temporary)
        # Of the alphabet of URLs, so it needs no quoting. The file is replaced only after this.
        _execute(files, f"ALTER ROLE {ROLE} PASSWORD '{password}'", files.data)


def run_on(files: Layout, program: str, *arguments: str, **options: Any) -> None:
    """Run one of PostgreSQL's programs on the cluster, as the account that serves it."""
    account = account_for(files.home)
    path = programs_folder(account) / program
    run(path, *arguments, account=account, **{"folder": files.data, **options})


def failure(output: str, files: Layout) -> ConfigError | Transient:
    """Return what a program's own words mean for a person."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if "FATAL" in line or "error:" in line or "PANIC" in line]
    reason = (marked or lines)[-1]
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return DiskFull(f"the disk of {files.folder} is full: free some space and try again")
    if "is not compatible with this version" in output or "incompatible with server" in output:
        return ConfigError(f"{files.data} is of another PostgreSQL build: {reason}")
    return Transient(f"PostgreSQL failed: {reason} (the log is {files.log_file})")


def _execute(files: Layout, statement: str, folder: Path) -> None:
    # Single-user mode needs no password, and the folder's mode is the authorisation.
    arguments = ["--single", "-c", "exit_on_error=true", "postgres"]
    run_on(files, "postgres", *arguments, folder=folder, text=f"{statement}\n")


def _write_password(path: Path) -> str:
    password = secrets.token_urlsafe(32)
    with open_private(path) as file:
        file.write(f"{password}\n".encode())
    return password
