"""The embedded server: shared, and back after anything that kills it."""

import fcntl
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from connectors.database import postgres
from connectors.database.postgres import cluster
from connectors.database.postgres.layout import Layout
from connectors.errors import Transient
from connectors.home.settings import Settings
from tests.connectors.database.postgres_servers import ask, postmaster

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="changes accounts")
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


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
    files = Layout(embedded_home)
    lines = files.pid_file.read_text().splitlines(keepends=True)
    postgres.stop(embedded_home)
    files.pid_file.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
    postgres.ensure_running(embedded_home)
    assert postmaster(embedded_home) != os.getpid()


@ON_LINUX
def test_a_server_that_was_started_by_hand_is_left_alone(embedded_home: Settings) -> None:
    postgres.stop(embedded_home)
    files = Layout(embedded_home)
    by_hand = "-c listen_addresses='' -c unix_socket_directories=pg_stat_tmp"
    with tempfile.TemporaryFile() as log:
        cluster.run_on(files, "pg_ctl", "start", "-s", "-w", "-o", by_hand, log=log)
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
    with Layout(embedded_home).serving_lock.open("r+") as lock:
        lock.write("box-7\n")
        lock.truncate()
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(postgres.ForeignLock, match="server on box-7"):
            postgres.ensure_running(embedded_home)


def test_the_server_holds_its_lock_for_as_long_as_it_lives(embedded_home: Settings) -> None:
    with Layout(embedded_home).serving_lock.open("r+") as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        postgres.stop(embedded_home)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_data_of_another_version_is_named(embedded_home: Settings) -> None:
    postgres.stop(embedded_home)
    (Layout(embedded_home).data / "PG_VERSION").write_text("16\n")
    with pytest.raises(postgres.WrongVersion, match=r"PostgreSQL 16, this Daybook runs 18"):
        postgres.ensure_running(embedded_home)


@AS_ROOT
def test_a_disk_too_small_for_a_server_is_named(small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 70_000_000)
    settings = Settings(home=small_disk / "home", database_url=None)
    with pytest.raises(postgres.DiskFull, match="is full"):
        postgres.ensure_running(settings)
    assert not Layout(settings).exists()
    assert not (Layout(settings).folder / "data.new").exists()
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
    conf = Layout(embedded_home).data / "postgresql.conf"
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
