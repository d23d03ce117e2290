"""What a publish of the warehouse costs, and what a question to it costs.

Run by `make bench`; by itself: `python -m tests.benchmarks.warehouse FOLDER`. Ratios are of one
run on one machine, a republish and a query are medians of five.
"""

import json
import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from pipelines.warehouse import WarehouseReport, publish_warehouse
from tests.benchmarks.warehouse_lake import FIRST_DAY, Size, write_lake

PAGE = Path(__file__).parents[2] / "docs" / "warehouse.md"
MANY_SMALL = Size(connections=20, days=365, lines=50)
FEW_LARGE = Size(connections=1, days=365, lines=13_700)
REPEATS = 5
Figures = dict[str, float | int | dict[str, float]]


def measure(work_folder: Path, scale: float = 1.0) -> dict[str, Figures]:
    """Publish and query two lakes that are made in (and removed from) the folder.

    A smaller scale has fewer connections in one of them, and fewer lines a day in the other.
    """
    many = replace(MANY_SMALL, connections=max(1, round(MANY_SMALL.connections * scale)))
    large = replace(FEW_LARGE, lines=max(1, round(FEW_LARGE.lines * scale)))
    return {
        f"{many.connections * many.days:,} partitions of {many.lines} lines": _measure_lake(
            work_folder / "small", many
        ),
        f"{large.lines * large.days:,} lines in {large.days} partitions": _measure_lake(
            work_folder / "large", large
        ),
    }


def _measure_lake(folder: Path, size: Size) -> Figures:
    lake, warehouse = folder / "lake", folder / "warehouse.duckdb"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        write_lake(lake, size)
        rebuild = _publish(lake, warehouse)
        assert rebuild.rebuilt
        days = [_republish_one_day(lake, warehouse, FIRST_DAY) for _ in range(REPEATS)]
        republish = statistics.median(days)
        idle = statistics.median(_publish(lake, warehouse).seconds for _ in range(REPEATS))
        return {
            "transactions": rebuild.rows["transactions"],
            "files": rebuild.partitions_total,
            "warehouse_megabytes": round(warehouse.stat().st_size / 1e6, 1),
            "rebuild_seconds": round(rebuild.seconds, 2),
            "republish_one_day_seconds": round(republish, 3),
            "republish_to_rebuild_ratio": round(republish / rebuild.seconds, 3),
            "republish_nothing_seconds": round(idle, 3),
            "query_milliseconds": _queries(warehouse),
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _publish(lake: Path, warehouse: Path) -> WarehouseReport:
    return publish_warehouse(lake, warehouse, [], threads=2, memory_limit="1200MB")


def _republish_one_day(lake: Path, warehouse: Path, day: date) -> float:
    """The three files of one connection's day are written anew, as a re-run writes them."""
    for file in lake.glob(f"*/store-00/{day}.parquet"):
        fresh = file.with_name(f".tmp-{file.name}")
        shutil.copyfile(file, fresh)
        fresh.replace(file)
    report = _publish(lake, warehouse)
    assert not report.rebuilt
    assert report.changed == 3
    return report.seconds


def _queries(warehouse: Path) -> dict[str, float]:
    """Milliseconds of every worked query of the page, on an open connection."""
    seconds: dict[str, float] = {}
    with duckdb.connect(str(warehouse), read_only=True, config={"threads": 2}) as con:
        for name, section in re.findall(
            r"^## `(\w+)`\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.S | re.M
        ):
            queries = re.findall(r"```sql\n(.*?)```", section, re.S)
            for number, sql in enumerate(queries, start=1):
                run = _runner(con, sql)
                run()
                times = [_milliseconds(run) for _ in range(REPEATS)]
                seconds[f"{name}.{number}"] = round(statistics.median(times), 1)
    return seconds


def _runner(con: duckdb.DuckDBPyConnection, sql: str) -> Callable[[], object]:
    return lambda: con.execute(sql).fetchall()


def _milliseconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    json.dump(measure(Path(sys.argv[1])), sys.stdout, indent=2)
