"""The files that Beancount reads from a main file on: its includes, and theirs."""

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from connectors.accounting.beancount.generated import BANNER

_INCLUDE = re.compile(r'^include[ \t]+"([^"\n]+)"', re.MULTILINE)
_START = f"{BANNER}\n"


@dataclass(frozen=True, slots=True)
class BookFile:
    """One file of the books; `text` is that of the owner's own, None where Daybook wrote it."""

    path: Path
    text: str | None


def sources(main_file: Path) -> list[BookFile]:
    """Return the main file and every file that it includes, each once; none that is not there."""
    read: dict[Path, BookFile] = {}
    waiting = [main_file]
    while waiting:
        path = waiting.pop()
        if path in read:
            continue
        try:
            read[path] = _read(path)
        except OSError:
            continue
        waiting += sorted(_included(read[path]), reverse=True)
    return list(read.values())


def _read(path: Path) -> BookFile:
    """Read a file; of one that Daybook wrote the first line will do: it includes nothing."""
    with path.open(encoding="utf-8", errors="replace") as file:
        start = file.readline()
        return BookFile(path, None if start == _START else start + file.read())


def _included(source: BookFile) -> Iterator[Path]:
    for pattern in _INCLUDE.findall(source.text or ""):
        # As Beancount does it.
        for name in glob.iglob(str(source.path.parent / pattern), recursive=True):  # noqa: PTH207
            yield Path(name)
