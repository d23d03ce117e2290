"""The Parquet files of the lake as the warehouse sees them: which there are, and which changed.

Here belongs listing and comparing. A file is known by its size, time and inode, so that nothing
has to be read to find the one day that changed among thousands.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mappings.tables import TABLES

SUFFIX = ".parquet"


@dataclass(frozen=True, slots=True)
class Partition:
    """One file: a table's rows of one connection and one day."""

    table_name: str
    connection: str
    day: date
    size: int
    modified_ns: int
    inode: int

    @property
    def key(self) -> tuple[str, str, date]:
        """Return what the file is about, whatever its content."""
        return self.table_name, self.connection, self.day

    def path(self, lake_folder: Path) -> str:
        """Return the file's path."""
        return str(lake_folder / self.table_name / self.connection / f"{self.day}{SUFFIX}")


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes from the files that a warehouse was read from to the files there are."""

    total: int
    changed: tuple[Partition, ...]
    removed: tuple[Partition, ...]
    replaced: int

    def __bool__(self) -> bool:
        return bool(self.changed or self.removed)


def list_partitions(lake_folder: Path) -> list[Partition]:
    """List every partition of the lake in the order of table, connection and day."""
    partitions = (p for name in TABLES for p in _of_table(lake_folder / name, name))
    return sorted(partitions, key=lambda partition: partition.key)


def compare(previous: Iterable[Partition], current: Iterable[Partition]) -> Changes:
    """Return the difference; a partition is changed when it is new or its file is another one."""
    before = {partition.key: partition for partition in previous}
    after = {partition.key: partition for partition in current}
    changed = tuple(p for key, p in after.items() if before.get(key) != p)
    removed = tuple(p for key, p in before.items() if key not in after)
    replaced = len(removed) + sum(p.key in before for p in changed)
    return Changes(len(after), changed, removed, replaced)


def _of_table(folder: Path, table_name: str) -> Iterator[Partition]:
    for connection in _entries(folder):
        # Names that begin with a dot are temporary.
        if not connection.is_dir() or connection.name.startswith("."):
            continue
        for entry in _entries(Path(connection.path)):
            day = _day(entry.name)
            if day is None:
                continue
            # A file may be replaced between listing and looking: its successor is as good.
            with suppress(FileNotFoundError):
                stat = entry.stat()
                yield Partition(
                    table_name, connection.name, day, stat.st_size, stat.st_mtime_ns, stat.st_ino
                )


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return


def _day(name: str) -> date | None:
    """Return the day of `2024-01-31.parquet`; None for temporary and foreign files."""
    stem, dot, suffix = name.partition(".")
    if dot + suffix != SUFFIX:
        return None
    try:
        return date.fromisoformat(stem) if len(stem) == 10 else None
    except ValueError:
        return None
