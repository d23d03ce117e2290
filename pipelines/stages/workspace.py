"""What every stage needs at hand: the lake, the settings, a scratch folder, DuckDB."""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.engine import open_engine
from connectors.lake import TEMPORARY, Lake
from connectors.registry import Registry
from connectors.settings import Settings

ABANDONED_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Workspace:
    """One home, opened."""

    settings: Settings
    registry: Registry

    @property
    def lake(self) -> Lake:
        """The lake of this home."""
        return Lake(self.settings.lake_folder)

    @contextmanager
    def scratch(self, purpose: str) -> Iterator[Path]:
        """A folder on the lake's disk that is gone afterwards; its name says whose it is.

        Files are renamed out of it into the lake, so it must be on the same filesystem.
        """
        _sweep(self.settings.lake_folder)
        name = f"{TEMPORARY}{purpose}-{os.getpid()}-{secrets.token_hex(4)}"
        folder = self.settings.lake_folder / name
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def engine(self, scratch: Path, *, share: int = 1) -> duckdb.DuckDBPyConnection:
        """DuckDB with its share of the threads and memory that settings allow."""
        threads = max(1, self.settings.threads // share)
        limit = _megabytes(self.settings.memory_limit) // share
        return open_engine(
            threads=threads, memory_limit=f"{limit}MB", spill=scratch / f"spill-{share}"
        )


def _megabytes(text: str) -> int:
    units = {"MB": 1, "GB": 1000, "MIB": 1, "GIB": 1024}
    for unit, factor in units.items():
        if text.upper().endswith(unit):
            return int(float(text[: -len(unit)]) * factor)
    raise ValueError(f"DAYBOOK_MEMORY_LIMIT must end in MB or GB, not {text!r}")


def _sweep(lake: Path) -> None:
    """Delete what killed processes left behind: scratch folders that nobody has written to lately.

    A process of another machine may share the lake, so a missing process alone proves nothing.
    """
    if not lake.is_dir():
        return
    for entry in os.scandir(lake):
        if entry.name.startswith(TEMPORARY) and entry.is_dir():
            process = entry.name.split("-")[-2]
            idle = time.time() - entry.stat().st_mtime
            if idle > ABANDONED_SECONDS and not (process.isdigit() and _runs(int(process))):
                shutil.rmtree(entry.path, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
