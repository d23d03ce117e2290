"""Kills at random moments and at every boundary of the work, each followed by a plain re-run.

The books and the lake must then be those of a home that nobody disturbed, byte for byte, and
nothing temporary may be left. The command is forked from a process that has imported everything,
so that a kill meets work and not the start of Python.
"""

import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from sqlalchemy import make_url

from connectors.database import postgres
from connectors.errors import ConfigError
from connectors.home.lock import home_lock
from connectors.home.settings import Settings
from tests.benchmarks import killed_command
from tests.benchmarks.killed_command import PRELOADED, UPKEEP
from tests.benchmarks.results import Result
from tests.conftest import Server
from tests.console.conftest import settlement
from tests.console.test_up import free_port
from tests.console.user import PROGRAM

# As many as fit beside the rest of `make bench`: `--scale 7` kills three hundred times.
KILLS, SEED = 45, 20261129
HANG_SECONDS = 90.0
END_SECONDS = 20.0
STEPS = ("import", "sync", "publish", "warehouse", UPKEEP)
TEMPORARY = (".tmp-*", "import-*", ".warehouse.duckdb.new-*")


@dataclass(frozen=True, slots=True)
class State:
    """A home at a stage of its work, with its database; copied for every kill."""

    home: Path
    database: str | None


@dataclass
class Kills:
    """The homes of one suite, and what came of every kill."""

    folder: Path
    server: Server | None
    states: dict[str, State] = field(default_factory=dict)
    result: str = ""
    faults: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    slowest: float = 0.0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(PRELOADED))
        self._numbers = iter(range(1_000_000))
        march, april = self.folder / "march.txt", self.folder / "april.txt"
        march.write_text(settlement(1, price="1000.00"))
        april.write_text(settlement(2, month=4))
        first = self.folder / "first.txt"
        first.write_text(settlement(1))
        target = ["--connection", "mugs"]
        self._first = ["import", "amazon", str(first), *target]
        self.commands: dict[str, list[str]] = {
            # A restatement of what is booked already, and something new.
            "import": ["import", "amazon", str(march), str(april), *target],
            "sync": ["sync"],
            "publish": ["publish"],
            "warehouse": ["sync"],
            UPKEEP: [UPKEEP],
        }

    def prepare(self) -> None:
        """Make the undisturbed home, and a copy of it before each step."""
        state = self._new()
        for words in (["init"], self._first, ["sync"]):
            self.must(state, words)
        for step, words in (
            ("import", self.commands["import"]),
            ("sync", ["data", "mugs", "2026-03-01", "2026-04-30"]),
            ("publish", ["publish"]),
            ("warehouse", ["sync"]),
        ):
            self.states[step] = self.copy(state)
            began = time.monotonic()
            self.must(state, words)
            self.seconds[step] = time.monotonic() - began
        self.states[UPKEEP] = self.states["warehouse"]
        self.seconds[UPKEEP] = self.seconds["warehouse"]
        self.seconds["sync"] += self.seconds["publish"] + self.seconds["warehouse"]
        self.result = tree(state)

    def must(self, state: State, words: Sequence[str]) -> None:
        code = self.command(state, words)
        assert code == 0, (words, code, self.log.read_text()[-2000:])

    @property
    def log(self) -> Path:
        return self.folder / "commands.log"

    def command(
        self,
        state: State,
        words: Sequence[str],
        *,
        boundary: int | None = None,
        after: float | None = None,
        postmaster: bool = False,
    ) -> int | None:
        """Run a command, killed `after` seconds or at a boundary; None where it hangs."""
        if postmaster:
            postgres.ensure_running(Settings(home=state.home, database_url=None))
        process = self._context.Process(
            target=killed_command.run,
            args=(str(state.home), state.database, words, str(self.log), boundary),
        )
        process.start()
        if after is not None:
            process.join(after)
            if postmaster:
                _kill(_postmaster(state.home))
            elif process.is_alive():
                _kill(process.pid, group=True)
        process.join(HANG_SECONDS)
        if process.exitcode is None:
            _kill(process.pid, group=True)
            process.join()
            return None
        return process.exitcode

    def boundaries(self, step: str) -> int:
        """How many boundaries a step has."""
        tally = Path(f"{self.log}.boundaries")
        state = self.copy(self.states[step])
        self.command(state, self.commands[step], boundary=-1)
        self.drop(state)
        return int(tally.read_text())

    def kill(self, step: str, what: str, **how: object) -> bool:
        """Kill a step, run it again, and compare; False where it had ended before."""
        state = self.copy(self.states[step])
        code = self.command(state, self.commands[step], **how)  # type: ignore[arg-type]
        is_killed = code == -signal.SIGKILL or "postmaster" in how
        if is_killed:
            self.heal(state, step, f"{step} {what}")
        self.drop(state)
        return is_killed

    def heal(self, state: State, step: str, name: str) -> None:
        """Run again what was killed, then the rest, and compare."""
        began = time.monotonic()
        words = [self.commands[step], ["sync"]] if step != "sync" else [["sync"]]
        for number, command in enumerate(words):
            code = self.command(state, command)
            if code != 0:
                tail = self.log.read_text()[-600:]
                self.faults.append(f"{name}: re-run {number} ended with {code}: {tail}")
        self.slowest = max(self.slowest, time.monotonic() - began)
        if tree(state) != self.result:
            copy = state.home.with_name(f"differs-{state.home.name}")
            shutil.copytree(state.home, copy, ignore=lambda *_: ["postgres"])
            self.faults.append(f"{name}: differs, see {copy}")
        self.faults += [f"{name}: {path} is left" for path in leftovers(state.home)]
        if not is_built(state.home):
            self.faults.append(f"{name}: the warehouse lacks what the lake holds")
        self.done[name] += 1
        faults = len(self.faults)
        print(f"{self.done.total()} kills, {faults} faults: {name}", file=sys.stderr, flush=True)

    def copy(self, state: State) -> State:
        """A copy of a home and its database."""
        if state.database is None:
            postgres.stop(Settings(home=state.home, database_url=None))
        target = self._new(state.database)
        shutil.copytree(state.home, target.home, symlinks=True)
        return target

    def drop(self, state: State) -> None:
        """Take a copy away."""
        if state.database and self.server:
            name = make_url(state.database).database
            self.server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        else:
            postgres.stop(Settings(home=state.home, database_url=None))
        shutil.rmtree(state.home)

    def _new(self, template: str | None = None) -> State:
        home = self.folder / f"home-{next(self._numbers)}"
        if self.server is None:
            return State(home, None)
        name = f"kills_{os.getpid()}_{home.name.removeprefix('home-')}"
        source = make_url(template).database if template else "template1"
        self.server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        url = self.server.url.set(database=name)
        return State(home, url.render_as_string(hide_password=False))


def at_boundaries(kills: Kills, number: int, dice: random.Random) -> None:
    """Kill at every boundary of every step, or at so many of them, spread over all steps."""
    points = [(step, n + 1) for step in STEPS for n in range(kills.boundaries(step))]
    chosen = points if number >= len(points) else sorted(dice.sample(points, number))
    for step, boundary in chosen:
        kills.kill(step, "at a boundary", boundary=boundary)


def at_random(kills: Kills, number: int, dice: random.Random) -> None:
    """Kill at random moments."""
    for n in range(number):
        step = STEPS[n % len(STEPS)]
        while not kills.kill(step, "at random", after=dice.uniform(0.05, kills.seconds[step])):
            # What was measured at first is longer than it takes later.
            kills.seconds[step] *= 0.9


def with_database(kills: Kills, number: int, dice: random.Random) -> None:
    """Kill the database server under a step, which may survive it."""
    for n in range(number):
        step = STEPS[n % len(STEPS)]
        after = dice.uniform(0.05, kills.seconds[step])
        kills.kill(step, "database killed", after=after, postmaster=True)


def under_up(kills: Kills, number: int, dice: random.Random) -> None:
    """Kill `daybook up` with its process group while its daemon works; its programs must follow."""
    for _ in range(number):
        state = kills.copy(kills.states["sync"])
        words = [PROGRAM, "up", "--port", str(free_port())]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DAYBOOK")}
        environment["DAYBOOK_HOME"] = str(state.home)
        with (
            kills.log.open("ab") as log,
            subprocess.Popen(
                words, env=environment, stdout=log, stderr=log, start_new_session=True
            ) as process,
        ):
            time.sleep(dice.uniform(1.0, 30.0))
            _kill(process.pid, group=True)
        if not _is_left_alone(state.home):
            kills.faults.append(f"sync under up: programs outlived it by {END_SECONDS:g} s")
        kills.heal(state, "sync", "sync under up")
        kills.drop(state)


def _is_left_alone(home: Path) -> bool:
    settings = Settings(home=home, database_url=None)
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        try:
            with home_lock(settings):
                return True
        except ConfigError:
            time.sleep(0.2)
    return False


@contextmanager
def own_server(folder: Path) -> Iterator[Server]:
    """A server for the databases of homes whose server nobody kills."""
    settings = Settings(home=folder, database_url=None)
    postgres.ensure_database(settings)
    try:
        yield Server(make_url(postgres.database_url(settings, "public")), folder)
    finally:
        postgres.stop(settings)


def measure(work: Path, scale: float) -> list[Result]:
    """Kill and compare; the figures are counts, and the faults are told one a line."""
    number = max(8, round(KILLS * scale))
    dice = random.Random(SEED)
    alone = Kills(work / "alone", None)
    alone.prepare()
    under_up(alone, max(1, number // 20), dice)
    with_database(alone, max(1, number // 10), dice)
    rest = number - alone.done.total()
    with own_server(work / "server") as server:
        shared = Kills(work / "shared", server)
        shared.prepare()
        at_random(shared, round(rest * 0.35), dice)
        at_boundaries(shared, rest - round(rest * 0.35), dice)
    return [Result(*row) for row in summaries(shared, alone)]


def summaries(*suites: Kills) -> Iterator[tuple[str, str, str, bool | None]]:
    """The table's lines."""
    counts = sum((suite.done for suite in suites), Counter[str]())
    faults = [fault for suite in suites for fault in suite.faults]
    for fault in faults:
        print(fault)
    yield "kills, each run again", f"{counts.total()}", "", None
    for what, number in sorted(counts.items()):
        yield f"  {what}", f"{number}", "", None
    yield "books or lake differ, hangs, leftovers", f"{len(faults)}", "0", not faults
    yield "slowest re-run", f"{max(s.slowest for s in suites):.1f} s", "", None


def tree(state: State) -> str:
    """Every file of the books and the lake with a digest of its bytes, one a line."""
    lines = []
    for folder in ("books", "lake"):
        for path in sorted((state.home / folder).rglob("*")):
            if path.is_file() and not path.name.startswith(".tmp-"):
                lines.append(
                    f"{path.relative_to(state.home)} {hashlib.sha256(_content(path)).hexdigest()}"
                )
    return "\n".join(lines)


def _content(path: Path) -> bytes:
    """When a document came is the one thing that differs by right."""
    content = path.read_bytes()
    if path.parent.parent.name != "raw" or path.suffix != ".json":
        return content
    return json.dumps({**json.loads(content), "fetched_at": None}, sort_keys=True).encode()


def leftovers(home: Path) -> list[Path]:
    """What is temporary, wherever in the home."""
    folders = [home, *(home / f for f in ("lake", "scratch", "books", "quarantine", "secrets"))]
    return [
        path
        for folder in folders
        for pattern in TEMPORARY
        for path in (folder.glob(pattern) if folder == home else folder.rglob(pattern))
    ]


def is_built(home: Path) -> bool:
    """Whether the warehouse has the lines that the lake has."""
    files = str(home / "lake" / "journal_lines" / "*" / "*.parquet")
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{home / 'warehouse.duckdb'}' AS built (READ_ONLY)")
        query = "SELECT count(*), sum(amount) FROM "
        lake = con.execute(query + "read_parquet($1)", [files]).fetchone()
        return con.execute(query + "built.journal_lines").fetchone() == lake


def _postmaster(home: Path) -> int:
    return int((home / "postgres/data/postmaster.pid").read_text().split()[0])


def _kill(pid: int | None, *, group: bool = False) -> None:
    assert pid
    try:
        (os.killpg if group else os.kill)(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
