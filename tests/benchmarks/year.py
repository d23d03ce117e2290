"""A year of one connection through Dagster: all assets, checks, ledger and warehouse.

`python -m tests.benchmarks.year run` measures one, in its own process, from the first import on.
"""

import json
import shutil
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from connectors.home.settings import settings
from connectors.lake.lake import Lake
from tests.benchmarks.generate import Shape, write_settlements
from tests.benchmarks.homes import fresh_home, stock, whole_window
from tests.benchmarks.results import Result, in_fresh_process, rounds

SLUG = "amazon-de"
LINES = 1_000_000
REPEATS = 3
TIMES_FLOOR, SECONDS = 3, 15
PARTS = ("imports", "data", "publish", "warehouse")


def measure(work: Path, scale: float) -> list[Result]:
    """Measure the floor, then the year from a fresh home, three times at full size."""
    floors: list[float] = []
    runs: list[dict[str, Any]] = []
    tsv = work / "tsv"
    files = list(write_settlements(tsv, Shape(lines=int(LINES * scale))))
    try:
        for number in range(rounds(scale, REPEATS)):
            floors.append(in_fresh_process("compute", "floor", tsv)["seconds"])
            with fresh_home(work / f"home{number}", [SLUG]) as home:
                stock(home, [SLUG], files)
                in_fresh_process("year", "open", home=home.home)
                runs.append(in_fresh_process("year", "run", home=home.home))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    least = statistics.median(floors)
    took = statistics.median(r["seconds"] for r in runs)
    most = TIMES_FLOOR * least + SECONDS
    return [
        Result(f"floor, {LINES * scale:,.0f} lines", f"{least:.1f} s"),
        Result("a year in ranged runs", f"{took:.1f} s", f"<= {most:.1f} s", took <= most),
        *(
            Result(f"  {part}", f"{statistics.median(r[part] for r in runs):.1f} s")
            for part in PARTS
        ),
    ]


def run_year() -> dict[str, float]:
    """Data, publishing and warehouse over every day, as `daybook sync` runs them."""
    started = time.perf_counter()
    from pipelines.execution import open_instance, run
    from pipelines.names import DATA, PUBLISH, WAREHOUSE_JOB

    marks = [started, time.perf_counter()]
    window = whole_window(Lake(settings().lake_folder), SLUG)
    with open_instance([SLUG]) as instance:
        for job, range_ in ((DATA, window), (PUBLISH, window), (WAREHOUSE_JOB, None)):
            outcome = run(instance, job, SLUG if range_ else None, range_)
            assert outcome.ok, outcome.problem
            marks.append(time.perf_counter())
    parts = dict(zip(PARTS, (b - a for a, b in pairwise(marks)), strict=True))
    return {"seconds": marks[-1] - started, **parts}


def open_year() -> dict[str, float]:
    """Let Dagster make its tables, once in a home's life."""
    from pipelines.execution import open_instance

    with open_instance([SLUG]):
        return {}


if __name__ == "__main__":
    figures = run_year() if sys.argv[1] == "run" else open_year()
    sys.stdout.write("\n" + json.dumps(figures))
