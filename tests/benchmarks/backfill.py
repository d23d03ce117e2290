"""Many small stores: 20 connections x 365 days of 50 lines as one backfill through the daemon.

`python -m tests.benchmarks.backfill` profiles one connection's run, in its own process.
"""

import cProfile
import json
import os
import pstats
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from connectors.home.settings import Settings, settings
from connectors.lake.windows import Window
from tests.benchmarks.generate import Shape, write_settlements
from tests.benchmarks.homes import fresh_home, stock
from tests.benchmarks.results import Result, in_fresh_process

CONNECTIONS = 20
LINES_A_DAY = 50
SETTLEMENTS = 27
WINDOW = Window(date(2025, 1, 1), date(2026, 1, 1))
MINUTES = 4.0
GIVE_UP_SECONDS = 1800.0
ENDED = {
    BulkActionStatus.COMPLETED,
    BulkActionStatus.COMPLETED_SUCCESS,
    BulkActionStatus.COMPLETED_FAILED,
    BulkActionStatus.FAILED,
    BulkActionStatus.CANCELED,
}
# What a function's cumulative time is counted as; everything else is Dagster's own.
PARTS = {
    "documents read": "booked_documents",
    "normalise": "normalise",
    "settlements": "write_settlements",
    "journals": "build_journals",
    "plans and day states": "plan",
    "events": "flush",
    "  of it all: sync to disk": "adopt",
}


def measure(work: Path, scale: float) -> list[Result]:
    """Backfill everything once, and say where a run's time goes.

    It is long enough to be its own median, and a home takes longer to stock than to backfill.
    """
    slugs = [f"store-{n:02}" for n in range(max(1, round(CONNECTIONS * scale)))]
    lines = LINES_A_DAY * 14 * SETTLEMENTS
    try:
        files = list(write_settlements(work / "tsv", Shape(lines=lines, settlements=SETTLEMENTS)))
        with fresh_home(work / "home", [*slugs, "alone"]) as home:
            stock(home, [*slugs, "alone"], files)
            seconds, first, runs = _backfill(home, slugs)
            alone = in_fresh_process("backfill", home=home.home)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    days = len(list(WINDOW))
    pairs = len(slugs) * days * 4
    waited = statistics.median((r.start_time or 0) - r.create_timestamp.timestamp() for r in runs)
    worked = statistics.median((r.end_time or 0) - (r.start_time or 0) for r in runs)
    return [
        Result(
            f"{len(slugs)} connections x {days} days, {pairs:,} pairs",
            f"{seconds:.0f} s",
            f"<= {60 * MINUTES:.0f} s",
            seconds <= 60 * MINUTES,
        ),
        Result("  a pair", f"{1000 * seconds / pairs:.1f} ms"),
        Result("  until the first run exists", f"{first:.0f} s"),
        Result("  a run waits and starts (process, imports)", f"{waited:.1f} s"),
        Result("  a run works", f"{worked:.1f} s"),
        *(Result(f"  one connection: {what}", f"{took:.2f} s") for what, took in alone.items()),
    ]


def _backfill(home: Settings, slugs: list[str]) -> tuple[float, float, list[dg.RunRecord]]:
    """Request it and wait; seconds in all, seconds until there was a first run, the runs."""
    from pipelines.execution import open_instance

    os.environ["DAYBOOK_HOME"] = str(home.home)
    settings.cache_clear()
    with open_instance(slugs) as instance, _daemon(home):
        request = _request(instance, slugs)
        started = time.time()
        instance.add_backfill(request)
        while True:
            time.sleep(0.5)
            backfill = instance.get_backfill(request.backfill_id)
            if backfill is not None and backfill.status in ENDED:
                break
            assert time.time() - started < GIVE_UP_SECONDS
        seconds = time.time() - started
        assert backfill.status == BulkActionStatus.COMPLETED_SUCCESS, backfill.error
        tagged = dg.RunsFilter(tags={"dagster/backfill": request.backfill_id})
        runs = list(instance.get_run_records(tagged))
    return seconds, min(r.create_timestamp.timestamp() for r in runs) - started, runs


def _request(instance: dg.DagsterInstance, slugs: list[str]) -> PartitionBackfill:
    from pipelines.definitions import build_definitions
    from pipelines.jobs import data_job
    from pipelines.partitions import key

    graph = build_definitions().resolve_asset_graph()
    return PartitionBackfill.from_asset_partitions(
        backfill_id=secrets.token_hex(4),
        asset_graph=graph,
        partition_names=[key(slug, day) for slug in slugs for day in WINDOW],
        asset_selection=list(data_job.selection.resolve(graph)),
        backfill_timestamp=datetime.now(UTC).timestamp(),
        tags={},
        dynamic_partitions_store=instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )


@contextmanager
def _daemon(home: Settings) -> Iterator[None]:
    """The daemon as `daybook up` runs it, ready when it has beaten once."""
    program = Path(sys.executable).parent / "dagster-daemon"
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home.dagster_home),
        "PYTHONWARNINGS": "ignore",
    }
    with (home.home / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "run", "-m", "pipelines.definitions"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            with dg.DagsterInstance.get() as instance:
                while not instance.get_daemon_heartbeats():
                    assert process.poll() is None
                    time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(60)
            # A code server whose database goes away while it looks after a run never stops.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def profile_one() -> dict[str, float]:
    """Seconds of one connection's year by what they went to."""
    from pipelines.execution import open_instance, run
    from pipelines.names import DATA

    with open_instance(["alone"]) as instance:
        profile = cProfile.Profile()
        started = time.perf_counter()
        profile.enable()
        outcome = run(instance, DATA, "alone", WINDOW)
        profile.disable()
        seconds = time.perf_counter() - started
        assert outcome.ok, outcome.problem
    return {"in all": seconds, **_named(pstats.Stats(profile))}


def _named(stats: pstats.Stats) -> dict[str, float]:
    rows: dict[tuple[str, int, str], tuple[int, int, float, float, object]]
    rows = getattr(stats, "stats")  # noqa: B009 - the stubs do not know it
    ours = {
        name: row[3]
        for (file, _, name), row in rows.items()
        if f"{os.sep}pipelines{os.sep}" in file or f"{os.sep}connectors{os.sep}lake" in file
    }
    return {what: ours.get(name, 0.0) for what, name in PARTS.items()}


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(profile_one()))
