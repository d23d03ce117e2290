"""`daybook up`: everything under one command and one sign-in, and gone again with Ctrl-C."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from connectors.database.registry import Registry
from connectors.home.settings import Settings
from console.commands.up import exposure, is_loopback
from tests.console.user import User

PASSWORD = "correct horse battery"
_LISTENING = "0A"


def free_port() -> int:
    """A port that nobody has, and that the system gives to nobody who asks for any."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def descendants(process: int) -> set[int]:
    """Processes that a process started, and those that they started."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    tree = {process}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return tree - {process}


def listening(processes: set[int]) -> set[str]:
    """Addresses and ports, as /proc writes them, on which any of the processes listens."""
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
    return {row[1] for row in rows if row[3] == _LISTENING and row[9] in inodes}


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
def port() -> int:
    """A free port for the console."""
    return free_port()


def up(port: int) -> list[object]:
    """The command on this port."""
    return ["up", "--port", port]


@pytest.fixture
def running(
    request: pytest.FixtureRequest, own: User, port: int
) -> Iterator[subprocess.Popen[str]]:
    """`daybook up`, killed with all its children where a test left it running."""
    process = own.start(*up(port), *getattr(request, "param", ()))
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
            return lines
    raise AssertionError(f"it stopped after {lines}: {process.communicate()[1]}")


def test_up_serves_survives_its_database_and_stops(
    running: subprocess.Popen[str], own: User, port: int
) -> None:
    web = f"http://localhost:{port}"
    assert _read_until(running, "stop with Ctrl-C") == [
        f"console  {web}",
        f"Dagster  {web}/dagster",
        f"books    {web}/books",
        "stop with Ctrl-C",
    ]
    children = descendants(running.pid)
    assert len(children) >= 4
    # Nothing but the console is on a port, where any page in a browser could ask it.
    assert listening(children) == {f"0100007F:{port:04X}"}
    sockets = own.settings.sockets_folder
    assert sockets.stat().st_mode & 0o077 == 0
    assert {path.name for path in sockets.iterdir()} == {"dagster", "code", "books"}
    _look_around(web, own)

    again = own("up")
    assert again.code == 3
    assert f"is run by process {running.pid} (" in again.complaint
    assert again.complaint.endswith("or take over with `daybook up --takeover`")
    stopped = own("down")
    assert (stopped.code, "is run by `daybook up`" in stopped.complaint) == (3, True)
    with httpx2.Client(base_url=web, timeout=30, headers={"Origin": web}) as browser:
        form = {"user": "ada", "password": PASSWORD, "next": "/"}
        assert browser.post("/sign-in", data=form).status_code == 303
        for program in ("pipelines.webserver", "dagster api grpc"):
            _a_dead_program_is_started_again(children, program)
            assert eventually(lambda: _lists_definitions(browser)), program

    pid_file = own.settings.postgres_folder / "data" / "postmaster.pid"
    first = int(pid_file.read_text().split()[0])
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: pid_file.exists() and _pid(pid_file) not in {0, first})
    assert own("connections", "list").code == 0
    # `up` looks once a second, and says so when the server that is there is another one.
    time.sleep(4)

    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert time.monotonic() - began < 20
    assert running.returncode == 0
    assert "Traceback" not in err
    lines = err.splitlines()
    logs = own.home / "logs"
    assert lines == [
        "no users yet: add one with `daybook users add NAME`",
        *(
            f"{name} stopped with exit code -9; see {logs / name.lower()}.log; it is started again "
            "in 1 s"
            for name in ("Dagster", "code")
        ),
        "the database had stopped; it was started again",
        "stopping",
    ]
    assert eventually(lambda: not any(_lives(child) for child in children), 15)
    assert list(sockets.iterdir()) == []


def _a_dead_program_is_started_again(children: set[int], words: str) -> None:
    def programs(among: set[int]) -> set[int]:
        return {p for p in among if words in _command(p) and not _guards(p)}

    (program,) = programs(children)
    up = _parent(_parent(program))
    os.kill(program, signal.SIGKILL)
    assert eventually(lambda: bool(programs(descendants(up)) - {program}), 15)


def _lists_definitions(browser: httpx2.Client) -> bool:
    """Return whether Dagster's pages can read the definitions, which the code server loads."""
    listing = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"
    answer = browser.post("/dagster/graphql", json={"query": listing})
    return answer.status_code == 200 and bool(answer.json()["data"]["repositoriesOrError"]["nodes"])


def _guards(process: int) -> bool:
    return "guardian.py" in _command(process)


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def _look_around(web: str, own: User) -> None:
    """Dagster and the books, which nobody sees who has not signed in."""
    assert own.run("users", "add", "ada", "--password-stdin", typed=PASSWORD).code == 0
    with httpx2.Client(base_url=web, timeout=30, headers={"Origin": web}) as browser:
        assert browser.get("/dagster/server_info").status_code == 303
        assert browser.get("/books/").status_code == 303
        form = {"user": "ada", "password": PASSWORD, "next": "/"}
        assert browser.post("/sign-in", data=form).status_code == 303

        assert "dagster_version" in browser.get("/dagster/server_info").json()
        assert _lists_definitions(browser)
        changing = {"query": 'mutation { terminateRun(runId: "none") { __typename } }'}
        assert browser.get("/dagster/graphql", params=changing).status_code == 405
        as_text = {"content": json.dumps(changing), "headers": {"Content-Type": "text/plain"}}
        assert browser.post("/dagster/graphql", **as_text).status_code == 415
        foreign = {"Host": "evil.example", "Origin": "http://evil.example"}
        assert browser.post("/dagster/graphql", json=changing, headers=foreign).status_code == 421
        answer = browser.post("/dagster/graphql", json=changing).json()["data"]["terminateRun"]
        assert answer["__typename"] == "RunNotFoundError"
        with Registry.open(own.settings) as registry:
            changed = [e for e in registry.audit.list() if e.action.startswith("dagster.")]
        assert [(e.actor, e.subject) for e in changed] == [("ada", "terminateRun")]
        page = browser.get("/dagster", follow_redirects=True)
        assert "/dagster/_next/static/" in page.text
        assert "strict-dynamic" in page.headers["content-security-policy"]

        books = browser.get("/books", follow_redirects=True)
        assert books.url.path.startswith("/books/daybook/")
        assert "Fava" in books.text or "ledger-data" in books.text
        assert "script-src 'self'" in books.headers["content-security-policy"]


@pytest.mark.parametrize("running", [["--sandbox"]], indirect=True)
def test_a_sandbox_lets_anybody_connect_an_account(
    running: subprocess.Popen[str], own: User, port: int
) -> None:
    result = _read_until(running, "stop with Ctrl-C")
    folder = own.home / "sandbox"
    assert str(folder) in result[3]
    assert "after a restart, connect the accounts again" in result[5]
    hosts = json.loads((folder / "endpoints.json").read_text())
    assert hosts["square"]["api"].startswith("http://127.0.0.1:")
    callback = f"http://localhost:{port}/connect"
    assert callback.startswith(_public_url(running))

    applications = own("applications", "list", "--json").json["applications"]
    needs_none = {app["channel"] for app in applications if not app["registered"]}
    assert needs_none == {"files", "tryton", "woocommerce"}
    keys = folder / "square.json"
    added = own("connections", "add", "square", "--name", "Coffee", "--credentials", keys)
    assert (added.code, added.out) == (
        0,
        "coffee: Square connected: Harbour Coffee (MLQW8DG0T5T7V), US, USD\n",
    )
    assert own("connections", "check", "coffee").code == 0

    children = descendants(running.pid)
    emulators = (child for child in children if "-m sandbox " in _command(child))
    (victim,) = (child for child in emulators if not _guards(child))
    os.kill(victim, signal.SIGKILL)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 3
    log = own.home / "logs" / "sandbox.log"
    assert err.splitlines()[-1] == f"error: sandbox stopped with exit code -9; see {log}"
    assert eventually(lambda: not any(_lives(child) for child in children), 15)

    # A sandbox by mistake started as anything else would ask real platforms.
    refused = own(*up(port))
    assert refused.code == 2
    assert "is a sandbox permanently: start it with `daybook up --sandbox`" in refused.complaint
    unreached = own("connections", "check", "coffee")
    assert (unreached.code, "Square does not answer" in unreached.complaint) == (3, True)


def test_a_home_in_use_becomes_no_sandbox(user: User, port: int, tmp_path: Path) -> None:
    real = tmp_path / "square.json"
    real.write_text(json.dumps({"client_id": "sq0idp-1", "client_secret": "sq0csp-1"}))
    assert user("applications", "set", "square", "--credentials", real).code == 0
    result = user(*up(port), "--sandbox")
    assert (result.code, result.out) == (2, "")
    assert "give the sandbox a home of its own" in result.complaint
    assert not (user.home / "sandbox").exists()


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - nobody listens
        ("::", False),
        ("192.168.1.5", False),
        ("books.example", False),
    ],
)
def test_who_is_warned_of_others(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_the_warning_says_what_crosses_the_network() -> None:
    assert "in the clear" not in exposure("192.168.1.5", "https://books.example")
    assert "in the clear" in exposure("192.168.1.5", "http://localhost:8080")


def _public_url(process: subprocess.Popen[str]) -> str:
    """The console's address as one of its programs is told it."""
    for child in descendants(process.pid):
        if "console.web" in _command(child) and not _guards(child):
            result = Path(f"/proc/{child}/environ").read_text().split("\0")
            return next(v.partition("=")[2] for v in result if v.startswith("DAYBOOK_PUBLIC_URL="))
    raise AssertionError("the console does not run")


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


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


def test_a_port_that_is_taken(user: User, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        result = user(*up(port))
    assert (result.code, result.out) == (2, "")
    assert result.complaint == f"port {port} is taken: choose another with --port"


def test_an_address_that_is_not_of_this_machine(user: User, port: int) -> None:
    result = user(*up(port), "--host", "203.0.113.7")
    assert result.code == 2
    assert result.complaint.startswith(f"nothing can listen on 203.0.113.7, port {port}: ")
