"""Normalise and journals against the floor: wall time, memory, and whether it stays linear.

`python -m tests.benchmarks.compute ours` or `floor` measures one run, in its own process.
"""

import json
import os
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from connectors.registry import Registry
from connectors.settings import Settings, settings
from pipelines.stages.journals import build_journals
from pipelines.stages.mapping import mapping_of
from pipelines.stages.normalise import normalise
from pipelines.stages.workspace import Workspace
from tests.benchmarks import floor
from tests.benchmarks.generate import Shape, write_settlements
from tests.benchmarks.homes import fresh_home, stock, whole_window
from tests.benchmarks.results import Result, in_fresh_process, peak_megabytes

SLUG = "amazon-de"
MILLIONS = 5
REPEATS = 5
RATIO, LINEAR, GIBIBYTES = 1.6, 4.4, 2.0


def measure(work: Path, scale: float) -> list[Result]:
    """Five interleaved runs of five million lines, then five of twenty million."""
    small = _measure_lines(work / "small", int(MILLIONS * 1e6 * scale), REPEATS, with_floor=True)
    large = _measure_lines(
        work / "large", int(4 * MILLIONS * 1e6 * scale), REPEATS, with_floor=False
    )
    ours, least = (statistics.median(r["seconds"] for r in small[k]) for k in ("ours", "floor"))
    more = statistics.median(r["seconds"] for r in large["ours"])
    peak = max(r["peak"] for r in large["ours"]) / 1024
    lines = f"{MILLIONS * scale:g} million lines"
    return [
        Result(f"floor, {lines}", f"{least:.1f} s"),
        Result(f"normalise + journals, {lines}", f"{ours:.1f} s"),
        *_parts(small["ours"]),
        Result("  of the floor", f"{ours / least:.2f} x", f"<= {RATIO} x", ours / least <= RATIO),
        Result("four times the lines", f"{more:.1f} s"),
        Result("  of the time", f"{more / ours:.2f} x", f"<= {LINEAR} x", more / ours <= LINEAR),
        Result("  peak memory", f"{peak:.2f} GiB", f"<= {GIBIBYTES:g} GiB", peak <= GIBIBYTES),
    ]


def _parts(runs: list[dict[str, Any]]) -> list[Result]:
    return [
        Result(f"  {part}", f"{statistics.median(r[part] for r in runs):.1f} s")
        for part in ("normalise", "journals", "processor")
    ]


def _measure_lines(
    work: Path, lines: int, repeats: int, *, with_floor: bool
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"floor": [], "ours": []}
    try:
        with fresh_home(work / "home", [SLUG]) as home:
            tsv = work / "tsv"
            stock(home, [SLUG], write_settlements(tsv, Shape(lines=lines)))
            if not with_floor:
                shutil.rmtree(tsv)
            for _ in range(repeats):
                if with_floor:
                    found["floor"].append(in_fresh_process("compute", "floor", tsv))
                found["ours"].append(in_fresh_process("compute", "ours", home=home.home))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return found


def run_ours(home: Settings) -> dict[str, float]:
    """Every day's `transactions` and `journal_lines`, from documents that are in the lake."""
    with Registry.open(home) as registry:
        workspace = Workspace(home, registry)
        connection = registry.connection(SLUG)
        mapping = mapping_of(registry, SLUG)
        window = whole_window(workspace.lake, SLUG)
        for table in ("transactions", "journal_lines"):
            shutil.rmtree(home.lake_folder / table, ignore_errors=True)
        os.sync()
        started, processor = time.perf_counter(), time.process_time()
        normalised = normalise(workspace, connection, window, mapping)
        between = time.perf_counter()
        built = build_journals(workspace, connection, normalised.written, mapping)
        ended = time.perf_counter()
    assert not normalised.failed
    assert not built.failed
    return {
        "seconds": ended - started,
        "normalise": between - started,
        "journals": ended - between,
        "processor": time.process_time() - processor,
        "peak": peak_megabytes(),
    }


def run_floor(tsv: Path) -> dict[str, float]:
    """The floor over the same files, with the threads and memory that ours has."""
    out = tsv.parent / "floor"
    out.mkdir()
    os.sync()
    started, processor = time.perf_counter(), time.process_time()
    floor.run(
        sorted(tsv.glob("*.txt")),
        out,
        threads=settings().threads,
        memory_limit=settings().memory_limit,
    )
    ended = time.perf_counter()
    shutil.rmtree(out)
    return {
        "seconds": ended - started,
        "processor": time.process_time() - processor,
        "peak": peak_megabytes(),
    }


if __name__ == "__main__":
    answer = run_ours(settings()) if sys.argv[1] == "ours" else run_floor(Path(sys.argv[2]))
    json.dump(answer, sys.stdout)
