"""DuckDB as Daybook opens it: bounded memory, UTC, nothing fetched from anywhere."""

from pathlib import Path

import duckdb


def open_engine(*, threads: int, memory_limit: str, spill: Path) -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB that spills to `spill` and loads no extension by itself."""
    spill.parent.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": memory_limit,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    con.execute("SET TimeZone = 'UTC'")
    return con


def quoted(text: str) -> str:
    """Return a SQL string literal, where no parameter can stand (paths, column lists)."""
    return "'" + text.replace("'", "''") + "'"
