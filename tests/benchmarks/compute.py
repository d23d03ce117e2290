"""Normalise and journals against the floor: wall time, memory, and whether it stays linear.

`python -m tests.benchmarks.compute ours` or `floor` measures one run, in its own process.
"""

import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.database.registry import Registry
from connectors.home.settings import Settings, settings
from pipelines.stages.journals import build_journals
from pipelines.stages.mapping import mapping_of
from pipelines.stages.normalise import normalise
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace
from tests.benchmarks import floor
from tests.benchmarks.generate import Shape, write_settlements
from tests.benchmarks.homes import fresh_home, stock, whole_window
from tests.benchmarks.results import Result, in_fresh_process, peak_megabytes, rounds

SLUG = "amazon-de"
MILLIONS = 5
REPEATS = 3
RATIO, LINEAR, GIBIBYTES = 1.6, 4.4, 2.0


def measure(work: Path, scale: float) -> list[Result]:
    """Measure floor and 5 million lines in turn, and 20 million between them."""
    small, large = int(MILLIONS * 1e6 * scale), int(4 * MILLIONS * 1e6 * scale)
    timings: dict[str, list[dict[str, Any]]] = {"floor": [], "small": [], "large": []}
    tsv = work / "tsv"
    try:
        with (
            _stocked(work / "small", write_settlements(tsv, Shape(lines=small))) as few,
            _stocked(work / "large", write_settlements(work / "more", Shape(lines=large))) as many,
        ):
            shutil.rmtree(work / "more")
            for number in range(rounds(scale, REPEATS)):
                timings["floor"].append(in_fresh_process("compute", "floor", tsv))
                timings["small"].append(in_fresh_process("compute", "ours", home=few.home))
                # It is long enough to be its own median.
                if number == 0:
                    timings["large"].append(in_fresh_process("compute", "ours", home=many.home))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return _told(timings, scale)


@contextmanager
def _stocked(folder: Path, files: Iterable[Path]) -> Iterator[Settings]:
    """A home that has these settlements."""
    with fresh_home(folder, [SLUG]) as home:
        stock(home, [SLUG], files)
        yield home


def _told(timings: dict[str, list[dict[str, Any]]], scale: float) -> list[Result]:
    floor_, few, many = (statistics.median(r["seconds"] for r in runs) for runs in timings.values())
    peak = max(r["peak"] for r in timings["large"]) / 1024
    lines = f"{MILLIONS * scale:g} million lines"
    return [
        Result(f"floor, {lines}", f"{floor_:.1f} s"),
        Result(f"normalise + journals, {lines}", f"{few:.1f} s"),
        *(
            Result(f"  {part}", f"{statistics.median(r[part] for r in timings['small']):.1f} s")
            for part in ("normalise", "journals", "processor")
        ),
        Result("  of the floor", f"{few / floor_:.2f} x", f"<= {RATIO} x", few / floor_ <= RATIO),
        Result("four times the lines", f"{many:.1f} s"),
        Result("  of the time", f"{many / few:.2f} x", f"<= {LINEAR} x", many / few <= LINEAR),
        Result("  peak memory", f"{peak:.2f} GiB", f"<= {GIBIBYTES:g} GiB", peak <= GIBIBYTES),
    ]


def run_ours(home: Settings) -> dict[str, float]:
    """Every day's `transactions` and `journal_lines`, from documents that are in the lake."""
    with Registry.open(home) as registry:
        workspace = Workspace(home, registry)
        connection = registry.connections.get(SLUG)
        mapping = mapping_of(registry, SLUG)
        window = whole_window(workspace.lake, SLUG)
        for table in ("transactions", "journal_lines"):
            shutil.rmtree(home.lake_folder / table, ignore_errors=True)
        os.sync()
        started, processor = time.perf_counter(), time.process_time()
        normalised = normalise(Store.read(workspace, connection, mapping), window)
        between = time.perf_counter()
        built = build_journals(Store.read(workspace, connection, mapping), normalised.written)
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
