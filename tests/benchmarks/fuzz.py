"""Twenty thousand damaged files: each is taken, or refused in a line that leaves nothing.

`python -m tests.benchmarks.fuzz FIRST COUNT FOLDER` tries some of them, in its own process: what
one of them holds in memory at most is what all of a process do.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from connectors.channels import CHANNELS
from connectors.documents import ingest
from connectors.documents.archives import source_files
from connectors.documents.ingest import FileParser
from connectors.errors import BadInput, TotalsMismatch
from connectors.home.settings import Settings
from tests.benchmarks.mutants import Mutant, mutants, write
from tests.benchmarks.results import Result, in_fresh_process, peak_megabytes

MUTANTS, BATCH, PROCESSES = 20_000, 500, 2
SECONDS, MEGABYTES = 10.0, 1024.0


def outcome(mutant: Mutant, table: FileParser, folder: Path) -> str:
    """`taken`, `refused`, or what went wrong."""
    home = table.settings.home
    path = write(mutant, folder)
    started, verdict = time.monotonic(), "taken"
    try:
        for source_file in source_files(path):
            table.parse(
                CHANNELS[mutant.channel],
                source_file,
                connection="store",
                time_zone=mutant.time_zone,
            ).to_json()
    except BadInput as error:
        verdict = "refused" if _is_a_line(str(error)) else f"no line: {error!r}"
        # A file that proves itself wrong is kept aside for whoever looks into it.
        _empty(home / "quarantine" if isinstance(error, TotalsMismatch) else None)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        verdict = f"traceback: {type(error).__name__}: {error}"
    finally:
        path.unlink()
    if time.monotonic() - started > SECONDS:
        return f"hang: {time.monotonic() - started:.0f} s"
    left = [p for p in home.rglob("*") if p.is_file() and table.scratch not in p.parents]
    _empty(home / "quarantine")
    return f"left behind: {left[0].relative_to(home)}" if left else verdict


def _is_a_line(message: str) -> bool:
    return message.isprintable() and len(message) < 1000


def _empty(folder: Path | None) -> None:
    for path in folder.rglob("*") if folder is not None else ():
        if path.is_file():
            path.unlink()


def tally(first: int, count: int, folder: Path) -> tuple[Counter[str], dict[int, str]]:
    """How many mutants ended how, and by number what went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    outcomes: Counter[str] = Counter()
    wrong: dict[int, str] = {}
    settings = Settings(home=folder / "home", database_url=None, threads=1)
    with ingest.open_parser(settings, ingest.MEMORY) as table:
        for mutant in mutants(first, count):
            verdict = outcome(mutant, table, folder)
            outcomes[verdict.partition(":")[0]] += 1
            if verdict not in {"taken", "refused"}:
                wrong[mutant.number] = f"{mutant.channel} {mutant.name}: {verdict}"
    if list(settings.scratch_folder.iterdir()):
        outcomes["left behind"] += 1
    return outcomes, wrong


def _batches(count: int, work: Path) -> Iterator[dict[str, Any]]:
    with ThreadPoolExecutor(PROCESSES) as pool:
        yield from pool.map(
            lambda first: in_fresh_process(
                "fuzz", first, min(BATCH, count - first), work / str(first)
            ),
            range(0, count, BATCH),
        )


def measure(work: Path, scale: float) -> list[Result]:
    """Try them all; at a smaller scale, the first of them."""
    outcomes: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    peak = 0.0
    for batch in _batches(max(1, int(MUTANTS * scale)), work):
        outcomes.update(batch["found"])
        wrong |= batch["wrong"]
        peak = max(peak, batch["peak"])
        print(
            f"{sum(outcomes.values())} mutants, {len(wrong)} wrong, {peak:.0f} MiB", file=sys.stderr
        )
    bad = ("traceback", "hang", "left behind", "no line")
    return [
        Result("mutants", f"{sum(outcomes.values())}"),
        Result("  taken", f"{outcomes['taken']}"),
        Result("  refused", f"{outcomes['refused']}"),
        *(Result(f"  {name}", f"{outcomes[name]}", "0", not outcomes[name]) for name in bad),
        Result("  most memory", f"{peak:.0f} MiB", f"< {MEGABYTES:.0f} MiB", peak < MEGABYTES),
        *(Result(f"    number {number}", said[:200]) for number, said in list(wrong.items())[:20]),
    ]


def main() -> None:
    """Try some mutants and say what became of them."""
    first, count, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    outcomes, wrong = tally(first, count, folder)
    print(json.dumps({"found": outcomes, "wrong": wrong, "peak": peak_megabytes()}))


if __name__ == "__main__":
    main()
