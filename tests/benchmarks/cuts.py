"""Files that were cut off: every fixture of every channel, cut at every byte of its last third.

A cut file is refused, or says all that the whole one says. Where a channel declares no total, a
whole last line may be missing and nobody can tell; the import then says how many rows it took.

`python -m tests.benchmarks.cuts FOLDER COUNT PART` cuts some of them, in its own process.
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from connectors.channels import CHANNELS
from connectors.documents import ingest
from connectors.documents.ingest import FileParser
from connectors.documents.manifest import Coverage, Manifest
from connectors.documents.source_file import SourceFile
from connectors.errors import BadInput
from connectors.home.settings import Settings
from tests.benchmarks.results import Result, in_fresh_process
from tests.channels.test_golden import FIXTURES, TIME_ZONES

SEED = 20_260_501
PROCESSES = 2


@dataclass(frozen=True)
class Whole:
    """A fixture: its channel, its bytes, and what they say."""

    channel: str
    source_file: SourceFile
    time_zone: str

    @property
    def name(self) -> str:
        return f"{self.channel}/{self.source_file.name}"

    def examined(self, table: FileParser, content: bytes) -> Manifest:
        return table.parse(
            CHANNELS[self.channel],
            SourceFile(self.source_file.name, content),
            connection="store",
            time_zone=self.time_zone,
        )


def fixtures() -> list[Whole]:
    """Every document of every channel's fixtures."""
    return [
        Whole(
            path.parent.parent.name,
            SourceFile(path.name, path.read_bytes()),
            TIME_ZONES.get(f"{path.parent.parent.name}/{path.parent.name}", "UTC"),
        )
        for path in sorted(FIXTURES.glob("*/*/document*"))
    ]


def positions(whole: Whole) -> range:
    """Every length that a fixture can have been cut to, in its last third."""
    size = len(whole.source_file.content)
    return range(size * 2 // 3, size)


def taken(table: FileParser, whole: Whole, whole_manifest: Manifest, length: int) -> str:
    """What becomes of a cut file: `refused`, `same`, `a line less` or `wrong`."""
    content = whole.source_file.content[:length]
    try:
        manifest = whole.examined(table, content)
    except BadInput:
        return "refused"
    if (manifest.total, manifest.lines) == (whole_manifest.total, whole_manifest.lines):
        return "same"
    declares = (
        whole_manifest.declared is not None
        and whole_manifest.coverage is not Coverage.PAYOUT_SUMMARY
    )
    whole_lines = content.endswith((b"\n", b"\r"))
    return "a line less" if whole_lines and not declares else "wrong"


def sample(count: int | None) -> Iterator[tuple[Whole, list[int]]]:
    """All lengths of all fixtures, or a seeded number of them: some of some of every channel."""
    chance = random.Random(SEED)
    wholes = fixtures()
    if count is not None:
        chance.shuffle(wholes)
        few = {whole.channel: whole for whole in wholes}
        wholes = sorted({*few.values(), *wholes[: count // 25]}, key=lambda whole: whole.name)
    for whole in wholes:
        lengths = list(positions(whole))
        if count is not None:
            lengths = sorted(chance.sample(lengths, min(count // len(wholes) + 1, len(lengths))))
        yield whole, lengths


def tally(
    work: Path, count: int | None = None, part: int = 0, parts: int = 1
) -> tuple[Counter[str], list[str]]:
    """How many cut files became what, and which were taken for something else.

    `part` of so many parts looks at every so-manieth fixture.
    """
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    work.mkdir(parents=True, exist_ok=True)
    settings = Settings(home=work, database_url=None, threads=1)
    with ingest.open_parser(settings) as table:
        for whole, lengths in islice(sample(count), part, None, parts):
            whole_manifest = whole.examined(table, whole.source_file.content)
            for length in lengths:
                outcome = taken(table, whole, whole_manifest, length)
                outcomes[outcome] += 1
                if outcome == "wrong":
                    wrong.append(f"{whole.name} cut to {length} bytes")
    return outcomes, wrong


def measure(work: Path, scale: float) -> list[Result]:
    """Cut everything everywhere; at a smaller scale, a seeded sample."""
    total = sum(len(positions(whole)) for whole in fixtures())
    count = None if scale >= 1 else int(total * scale)
    with ThreadPoolExecutor(PROCESSES) as pool:
        parts = pool.map(
            lambda part: in_fresh_process("cuts", work / str(part), count or 0, part),
            range(PROCESSES),
        )
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    for part in parts:
        outcomes.update(part["outcomes"])
        wrong += part["wrong"]
    results = [
        Result("cut files", f"{sum(outcomes.values())}"),
        *(Result(f"  {name}", f"{outcomes[name]}") for name in ("refused", "same", "a line less")),
        Result("  taken for something else", f"{outcomes['wrong']}", "0", not outcomes["wrong"]),
    ]
    return results + [Result(f"    {each}", "") for each in wrong[:20]]


def main() -> None:
    """Cut some files and say what became of them."""
    folder, count, part = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    outcomes, wrong = tally(folder, count or None, part, PROCESSES)
    print(json.dumps({"outcomes": outcomes, "wrong": wrong}))


if __name__ == "__main__":
    main()
