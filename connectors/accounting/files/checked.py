"""A folder of journals as one: a file that includes them all, and one that states their balances.

hledger and Ledger check what is stated. It stands apart, as somebody who includes the journals in
books with further entries has other balances. A change adds to what is stated; where one was cut
short, everything is summed anew. Ledger has no wildcards for folders, and both refuse one that fits
no file, so every store with a journal is included by its name.
"""

import fcntl
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

from connectors.lake.atomic import write_atomically

MAIN: Final = "all.journal"
CHECKED: Final = "checked.journal"
_EVERY: Final = "; Every journal of this folder."
# What earlier releases wrote.
_WILDCARD: Final = "include */*.journal"
_HEAD: Final = """\
; The balances that every journal of this folder leaves together. To have them checked:
; hledger -f checked.journal check
include all.journal
"""
# As `hledger.render` writes them: an account ends with two spaces, a comment begins with ";".
_POSTING = re.compile(r"^    (?!;)(\S.*?) {2,}(-?\d[\d.]*) (\S+)$", re.MULTILINE)
_STATED = re.compile(r"^    (?!;)(\S.*?) {2,}0 \S+ = (-?\d[\d.]*) (\S+)$", re.MULTILINE)
_DAY = re.compile(r"^(\d{4}-\d{2}-\d{2}) \*", re.MULTILINE)
_Sums = dict[tuple[str, str], Decimal]


class CheckedJournal:
    """The stated balances of one folder of journals."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet."""
        self._folder, self._file = folder, folder / CHECKED
        self._unfinished = folder / ".checked-unfinished"

    @contextmanager
    def around(self, journal: Path) -> Iterator[None]:
        """State the balances that are left when the block has changed one journal."""
        with self._locked():
            is_known = self._file.exists() and not self._unfinished.exists()
            before = _read(journal)
            self._unfinished.touch()
            yield
            after = _read(journal)
            stated = _read(self._file)
            if is_known:
                sums = _summed(stated, _STATED, 1)
                _add(sums, _summed(before, _POSTING, -1))
                _add(sums, _summed(after, _POSTING, 1))
                days = [*_DAY.findall(stated), *_DAY.findall(after)]
            else:
                texts = [_read(path) for path in sorted(self._folder.glob("*/*.journal"))]
                sums = _summed("\n".join(texts), _POSTING, 1)
                days = [day for text in texts for day in _DAY.findall(text)]
            write_atomically(self._file, _rendered(sums, max(days, default="")).encode())
            self._include()
            self._unfinished.unlink()

    def include(self) -> None:
        """Include every store's journals, unless somebody wrote into that file."""
        with self._locked():
            self._include()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        # Stores post at once, each to its own journals; the balances are of all of them.
        with (self._folder / ".checked-lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _include(self) -> None:
        main = self._folder / MAIN
        lines = _read(main).splitlines()
        if any(not _is_ours(line) for line in lines):
            return
        stores = sorted({path.parent.name for path in self._folder.glob("*/*.journal")})
        included = [_EVERY, *(f"include {store}/*.journal" for store in stores)]
        if included != lines:
            write_atomically(main, ("\n".join(included) + "\n").encode())


def _is_ours(line: str) -> bool:
    return (
        line in {_EVERY, _WILDCARD}
        or re.fullmatch(r"include [a-z0-9-]+/\*\.journal", line) is not None
    )


def _rendered(sums: Mapping[tuple[str, str], Decimal], day: str) -> str:
    if not day:
        return _HEAD
    lines = [f"    {a:<48}  0 {c} = {amount:f} {c}" for (a, c), amount in sorted(sums.items())]
    return "\n".join([_HEAD, f"{day} * Balances", *lines, ""])


def _summed(text: str, pattern: re.Pattern[str], sign: int) -> _Sums:
    sums: _Sums = defaultdict(Decimal)
    for account, amount, currency in pattern.findall(text):
        sums[account, currency] += sign * Decimal(amount)
    return sums


def _add(sums: _Sums, others: _Sums) -> None:
    for key, amount in others.items():
        sums[key] = sums.get(key, Decimal(0)) + amount


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
