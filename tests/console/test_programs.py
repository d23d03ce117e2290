"""Programs of one command: ended with it, started again when they die, waited for when it stops."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.errors import ConfigError, Transient
from connectors.home.lock import OWNER, HomeLock, home_lock, read_tenancy
from connectors.home.processes import Process
from connectors.home.settings import Settings
from console.programs import Programs, Service

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
# Deaf to what asks it to end, and with a child of its own that is deaf too.
DEAF = [
    sys.executable,
    "-S",
    "-c",
    "import os, signal, time\n"
    "signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "os.fork(); time.sleep(60)",
]


def eventually(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    (tmp_path / "home").mkdir()
    return Settings(home=tmp_path / "home", database_url=None)


@pytest.fixture
def lock(home: Settings) -> Iterator[HomeLock]:
    with home_lock(home) as lock:
        yield lock


@pytest.fixture
def sigint() -> Iterator[None]:
    """What stops programs is deaf to Ctrl-C at last; the tests are not."""
    # Where a shell started the tests in the background, programs would inherit that it is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def programs(home: Settings, lock: HomeLock, sigint: None) -> Iterator[Programs]:
    environment = {**os.environ, "DAYBOOK_HOME": str(home.home)}
    started = Programs(home.home / "logs", environment, lock, restarts=(0.05, 0.1))
    yield started
    started.stop(lambda: 0.1)


def tree(home: Settings) -> list[int]:
    record = read_tenancy(home)
    assert record is not None
    return [p for process in record.processes[1:] for p in process.members(home.home)]


@contextmanager
def another_up(home: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that holds the home's lock and runs two programs, started with SIGINT ignored."""
    script = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from connectors.home.lock import home_lock\n"
        "from connectors.home.settings import Settings\n"
        "from console.programs import Programs, Service\n"
        f"home = Settings(home={str(home.home)!r}, database_url=None)\n"
        "with home_lock(home) as lock:\n"
        "    environment = {**os.environ, 'DAYBOOK_HOME': str(home.home)}\n"
        "    programs = Programs(home.home / 'logs', environment, lock)\n"
        f"    programs.start([Service('deaf', {DEAF!r}), Service('calm', {SLEEP!r})])\n"
        "    print('started', flush=True); time.sleep(60)\n"
    )
    # As a shell starts what it runs in the background.
    with subprocess.Popen(
        ["/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh", sys.executable, "-c", script],
        stdout=subprocess.PIPE,
    ) as up:
        assert up.stdout is not None
        assert up.stdout.readline() == b"started\n"
        assert eventually(lambda: len(tree(home)) == 5)
        yield up
        up.kill()


def test_what_up_leaves_when_it_is_killed_ends_by_itself(home: Settings) -> None:
    with another_up(home) as up:
        pids = tree(home)
        with pytest.raises(ConfigError, match=f"is run by process {up.pid} .*--takeover"):
            home_lock(home).__enter__()
    with pytest.raises(ConfigError, match=r"what a killed `daybook up` left \(deaf \d+"):
        home_lock(home).__enter__()
    assert eventually(lambda: not tree(home))
    assert not any(map(_lives, pids))
    with home_lock(home):
        pass


def test_taking_over_ends_what_is_on_record(home: Settings) -> None:
    with another_up(home) as up:
        pids = tree(home)
        with home_lock(home, takeover=True) as lock:
            assert not any(map(_lives, [up.pid, *pids]))
            lock.record([])
            record = read_tenancy(home)
            assert record is not None
            assert [process.pid for process in record.living()] == [os.getpid()]


def test_a_number_that_another_process_has_got_since_is_left_alone(
    home: Settings, lock: HomeLock
) -> None:
    with subprocess.Popen(SLEEP, start_new_session=True) as stranger:
        living = Process.of("daemon", stranger.pid)
        assert living is not None
        assert living.lives()
        earlier = Process("daemon", stranger.pid, "another boot 42")
        lock.record([earlier])
        assert not earlier.lives()
        assert earlier.members(home.home) == []
        record = read_tenancy(home)
        assert record is not None
        assert [p.name for p in record.living()] == [OWNER]
        assert stranger.poll() is None
        stranger.kill()


def test_the_record_of_a_copied_home_is_of_no_account(
    home: Settings, lock: HomeLock, tmp_path: Path
) -> None:
    lock.record([])
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "up.json").write_bytes(home.tenancy_file.read_bytes())
    restored = Settings(home=copy, database_url=None)
    assert read_tenancy(restored) is None
    with home_lock(restored):
        pass


def test_a_program_that_dies_is_started_again_but_not_for_ever(
    home: Settings, programs: Programs
) -> None:
    programs.start([Service("books", SLEEP), Service("calm", SLEEP)])
    books, calm = programs.services
    result = []
    for wait in ("0.05", "0.1"):
        _kill_program(books)
        assert eventually(lambda: not books.is_running)
        result += programs.revive()
        assert result[-1].startswith("books stopped with exit code -9; see ")
        assert result[-1].endswith(f"it is started again in {wait} s")
        assert eventually(lambda: not list(programs.revive()) and books.is_running)
    _kill_program(books)
    assert eventually(lambda: not books.is_running)
    result += programs.revive()
    assert "it stays down" in result[-1]
    assert list(programs.revive()) == []
    assert calm.is_running
    log = (home.home / "logs" / "books.log").read_text()
    assert log.count("daybook up: books stopped") == 3
    record = read_tenancy(home)
    assert record is not None
    assert [process.name for process in record.processes] == [OWNER, "calm"]


@pytest.mark.usefixtures("sigint")
def test_what_keeps_dates_begins_anew_where_the_clock_was_set_back(programs: Programs) -> None:
    ahead = [7200.0]
    programs.clock = lambda: time.time() + ahead[0]
    assert list(programs.revive()) == [], "a clock that goes forward holds nothing up"
    programs.start([Service("daemon", SLEEP, keeps_dates=True), Service("books", SLEEP)])
    daemon, books = programs.services
    first = daemon.process
    ahead[0] = 7195.0
    assert list(programs.revive()) == []
    ahead[0] = 0.0
    assert list(programs.revive()) == ["the clock was set back by 7,195 s: restarting daemon"]
    # Other tests may hold the machine up for as long as programs are given to stop.
    assert eventually(
        lambda: [*programs.revive()] == [] and daemon.process not in {None, first}, seconds=40.0
    )
    assert (daemon.is_running, books.restarts) == (True, 0)


def test_without_an_essential_program_the_others_are_stopped(programs: Programs) -> None:
    programs.start([Service("sandbox", SLEEP, essential=True, restartable=False)])
    (sandbox,) = programs.services
    _kill_program(sandbox)
    assert eventually(lambda: not sandbox.is_running)
    with pytest.raises(Transient, match="sandbox stopped with exit code -9"):
        list(programs.revive())


WORKER = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_DFL); time.sleep(3)"
# Ends when it is asked to and leaves a worker that goes on, as Dagster's daemon does with its runs.
DAEMON = [
    sys.executable,
    "-S",
    "-c",
    "import signal, subprocess, sys\n"
    f"subprocess.Popen([sys.executable, '-S', '-c', {WORKER!r}])\n"
    "signal.pause()",
]


@pytest.mark.usefixtures("sigint")
def test_a_stop_waits_for_what_a_program_is_at(home: Settings, lock: HomeLock) -> None:
    programs = Programs(home.home / "logs", {**os.environ, "DAYBOOK_HOME": str(home.home)}, lock)
    programs.start([Service("daemon", DAEMON), Service("calm", SLEEP)])
    assert eventually(lambda: len(tree(home)) == 5)
    waits: list[float] = []

    def patience() -> float:
        waits.append(time.monotonic())
        return 10

    began = time.monotonic()
    programs.stop(patience)
    assert len(waits) == 1
    assert 2 < time.monotonic() - began < 6


@pytest.mark.usefixtures("sigint")
def test_a_stop_does_not_wait_for_ever(home: Settings, lock: HomeLock) -> None:
    programs = Programs(home.home / "logs", dict(os.environ), lock)
    programs.start([Service("deaf", DEAF)])
    began = time.monotonic()
    programs.stop(lambda: 0.1)
    assert time.monotonic() - began < 8
    assert not programs.services[0].is_running


def _kill_program(service: Service) -> None:
    """Kill the program itself; its guardian sees it."""
    assert service.process is not None
    guardian = service.process.pid

    def child() -> list[int]:
        listed = Path(f"/proc/{guardian}/task/{guardian}/children").read_text().split()
        begun = (Path(f"/proc/{pid}/cmdline").read_text() for pid in listed)
        return [
            int(p)
            for p, words in zip(listed, begun, strict=True)
            if words and "guardian" not in words
        ]

    assert eventually(lambda: bool(child()))
    os.kill(child()[0], signal.SIGKILL)


def _lives(pid: int) -> bool:
    return Process.of("", pid) is not None
