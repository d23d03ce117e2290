"""`daybook up`: everything under one command, on loopback, and gone again with Ctrl-C."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.accounting.beancount import fava
from connectors.settings import Settings
from tests.console.user import User

_LISTENING = "0A"
_LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(process: int) -> set[int]:
    """Processes that a process started, and those that they started."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def listening(processes: set[int]) -> set[str]:
    """Addresses, as /proc writes them, on which any of the processes takes connections."""
    inodes = set()
    for process in processes:
        for descriptor in Path(f"/proc/{process}/fd").glob("*"):
            try:
                inodes.add(str(descriptor.readlink()).removeprefix("socket:[").rstrip("]"))
            except OSError:
                continue
    rows = [
        row.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for row in Path(table).read_text().splitlines()[1:]
    ]
    return {row[1].partition(":")[0] for row in rows if row[3] == _LISTENING and row[9] in inodes}


def eventually(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.2)
    return False


@pytest.fixture
def own(embedded_home: Settings) -> User:
    """The user of a home with a server of its own."""
    return User(embedded_home.home)


@pytest.fixture
def ports() -> tuple[int, int]:
    """Free ports for the Dagster UI and the books."""
    return free_port(), free_port()


@pytest.fixture
def running(own: User, ports: tuple[int, int]) -> Iterator[subprocess.Popen[str]]:
    """`daybook up`, killed with all its children where a test left it running."""
    process = own.start("up", "--dagster-port", ports[0], "--books-port", ports[1])
    yield process
    if process.poll() is None:
        for victim in {*descendants(process.pid), process.pid}:
            os.kill(victim, signal.SIGKILL)
    process.communicate()


def _read_until(process: subprocess.Popen[str], last: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if lines[-1] == last:
            break
    return lines


def test_up_serves_survives_its_database_and_stops(
    running: subprocess.Popen[str], own: User, ports: tuple[int, int]
) -> None:
    web = f"http://127.0.0.1:{ports[0]}"
    assert _read_until(running, "stop with Ctrl-C") == [
        f"Dagster  {web}",
        f"books    http://127.0.0.1:{ports[1]}/",
        "stop with Ctrl-C",
    ]
    assert b"dagster_version" in _page(f"{web}/server_info")
    assert b"Fava" in _page(fava.address(ports[1]))
    children = descendants(running.pid)
    assert len(children) >= 3
    assert listening(children) == {"0100007F"} <= _LOOPBACK

    pid_file = own.settings.postgres_folder / "data" / "postmaster.pid"
    first = int(pid_file.read_text().split()[0])
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: pid_file.exists() and _pid(pid_file) not in {0, first})
    assert own("connections", "list").code == 0

    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert time.monotonic() - began < 20
    assert running.returncode == 0
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "stopping"
    assert eventually(lambda: not any(_lives(child) for child in children), 15)


def _page(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - loopback
        return bytes(answer.read())


def _lives(process: int) -> bool:
    """Whether it runs; one that has ended may wait a moment for its adoptive parent."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _pid(path: Path) -> int:
    words = path.read_text().split()
    return int(words[0]) if words else 0


@pytest.mark.parametrize(("place", "option"), [(0, "--dagster-port"), (1, "--books-port")])
def test_a_port_that_is_taken(user: User, ports: tuple[int, int], place: int, option: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports[place]))
        taken.listen()
        told = user("up", "--dagster-port", ports[0], "--books-port", ports[1])
    assert (told.code, told.out) == (2, "")
    assert told.complaint == f"port {ports[place]} is taken: choose another with {option}"
