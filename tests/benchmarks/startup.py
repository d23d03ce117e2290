"""The command line's start, a small sync, and `daybook up` while nothing happens.

A sync is measured as its owner has it on an ordinary day: of one new file, in a home that has
synced before, its modules compiled and the database running, as the import before it leaves it;
nothing else of Daybook runs. CPU and memory are read from Linux's own count of every process of the
tree and of the home's database; memory that processes share counts once (PSS).
"""

import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from connectors.home.settings import Settings
from tests.benchmarks.generate import Shape, write_settlements
from tests.benchmarks.homes import fresh_home
from tests.benchmarks.results import Result
from tests.console.test_up import free_port

PROGRAM: Final = str(Path(sys.executable).parent / "daybook")
HELP_SECONDS: Final = 0.3
SYNC_SECONDS: Final = 2.5
IDLE_PERCENT: Final = 2.0
MEGABYTES: Final = 700.0
REPEATS: Final = 5
SYNCS: Final = 3
SETTLE_SECONDS: Final = 30.0
WATCH_SECONDS: Final = 60.0
LEAST_SECONDS: Final = 15.0
SLUG: Final = "store"
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def measure(work: Path, scale: float) -> list[Result]:
    """Measure each; `scale` shortens the look at `up`, and nothing else is smaller than it is."""
    shown = statistics.median(_seconds(work, "--help") for _ in range(REPEATS))
    shape = Shape(lines=40 * (1 + SYNCS), settlements=1 + SYNCS)
    with fresh_home(work / "home", [SLUG]) as home:
        first, *others = (
            _synced(home.home, file) for file in write_settlements(work / "tsv", shape)
        )
        percent, megabytes = _idle(home, min(scale, 1.0))
    synced, worked = (statistics.median(figures) for figures in zip(*others, strict=True))
    return [
        _limited("daybook --help", shown, HELP_SECONDS, "s"),
        Result("first daybook sync of a home", f"{first[0]:.2f} s"),
        _limited("daybook sync of one small file", synced, SYNC_SECONDS, "s"),
        Result("  its own processor time", f"{worked:.2f} s"),
        _limited("daybook up, idle: of a core", percent, IDLE_PERCENT, "%"),
        _limited("daybook up, idle: memory", megabytes, MEGABYTES, "MB"),
    ]


def _limited(what: str, figure: float, most: float, unit: str) -> Result:
    return Result(what, f"{figure:.2f} {unit}", f"<= {most:g} {unit}", figure <= most)


def _synced(home: Path, file: Path) -> tuple[float, float]:
    """Import a file, and return the seconds that its sync takes, and those of a processor."""
    _seconds(home, "import", "amazon", str(file), "--connection", SLUG)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = _seconds(home, "sync")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _seconds(home: Path, *words: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [PROGRAM, *words], env=_environment(home), check=True, capture_output=True, timeout=300
    )
    return time.perf_counter() - started


def _environment(home: Path) -> dict[str, str]:
    # Somebody who works on Daybook may not want bytecode; whoever installed it has it.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**environment, "DAYBOOK_HOME": str(home)}


def _idle(home: Settings, scale: float) -> tuple[float, float]:
    """Return the percentage of a core that an idle `up` takes, and the megabytes."""
    seconds = max(LEAST_SECONDS, WATCH_SECONDS * scale)
    with _up(home) as up:
        time.sleep(max(LEAST_SECONDS, SETTLE_SECONDS * scale))
        database = int((home.postgres_folder / "data" / "postmaster.pid").read_text().split()[0])
        before = {pid: _cpu_seconds(pid) for pid in _tree(up, database)}
        started = time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - started
        processes = _tree(up, database)
        used = sum(_cpu_seconds(pid) - before.get(pid, 0.0) for pid in processes)
        return 100 * used / passed, sum(map(_megabytes, processes))


@contextmanager
def _up(home: Settings) -> Iterator[int]:
    command = [PROGRAM, "up", "--port", str(free_port())]
    with subprocess.Popen(
        command, env=_environment(home.home), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert any(line.startswith("stop with") for line in process.stdout)
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGINT)


def _tree(*roots: int) -> list[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children[int(fields[1])].append(int(stat.parent.name))
    tree, rest = [], list(roots)
    while rest:
        tree.append(rest.pop())
        rest += children[tree[-1]]
    return tree


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _megabytes(pid: int) -> float:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return int(rollup.split("\nPss:")[1].split()[0]) / 1024
