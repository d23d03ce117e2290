"""The workspace of every stage: the lake, the settings, a scratch folder, DuckDB."""

import shutil
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from connectors.database.registry import Registry
from connectors.home.settings import Settings
from connectors.lake.engine import ENGINES, EngineKind, connect
from connectors.lake.lake import Lake
from connectors.lake.temporary import temporary_name


class _Engines:
    """The engines of one workspace, taken once of a kind and given back with it."""

    def __init__(self) -> None:
        self._taken: dict[EngineKind, duckdb.DuckDBPyConnection] = {}
        self._lock = threading.Lock()
        # Not at exit: the engines end with the process, and nobody takes them after that.
        weakref.finalize(self, _give_back, self._taken).atexit = False

    def open(self, settings: Settings, *, serial: bool) -> duckdb.DuckDBPyConnection:
        """Open a connection of its own, which sees nothing of the others."""
        threads = 1 if serial else settings.threads
        kind = EngineKind(threads, settings.memory_limit, is_serial=serial)
        # Threads that normalise side by side open theirs at the same moment.
        with self._lock:
            if kind not in self._taken:
                spill = settings.lake_folder / temporary_name("spill")
                self._taken[kind] = ENGINES.take(kind, spill)
            return connect(self._taken[kind])


def _give_back(taken: dict[EngineKind, duckdb.DuckDBPyConnection]) -> None:
    for kind, engine in taken.items():
        ENGINES.give_back(kind, engine)


@dataclass(frozen=True, slots=True)
class Workspace:
    """One home, opened."""

    settings: Settings
    registry: Registry
    _engines: _Engines = field(default_factory=_Engines, init=False, repr=False, compare=False)

    @property
    def lake(self) -> Lake:
        """Return the lake of this home."""
        return Lake(self.settings.lake_folder)

    @contextmanager
    def scratch(self, purpose: str) -> Iterator[Path]:
        """Lend a folder on the lake's disk that is removed afterwards; its name says whose it is.

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
        """Open DuckDB with the threads and memory that settings allow; nothing in it is shared."""
        return self._engines.open(self.settings, serial=False)

    def serial_engine(self) -> duckdb.DuckDBPyConnection:
        """Open DuckDB on its caller's thread alone, so that rows keep the order of their file."""
        return self._engines.open(self.settings, serial=True)
