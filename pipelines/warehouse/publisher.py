"""One publish of `warehouse.duckdb`: a new file beside the old one, built, closed, swapped.

Here belongs the life of the file. The published file is never written to: readers keep the one
they opened, and whenever a publisher dies the old file or the new one stands whole under the
name. The caller sees to it that one publish runs at a time.
"""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import duckdb

from connectors.errors import Permanent, Transient, summary
from connectors.lake.atomic import swap
from pipelines.warehouse.loader import Publications, apply_changes, replace_publications
from pipelines.warehouse.partitions import Changes, Partition, compare, list_partitions
from pipelines.warehouse.schema import (
    STORAGE_VERSION,
    WAREHOUSE_TABLES,
    create_statements,
    schema_hash,
)

# A repeated key, a null, a row in the wrong file, a damaged Parquet file: rebuilding doesn't help.
BAD_ROWS = (duckdb.ConstraintException, duckdb.InvalidInputException)
NO_ROOM_OR_NO_FILE = (duckdb.IOException, duckdb.OutOfMemoryException)


@dataclass(frozen=True, slots=True)
class WarehouseReport:
    """The result of a publish; `reason` says why it rebuilt, when it did."""

    partitions_total: int
    changed: int
    removed: int
    rows: dict[str, int]
    seconds: float
    rebuilt: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class _Build:
    lake_folder: Path
    file: Path
    publications: Publications
    threads: int
    memory_limit: str

    def run(self, changes: Changes, start_from: Path | None) -> dict[str, int]:
        """Write the new file; rows of each table. The file is closed and has no log beside it."""
        if start_from is not None:
            _copy(start_from, self.file)
        with _writable(self) as con:
            if start_from is None:
                con.execute(create_statements())
                con.execute("INSERT INTO _warehouse VALUES (?, 0)", [schema_hash()])
            con.execute("BEGIN")
            apply_changes(con, self.lake_folder, changes)
            replace_publications(con, self.publications)
            con.execute("COMMIT")
            # Merges the write-ahead log, so that the single file is complete when it is renamed.
            con.execute("CHECKPOINT")
            return {table.name: _count(con, table.name) for table in WAREHOUSE_TABLES}


def publish_warehouse(
    lake_folder: Path,
    warehouse_file: Path,
    publications: Publications,
    *,
    rebuild: bool = False,
    threads: int,
    memory_limit: str,
) -> WarehouseReport:
    """Bring the warehouse up to the lake and the publications, and swap it in.

    `publications` are rows with the columns of `PUBLICATIONS`, in order. Raises Permanent when
    the data must not be published (a key twice, a row in the wrong file), Transient when the disk
    or a file of the lake failed; the old warehouse then stands untouched.
    """
    started = time.perf_counter()
    warehouse_file.parent.mkdir(parents=True, exist_ok=True)
    sweep(warehouse_file)
    current = list_partitions(lake_folder)
    reason, changes = _plan(warehouse_file, current, rebuild)
    # In the same folder: a rename is atomic within one file system only.
    new_file = warehouse_file.with_name(f".{warehouse_file.name}.new-{uuid4().hex}")
    build = _Build(lake_folder, new_file, publications, threads, memory_limit)
    try:
        reason, changes, rows = _build(build, warehouse_file, current, reason, changes)
        _swap(new_file, warehouse_file)
    except OSError as error:
        raise Transient(f"{warehouse_file}: could not be written: {error}") from error
    finally:
        sweep(warehouse_file)
    return WarehouseReport(
        partitions_total=changes.total,
        changed=len(changes.changed),
        removed=len(changes.removed),
        rows=rows,
        seconds=time.perf_counter() - started,
        rebuilt=reason is not None,
        reason=reason,
    )


def sweep(warehouse_file: Path) -> None:
    """Delete what a publisher that was killed left behind; only one publisher runs at a time."""
    for leftover in warehouse_file.parent.glob(f".{warehouse_file.name}.new-*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def _plan(
    warehouse_file: Path, current: Sequence[Partition], rebuild: bool
) -> tuple[str | None, Changes]:
    """Return the reason to rebuild (None: no need to), and the changes to apply."""
    everything = compare((), current)
    if rebuild:
        return "asked for", everything
    if not warehouse_file.exists():
        return "there was no warehouse", everything
    try:
        previous, replaced = _previous(warehouse_file)
    except duckdb.Error as error:
        return f"the old file could not be read: {summary(error)}", everything
    if previous is None:
        return "the old file was made by another version", everything
    changes = compare(previous, current)
    # DuckDB keeps the space of deleted rows until the file is rebuilt.
    # Below 100 partitions a few would be half of it at every publish.
    if 2 * (replaced + changes.replaced) > max(changes.total, 100):
        return "half of it has been replaced since it was last rebuilt", everything
    return None, changes


def _previous(warehouse_file: Path) -> tuple[list[Partition] | None, int]:
    with duckdb.connect() as con:
        # Attached, not connected to: a connection would be shared with readers of this process
        # and go on showing them the file from before the swap.
        con.execute(f"ATTACH '{_quoted(warehouse_file)}' AS old (READ_ONLY)")
        try:
            row = con.execute("SELECT schema_hash, replaced FROM old._warehouse").fetchone()
        except duckdb.CatalogException:
            row = None
        if row is None or row[0] != schema_hash():
            return None, 0
        rows = con.execute(
            "SELECT table_name, connection, day, size, modified_ns, inode FROM old._partitions"
        ).fetchall()
        return [Partition(*values) for values in rows], int(row[1])


def _build(
    build: _Build,
    warehouse_file: Path,
    current: Sequence[Partition],
    reason: str | None,
    changes: Changes,
) -> tuple[str | None, Changes, dict[str, int]]:
    if reason is None:
        try:
            return None, changes, build.run(changes, start_from=warehouse_file)
        except BAD_ROWS as error:
            raise Permanent(f"the warehouse is unchanged: {summary(error)}") from error
        except duckdb.Error as error:
            reason = f"the old file could not be continued: {summary(error)}"
            changes = compare((), current)
            sweep(warehouse_file)
    try:
        return reason, changes, build.run(changes, start_from=None)
    except NO_ROOM_OR_NO_FILE as error:
        raise Transient(f"the warehouse is unchanged: {summary(error)}") from error
    except duckdb.Error as error:
        raise Permanent(f"the warehouse is unchanged: {summary(error)}") from error


@contextmanager
def _writable(build: _Build) -> Iterator[duckdb.DuckDBPyConnection]:
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": build.threads,
        "memory_limit": build.memory_limit,
        "temp_directory": f"{build.file}.spill",
        # Tables have no order, and keeping one holds whole files in memory.
        "preserve_insertion_order": False,
        # A publish needs no network.
        "autoinstall_known_extensions": False,
        "storage_compatibility_version": STORAGE_VERSION,
    }
    with duckdb.connect(str(build.file), config=config) as con:
        con.execute("SET TimeZone = 'UTC'")
        yield con


def _swap(new_file: Path, warehouse_file: Path) -> None:
    # Whatever its owner allowed, such as reading by a BI tool's user, outlives the swap.
    if warehouse_file.exists():
        shutil.copymode(warehouse_file, new_file)
    swap(new_file, warehouse_file)


def _copy(source: Path, target: Path) -> None:
    """Copy inside the kernel, which shares blocks where the file system can (XFS, Btrfs)."""
    with source.open("rb") as old, target.open("wb") as new:
        left = os.fstat(old.fileno()).st_size
        try:
            while left and (copied := os.copy_file_range(old.fileno(), new.fileno(), left)):
                left -= copied
        # Neither macOS nor every pair of file systems has it.
        except (OSError, AttributeError):
            old.seek(0)
            new.seek(0)
            shutil.copyfileobj(old, new, 1 << 20)


def _count(con: duckdb.DuckDBPyConnection, table_name: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table_name}").fetchone()
    assert row is not None
    return int(row[0])


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
