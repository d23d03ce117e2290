"""The embedded server under accounts: an ordinary user's, and root's, who never serves as root."""

import os
import pwd
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.database import postgres
from connectors.database.postgres import programs
from connectors.home.settings import Settings
from tests.connectors.database.postgres_servers import ask, postmaster

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="changes accounts")


def as_account(uid: int, gid: int, deed: Callable[[], None]) -> int:
    """Run `deed` in a child of another account; its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        deed()
    except BaseException as error:  # noqa: BLE001 - the parent's test must not run on here
        os.write(2, f"{error!r}\n".encode())
        os._exit(1)
    os._exit(0)


@pytest.fixture
def somebody() -> Iterator[tuple[pwd.struct_passwd, Path]]:
    """An ordinary account, and a folder of its own."""
    account = pwd.getpwnam("nobody")
    wheel = programs.wheel_folder()

    def run() -> None:
        subprocess.run([wheel / "bin" / "postgres", "--version"], check=True, capture_output=True)

    can_run = as_account(account.pw_uid, account.pw_gid, run)
    if can_run != 0:
        pytest.skip("the installation is private to root")
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, account.pw_uid, account.pw_gid)
        yield account, Path(folder)


def test_an_ordinary_account_runs_its_server_itself(
    somebody: tuple[pwd.struct_passwd, Path],
) -> None:
    account, folder = somebody
    settings = Settings(home=folder / "home", database_url=None)

    def deed() -> None:
        postgres.ensure_database(settings)
        assert ask(settings, "SELECT 1") == 1
        assert Path(f"/proc/{postmaster(settings)}").stat().st_uid == account.pw_uid
        os.kill(postmaster(settings), signal.SIGKILL)
        postgres.ensure_running(settings)
        assert ask(settings, "SELECT 1") == 1
        assert postgres.stop(settings)

    assert as_account(account.pw_uid, account.pw_gid, deed) == 0


def test_root_serves_a_home_of_somebody_as_that_account(
    somebody: tuple[pwd.struct_passwd, Path], serve: Callable[[Path], Settings]
) -> None:
    account, folder = somebody
    home = folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, account.pw_uid, account.pw_gid)
    settings = serve(home)
    assert Path(f"/proc/{postmaster(settings)}").stat().st_uid == account.pw_uid
    postgres.stop(settings)
    owners = {path.lstat().st_uid for path in home.rglob("*")}
    assert owners == {account.pw_uid}

    def deed() -> None:
        postgres.ensure_running(settings)
        assert postgres.stop(settings)

    assert as_account(account.pw_uid, account.pw_gid, deed) == 0


def test_a_home_of_another_account_is_named(
    somebody: tuple[pwd.struct_passwd, Path], tmp_path: Path, serve: Callable[[Path], Settings]
) -> None:
    account, folder = somebody
    settings = serve(folder / "home")
    folder.chmod(0o755)

    def deed() -> None:
        with pytest.raises(postgres.ForeignLock, match="run daybook as the owner"):
            postgres.ensure_running(settings)

    assert as_account(account.pw_uid, account.pw_gid, deed) == 0


def test_root_never_serves_as_root(postgres_home: Settings) -> None:
    status = Path(f"/proc/{postmaster(postgres_home)}/status").read_text()
    uids = re.search(r"^Uid:\s+(.*)$", status, re.MULTILINE)
    capabilities = re.search(r"^CapEff:\s+(.*)$", status, re.MULTILINE)
    assert uids is not None
    assert capabilities is not None
    assert "0" not in uids.group(1).split()
    assert int(capabilities.group(1), 16) == 0
