"""`python -m tests.benchmarks [NAME...]`: what is promised about speed, measured here and now."""

import argparse
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import (
    backfill,
    change,
    compute,
    cuts,
    events,
    fuzz,
    ingest,
    kills,
    limits,
    orders,
    sends,
    simulation,
    startup,
    stores,
    sweep,
    targets,
    triggers,
    validation,
    warehouse,
    year,
)
from tests.benchmarks.results import Result

REPUBLISH = 0.2


def _warehouse(work: Path, scale: float) -> list[Result]:
    results: list[Result] = []
    for lake, figures in warehouse.measure(work, scale).items():
        ratio = figures["republish_to_rebuild_ratio"]
        assert isinstance(ratio, int | float)
        results += [Result(f"{lake}: rebuild", f"{figures['rebuild_seconds']} s")]
        target = f"<= {REPUBLISH} x"
        results += [Result("  one day anew", f"{ratio:.2f} x", target, ratio <= REPUBLISH)]
        queries = figures["query_milliseconds"]
        assert isinstance(queries, dict)
        slowest = max(queries, key=lambda name: queries[name])
        results += [Result(f"  slowest query ({slowest})", f"{queries[slowest]:.0f} ms")]
    return results


BENCHMARKS: dict[str, Callable[[Path, float], list[Result]]] = {
    "startup": startup.measure,
    "compute": compute.measure,
    "year": year.measure,
    "backfill": backfill.measure,
    "warehouse": _warehouse,
    "stores": stores.measure,
    "ingest": ingest.measure,
    "orders": orders.measure,
    "limits": limits.measure,
    "kills": kills.measure,
    "cuts": cuts.measure,
    "fuzz": fuzz.measure,
    "simulation": simulation.measure,
    "change": change.measure,
    "targets": targets.measure,
    "sends": sends.measure,
    "sweep": sweep.measure,
    "triggers": triggers.measure,
    "validation": validation.measure,
    "events": events.measure,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--folder", type=Path, help="where to work; about 10 GB at full size")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the input, 1 is full")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {min(unknown)!r}: choose of {', '.join(BENCHMARKS)}")
    return chosen


def _show(results: Sequence[tuple[str, Result]]) -> None:
    table = Table("benchmark", "what", "figure", "target", "verdict", box=None)
    for name, result in results:
        table.add_row(name, result.what, result.figure, result.target, result.verdict)
    # Where it goes to a file, no column is folded.
    console = Console()
    (console if console.is_terminal else Console(width=180)).print(table)


def _measured(name: str, work: Path, scale: float) -> list[Result]:
    """Run one benchmark; one that breaks is a missed target, and the others go on."""
    try:
        return BENCHMARKS[name](work / name, scale)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and fails the whole
        traceback.print_exc()
        return [Result("could not be measured", f"{type(error).__name__}: {error}", "", False)]


def main() -> int:
    """Run what is asked for, print one table, and answer 1 where a target was missed."""
    chosen = _arguments()
    results: list[tuple[str, Result]] = []
    os.environ.pop("DAYBOOK_DATABASE_URL", None)
    if chosen.folder:
        chosen.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="daybook-bench-", dir=chosen.folder) as work:
        for name in chosen.names or BENCHMARKS:
            print(f"measuring {name}", file=sys.stderr)
            started = time.monotonic()
            results += [(name, result) for result in _measured(name, Path(work), chosen.scale)]
            print(f"  took {time.monotonic() - started:.0f} s", file=sys.stderr)
    _show(results)
    if chosen.json:
        rows = [{"benchmark": n, "what": r.what, "figure": r.figure, "target": r.target,
                 "reached": r.reached} for n, r in results]  # fmt: skip
        chosen.json.write_text(json.dumps(rows, indent=1))
    return 1 if any(r.reached is False for _, r in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
