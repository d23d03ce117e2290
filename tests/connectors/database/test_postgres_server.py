"""The embedded server: closed to everybody else, shared, and back after anything that kills it."""

import fcntl
import multiprocessing
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from connectors.database import postgres
from connectors.database.postgres import programs
from connectors.database.postgres.server import layout
from connectors.errors import ConfigError, Transient
from connectors.home.settings import Settings

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="changes accounts")
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Path], Settings]]:
    """Starts the server of a home, a new one if need be; stops it at the end."""
    started: list[Settings] = []

    def start(home: Path) -> Settings:
        settings = Settings(home=home, database_url=None)
        started.append(settings)
        postgres.ensure_database(settings)
        return settings

    yield start
    for settings in started:
        postgres.stop(settings)
    shutil.rmtree(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 90 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=90m,mode=0700", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("may not mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def ask(settings: Settings, question: str) -> object:
    engine = create_engine(postgres.database_url(settings, "public"), poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(question))
        return result.scalar() if result.returns_rows else None


def postmaster(settings: Settings) -> int:
    server_pid = layout(settings).postmaster()
    assert server_pid is not None
    return server_pid.pid


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def modes_of_parents(path: Path) -> dict[str, tuple[int, int, int]]:
    before = {str(parent): parent.stat() for parent in path.parents}
    return {name: (s.st_mode, s.st_uid, s.st_gid) for name, s in before.items()}


def test_every_folder_on_the_way_keeps_its_mode(
    tmp_path: Path, serve: Callable[[Path], Settings]
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    home = private / "home"
    before = modes_of_parents(home)
    settings = serve(home)
    assert modes_of_parents(home) == before
    postgres.stop(settings)
    serve(home)
    assert modes_of_parents(home) == before


def test_data_socket_and_password_are_for_one_account(postgres_home: Settings) -> None:
    files = layout(postgres_home)
    assert [mode(p) for p in (files.folder.parent, files.folder, files.data)] == [0o700] * 3
    assert mode(files.password_file) == 0o600
    assert mode(files.log_file) == 0o600
    socket = files.data / ".s.PGSQL.5432"
    assert stat.S_ISSOCK(socket.stat().st_mode)
    assert mode(socket) == 0o700


@pytest.mark.parametrize(
    "name", ["x" * 120, 'it\'s $HOME; `a` 100% "b" ünï, c:d'], ids=["long", "odd"]
)
def test_a_path_that_no_socket_address_holds_is_reached(
    tmp_path: Path, serve: Callable[[Path], Settings], name: str
) -> None:
    home = tmp_path / name / "home"
    home.parent.mkdir(mode=0o700)
    before = modes_of_parents(home)
    settings = serve(home)
    assert ask(settings, "SELECT 1") == 1
    assert modes_of_parents(home) == before
    assert layout(settings).data.stat().st_mode & 0o077 == 0
    link = layout(settings).socket_folder()
    assert mode(link.parent) == 0o700
    assert link.readlink() == layout(settings).data
    link.unlink()


def test_a_link_folder_of_somebody_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"daybook-{os.geteuid()}").mkdir(mode=0o777)
    (tmp_path / f"daybook-{os.geteuid()}").chmod(0o777)
    long = Settings(home=tmp_path / ("x" * 120), database_url=None)
    with pytest.raises(ConfigError, match="with mode 0700"):
        layout(long).socket_folder()


@ON_LINUX
def test_nothing_listens_on_the_network(postgres_home: Settings) -> None:
    assert ask(postgres_home, "SHOW listen_addresses") == ""
    sockets = {
        link.readlink().name.removeprefix("socket:[").removesuffix("]")
        for link in Path(f"/proc/{postmaster(postgres_home)}/fd").iterdir()
        if link.readlink().name.startswith("socket:")
    }
    assert sockets
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        assert sockets.isdisjoint(line.split()[9] for line in lines)


def test_an_edited_configuration_does_not_open_the_server(embedded_home: Settings) -> None:
    postgres.stop(embedded_home)
    with (layout(embedded_home).data / "postgresql.conf").open("a") as out:
        out.write("listen_addresses = '*'\nwork_mem = '7MB'\n")
    postgres.ensure_running(embedded_home)
    assert ask(embedded_home, "SHOW listen_addresses") == ""
    assert ask(embedded_home, "SHOW work_mem") == "7MB"


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_refused(postgres_home: Settings, password: str) -> None:
    url = make_url(postgres.database_url(postgres_home, "public"))
    engine = create_engine(url.set(password=password), poolclass=NullPool)
    with pytest.raises(OperationalError, match="password"), engine.connect():
        pass


def test_each_home_has_a_password_of_its_own_kept_as_scram(
    tmp_path: Path, serve: Callable[[Path], Settings]
) -> None:
    one, two = serve(tmp_path / "one"), serve(tmp_path / "two")
    assert layout(one).password() != layout(two).password()
    password_hash = str(ask(one, "SELECT rolpassword FROM pg_authid WHERE rolname = 'daybook'"))
    assert password_hash.startswith("SCRAM-SHA-256$")
    hba = (layout(one).data / "pg_hba.conf").read_text()
    rules = [line.split() for line in hba.splitlines() if line and not line.startswith("#")]
    assert {rule[-1] for rule in rules} == {"scram-sha-256"}


def test_the_url_leads_to_its_schema(postgres_home: Settings) -> None:
    for url, schema in [
        (postgres.dagster_database_url(postgres_home), "dagster"),
        (postgres.database_url(postgres_home, "registry"), "registry"),
    ]:
        with create_engine(url, poolclass=NullPool).connect() as connection:
            assert connection.scalar(text("SELECT current_schema()")) == schema


def _start(home: Path) -> None:
    settings = Settings(home=home, database_url=None)
    postgres.ensure_database(settings)
    (home / f"seen-{os.getpid()}").write_text(
        str(ask(settings, "SELECT pg_postmaster_start_time()"))
    )


def test_eight_processes_that_start_at_once_share_one_server(
    tmp_path: Path, serve: Callable[[Path], Settings]
) -> None:
    home = tmp_path / "home"
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_start, args=(home,)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    settings = serve(home)
    assert [process.exitcode for process in processes] == [0] * 8
    seen = {path.read_text() for path in home.glob("seen-*")}
    assert seen == {str(ask(settings, "SELECT pg_postmaster_start_time()"))}


def test_finding_it_running_is_quick(postgres_home: Settings) -> None:
    took = []
    for _ in range(5):
        began = time.perf_counter()
        postgres.ensure_running(postgres_home)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.01


@pytest.mark.parametrize("everything", [False, True], ids=["postmaster", "all processes"])
def test_a_killed_server_comes_back_with_what_was_committed(
    embedded_home: Settings, *, everything: bool
) -> None:
    ask(embedded_home, "CREATE TABLE kept AS SELECT 42 AS answer")
    pid = postmaster(embedded_home)
    children = Path(f"/proc/{pid}/task/{pid}/children")
    victims = [pid]
    if everything and children.exists():
        victims += [int(child) for child in children.read_text().split()]
    for victim in victims:
        # A process of it may have ended because the first is gone.
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    postgres.ensure_running(embedded_home)
    assert ask(embedded_home, "SELECT answer FROM kept") == 42
    assert postmaster(embedded_home) != pid


def test_a_home_copied_while_stopped_works_elsewhere(
    tmp_path: Path, serve: Callable[[Path], Settings]
) -> None:
    original = serve(tmp_path / "original")
    ask(original, "CREATE TABLE kept AS SELECT 42 AS answer")
    postgres.stop(original)
    shutil.copytree(original.home, tmp_path / "elsewhere" / "copy")
    serve(original.home)
    copy = serve(tmp_path / "elsewhere" / "copy")
    ask(original, "UPDATE kept SET answer = 1")
    assert ask(copy, "SELECT answer FROM kept") == 42
    assert postmaster(copy) != postmaster(original)


@ON_LINUX
def test_a_home_copied_while_its_server_ran_is_refused(
    embedded_home: Settings, tmp_path: Path
) -> None:
    ignored = shutil.ignore_patterns(".s.PGSQL*")
    shutil.copytree(embedded_home.home, tmp_path / "copy", ignore=ignored)
    with pytest.raises(postgres.ForeignLock, match="was copied while its server ran"):
        postgres.ensure_running(Settings(home=tmp_path / "copy", database_url=None))


def test_a_pid_that_another_process_got_since_is_no_server(embedded_home: Settings) -> None:
    files = layout(embedded_home)
    lines = files.pid_file.read_text().splitlines(keepends=True)
    postgres.stop(embedded_home)
    files.pid_file.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
    postgres.ensure_running(embedded_home)
    assert postmaster(embedded_home) != os.getpid()


@ON_LINUX
def test_a_server_that_was_started_by_hand_is_left_alone(embedded_home: Settings) -> None:
    postgres.stop(embedded_home)
    files = layout(embedded_home)
    account = programs.account_for(embedded_home.home)
    by_hand = "-c listen_addresses='' -c unix_socket_directories=pg_stat_tmp"
    with tempfile.TemporaryFile() as log:
        started = programs.run(
            "pg_ctl",
            ["start", "-s", "-w", "-D", programs.data_argument(files.data), "-o", by_hand],
            account=account,
            folder=files.data,
            output=log,
        )
    assert started.returncode == 0
    pid = postmaster(embedded_home)
    try:
        with pytest.raises(postgres.ForeignLock, match=f"did not start .process {pid}"):
            postgres.ensure_running(embedded_home)
    finally:
        os.kill(pid, signal.SIGINT)
    while files.pid_file.exists():
        time.sleep(0.02)
    postgres.ensure_running(embedded_home)


def test_a_server_in_another_container_is_named(embedded_home: Settings) -> None:
    postgres.stop(embedded_home)
    with layout(embedded_home).serving_lock.open("r+") as lock:
        lock.write("box-7\n")
        lock.truncate()
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(postgres.ForeignLock, match="server on box-7"):
            postgres.ensure_running(embedded_home)


def test_the_server_holds_its_lock_for_as_long_as_it_lives(embedded_home: Settings) -> None:
    with layout(embedded_home).serving_lock.open("r+") as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        postgres.stop(embedded_home)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_data_of_another_version_is_named(embedded_home: Settings) -> None:
    postgres.stop(embedded_home)
    (layout(embedded_home).data / "PG_VERSION").write_text("16\n")
    with pytest.raises(postgres.WrongVersion, match=r"PostgreSQL 16, this Daybook runs 18"):
        postgres.ensure_running(embedded_home)


@AS_ROOT
def test_a_disk_too_small_for_a_server_is_named(small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 70_000_000)
    settings = Settings(home=small_disk / "home", database_url=None)
    with pytest.raises(postgres.DiskFull, match="is full"):
        postgres.ensure_running(settings)
    assert not layout(settings).exists()
    assert not (layout(settings).folder / "data.new").exists()
    filler.unlink()
    postgres.ensure_running(settings)
    assert postgres.stop(settings)


@AS_ROOT
def test_a_disk_that_filled_up_is_named(small_disk: Path) -> None:
    settings = Settings(home=small_disk / "home", database_url=None)
    postgres.ensure_database(settings)
    postgres.stop(settings)
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free
    filler.write_bytes(b"x" * (free // 4096 * 4096))
    with pytest.raises(postgres.DiskFull, match="is full"):
        postgres.ensure_running(settings)
    filler.unlink()
    postgres.ensure_running(settings)
    assert postgres.stop(settings)


def test_any_other_failure_leads_to_the_log(embedded_home: Settings) -> None:
    postgres.stop(embedded_home)
    conf = layout(embedded_home).data / "postgresql.conf"
    right = conf.read_text()
    conf.write_text(right + "shared_buffers = 'lots'\n")
    with pytest.raises(Transient, match=r"configuration file .* \(the log is .*server\.log\)"):
        postgres.ensure_running(embedded_home)
    conf.write_text(right)


def test_stopping_twice_is_no_error(embedded_home: Settings, tmp_path: Path) -> None:
    assert postgres.is_running(embedded_home)
    assert postgres.stop(embedded_home)
    assert not postgres.is_running(embedded_home)
    assert not postgres.stop(embedded_home)
    assert not postgres.stop(Settings(home=tmp_path / "none", database_url=None))
    assert not (tmp_path / "none").exists()


def test_a_home_without_a_server_asks_for_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="run `daybook init`"):
        postgres.database_url(Settings(home=tmp_path, database_url=None), "registry")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "postgres://u:p@h/d",
            "postgresql+psycopg2://u:p@h/d?options=-ctimezone%3DUTC+-csearch_path%3Ddagster",
        ),
        (
            "postgresql://u:p@h:1/d?sslmode=require&options=-cjit%3Doff",
            "postgresql+psycopg2://u:p@h:1/d"
            "?options=-cjit%3Doff+-ctimezone%3DUTC+-csearch_path%3Ddagster&sslmode=require",
        ),
    ],
)
def test_a_url_of_ones_own_keeps_what_it_says(tmp_path: Path, written: str, expected: str) -> None:
    settings = Settings.model_validate({"home": tmp_path, "database_url": written})
    url = make_url(postgres.database_url(settings, "dagster"))
    assert url == make_url(expected)


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


@AS_ROOT
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


@AS_ROOT
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


@AS_ROOT
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


@AS_ROOT
def test_root_never_serves_as_root(postgres_home: Settings) -> None:
    status = Path(f"/proc/{postmaster(postgres_home)}/status").read_text()
    uids = re.search(r"^Uid:\s+(.*)$", status, re.MULTILINE)
    capabilities = re.search(r"^CapEff:\s+(.*)$", status, re.MULTILINE)
    assert uids is not None
    assert capabilities is not None
    assert "0" not in uids.group(1).split()
    assert int(capabilities.group(1), 16) == 0
