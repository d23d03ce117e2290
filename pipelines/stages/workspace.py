"""What every stage needs at hand: the lake, the settings, a scratch folder, DuckDB."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from connectors.database.registry import Registry
from connectors.home.settings import Settings
from connectors.lake.engine import open_engine
from connectors.lake.lake import Lake
from connectors.lake.temporary import temporary_name


class _Engines:
    """DuckDB, begun once of a kind: that takes longer than most of what it is asked."""

    def __init__(self) -> None:
        self._begun: dict[bool, duckdb.DuckDBPyConnection] = {}
        self._lock = threading.Lock()

    def open(self, settings: Settings, *, serial: bool) -> duckdb.DuckDBPyConnection:
        """A connection of its own, which sees nothing of the others."""
        with self._lock:
            if serial not in self._begun:
                self._begun[serial] = _begun(settings, serial=serial)
            con = self._begun[serial].cursor()
        con.execute("SET TimeZone = 'UTC'")
        return con


def _begun(settings: Settings, *, serial: bool) -> duckdb.DuckDBPyConnection:
    spill = temporary_name("spill")
    con = open_engine(
        threads=1 if serial else settings.threads,
        memory_limit=settings.memory_limit,
        spill=settings.lake_folder / spill,
    )
    if serial:
        # A join that swaps its sides hands rows on in the order of a hash table.
        con.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    return con


@dataclass(frozen=True, slots=True)
class Workspace:
    """One home, opened."""

    settings: Settings
    registry: Registry
    _engines: _Engines = field(default_factory=_Engines, init=False, repr=False, compare=False)

    @property
    def lake(self) -> Lake:
        """The lake of this home."""
        return Lake(self.settings.lake_folder)

    @contextmanager
    def scratch(self, purpose: str) -> Iterator[Path]:
        """A folder on the lake's disk that is gone afterwards; its name says whose it is.

        Files are renamed out of it into the lake, so it must be on the same filesystem.
        """
        folder = self.settings.lake_folder / temporary_name(purpose)
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def engine(self) -> duckdb.DuckDBPyConnection:
        """DuckDB with the threads and memory that settings allow; what is made in it is its own."""
        return self._engines.open(self.settings, serial=False)

    def serial_engine(self) -> duckdb.DuckDBPyConnection:
        """DuckDB that works on its caller's thread alone and hands rows on in a file's order."""
        return self._engines.open(self.settings, serial=True)
