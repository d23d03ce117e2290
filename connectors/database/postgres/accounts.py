"""Accounts: whom PostgreSQL runs as, and whose a file of the home is.

PostgreSQL refuses to run as root, so a root process starts it under another account. Files that
root makes belong to the owner of their folder, and the data to the account that serves it.
"""

import fcntl
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from connectors.errors import ConfigError

ACCOUNT_NAME = "daybook-postgres"
_SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


def account_for(home: Path) -> pwd.struct_passwd | None:
    """Return the account to run under; None means the account of this process.

    Root serves a home of an ordinary user as that user, its own as `daybook-postgres`.
    """
    if os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        raise ConfigError("PostgreSQL refuses to run as root: run daybook as an ordinary user")
    # The owner of a folder that a container mounts may be a number without a name.
    with suppress(KeyError):
        owner = pwd.getpwuid(home.stat().st_uid)
        if owner.pw_uid != 0:
            return owner
    return _own_account()


def adopt(data: Path, home: Path) -> None:
    """Give a cluster that root copied or made to the account that will serve it."""
    account = account_for(home)
    if account is None or data.stat().st_uid == account.pw_uid:
        return
    # The folder itself comes last: it says that all is done.
    for path in (*data.rglob("*"), data):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def make_folder(folder: Path) -> None:
    """Make a folder for one account only, if it is not there."""
    if not folder.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            owner = folder.parent.stat()
            os.chown(folder, owner.st_uid, owner.st_gid)


def open_private(path: Path) -> IO[bytes]:
    """Open a file for reading and appending, made with mode 0600 if it is not there."""
    # O_NOFOLLOW: as root, a symbolic link in somebody's home must not lead us to write elsewhere.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)
    return os.fdopen(handle, "a+b")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock against every other process."""
    with open_private(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _own_account() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    # Homes initialised at the same time: useradd fails while another holds its lock.
    for _ in range(20):
        with suppress(KeyError):
            return pwd.getpwnam(ACCOUNT_NAME)
        process = subprocess.run(  # noqa: S603 - a system program with constant arguments
            ["/usr/bin/env", f"PATH={_SYSTEM_PATH}", "LC_ALL=C", *command, ACCOUNT_NAME],
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode != 0 and "lock" not in process.stderr:
            break
        time.sleep(0.1)
    raise ConfigError(
        f"PostgreSQL refuses to run as root and the system account {ACCOUNT_NAME} could not be "
        f"created ({process.stderr.strip()}): create it, or run daybook as an ordinary user"
    )
