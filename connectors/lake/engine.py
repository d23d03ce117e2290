"""DuckDB engines with bounded memory, in UTC and without downloads."""

import threading
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    import pyarrow as pa

# The copy that it warns of costs less than planning the query a second time, as `sql()` does.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)

# As many as steps run side by side; memory of idle engines is nobody's to use.
_MOST_IDLE: Final = 2
_MOST_IDLE_BYTES: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class EngineKind:
    """The bounds of an engine; a serial one keeps the order of a file's rows."""

    threads: int
    memory_limit: str
    is_serial: bool = False


class EnginePool:
    """A pool of idle in-memory engines.

    Starting one takes 20 ms, longer than most queries. Engines that hold files or much memory are
    closed instead.
    """

    def __init__(self) -> None:
        self._idle: dict[EngineKind, list[duckdb.DuckDBPyConnection]] = defaultdict(list)
        self._lock = threading.Lock()

    def take(self, kind: EngineKind, spill: Path) -> duckdb.DuckDBPyConnection:
        """Return an engine that is the caller's alone and spills to `spill`."""
        spill.parent.mkdir(parents=True, exist_ok=True)
        while True:
            with self._lock:
                idle = self._idle[kind].pop() if self._idle[kind] else None
            if idle is None:
                return _begin(kind, spill)
            try:
                idle.execute("SET temp_directory = " + quoted(str(spill)))
            except duckdb.Error:
                # An earlier query left it unusable.
                idle.close()
            else:
                return idle

    def give_back(self, kind: EngineKind, engine: duckdb.DuckDBPyConnection) -> None:
        """Return an engine to the pool, or close it."""
        try:
            row = engine.execute(
                "SELECT sum(memory_usage_bytes), sum(temporary_storage_bytes), "
                "current_setting('temp_directory') FROM duckdb_memory()"
            ).fetchone()
        except duckdb.Error:
            row = None
        is_light = row is not None and row[0] <= _MOST_IDLE_BYTES
        # DuckDB deletes its spill folder only when the engine closes.
        if is_light and row is not None and not row[1] and not Path(row[2]).exists():
            with self._lock:
                if len(self._idle[kind]) < _MOST_IDLE:
                    self._idle[kind].append(engine)
                    return
        engine.close()


ENGINES: Final = EnginePool()


def connect(engine: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return a connection of its own to an engine, which sees nothing of the others."""
    con = engine.cursor()
    # The machine's zone would otherwise decide the days of TIMESTAMPTZ values.
    con.execute("SET TimeZone = 'UTC'")
    return con


def arrow_table(con: duckdb.DuckDBPyConnection, query: str) -> "pa.Table":
    """Return a query's rows; it is planned once, which takes longer than a small one's rows do."""
    return con.execute(query).to_arrow_table()


@contextmanager
def open_engine(
    *, threads: int, memory_limit: str, spill: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Lend an in-memory DuckDB that spills to `spill` and loads no extension by itself."""
    kind = EngineKind(threads, memory_limit)
    engine = ENGINES.take(kind, spill)
    try:
        with connect(engine) as con:
            yield con
    finally:
        ENGINES.give_back(kind, engine)


def _begin(kind: EngineKind, spill: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(
        config={
            "threads": kind.threads,
            "memory_limit": kind.memory_limit,
            "temp_directory": str(spill),
            # Otherwise a query could download code from DuckDB's servers.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    if kind.is_serial:
        # A join with swapped sides returns rows in the order of a hash table.
        con.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    return con


def quoted(text: str) -> str:
    """Return a SQL string literal, for what takes no parameter (paths, column lists)."""
    return "'" + text.replace("'", "''") + "'"
