"""A place in a pool: a dead run keeps none, a wait has an end, a name and an ear for Ctrl-C."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from connectors.errors import Transient
from connectors.lake.windows import Window
from pipelines.assets import windows
from pipelines.execution import run
from pipelines.partitions import range_tags
from pipelines.resources import Daybook
from pipelines.run_launcher import PROCESS, living_process
from pipelines.storage import EventLogStorage
from pipelines.storage.slots import Slots
from tests.conftest import Server
from tests.pipelines.shop import FIRST, Shop, fortnight, open_shop

BOOKS, WAREHOUSE = "books", "warehouse"


@pytest.fixture(scope="module")
def shop(embedded_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(embedded_server, tmp_path_factory.mktemp("shop")) as opened:
        opened.take_in("mugs", fortnight(1, FIRST))
        assert opened.run("data", "mugs", FIRST, 6).ok
        yield opened


def holder(
    shop: Shop, pool: str, process: str, status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED
) -> dg.DagsterRun:
    """A run of the command line that has taken the one place of a pool."""
    run = dg.DagsterRun(
        job_name="publish",
        status=status,
        tags={PROCESS: process, **range_tags("mugs", Window(FIRST, FIRST + timedelta(days=6)))},
    )
    shop.instance.add_run(run)
    log = shop.instance.event_log_storage
    log.initialize_concurrency_limit_to_default(pool)
    assert log.claim_concurrency_slot(pool, run.run_id, "step").is_claimed
    return run


def released(shop: Shop, run: dg.DagsterRun) -> None:
    shop.instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
def test_a_run_that_was_killed_in_the_books_keeps_no_place(
    shop: Shop, status: dg.DagsterRunStatus
) -> None:
    dead = holder(shop, BOOKS, "0123456789abcdef", status)
    assert shop.run("publish", "mugs", FIRST, 6).ok
    ended = shop.instance.get_run_by_id(dead.run_id)
    assert ended is not None
    assert ended.status is dg.DagsterRunStatus.FAILURE
    assert shop.instance.event_log_storage.get_concurrency_run_ids() == set()


def test_a_run_that_nobody_knows_any_more_keeps_no_place(shop: Shop) -> None:
    gone = holder(shop, BOOKS, "0123456789abcdef")
    shop.instance.run_storage.delete_run(gone.run_id)
    assert shop.run("publish", "mugs", FIRST, 6).ok


def test_one_that_died_while_it_waited_is_not_called_first(shop: Shop) -> None:
    with living_process() as process:
        first = holder(shop, BOOKS, process[PROCESS])
        dead = dg.DagsterRun(
            job_name="publish", status=dg.DagsterRunStatus.STARTED, tags={PROCESS: "dead"}
        )
        shop.instance.add_run(dead)
        log = shop.instance.event_log_storage
        assert not log.claim_concurrency_slot(BOOKS, dead.run_id, "step").is_claimed
    released(shop, first)
    assert shop.run("publish", "mugs", FIRST, 6).ok


def test_a_place_that_was_freed_and_passed_to_nobody_is_taken(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with living_process() as process:
        first = holder(shop, BOOKS, process[PROCESS])
        log = shop.instance.event_log_storage
        waiting = dg.DagsterRun(
            job_name="publish", status=dg.DagsterRunStatus.STARTED, tags=dict(process)
        )
        shop.instance.add_run(waiting)
        assert not log.claim_concurrency_slot(BOOKS, waiting.run_id, "step").is_claimed
        with monkeypatch.context() as killed:
            killed.setattr(EventLogStorage, "assign_pending_steps", lambda *_: None)
            released(shop, first)
        assert log.claim_concurrency_slot(BOOKS, waiting.run_id, "step").is_claimed
        released(shop, waiting)


def test_a_wait_ends_and_names_who_holds_the_place(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = shop.instance.event_log_storage
    monkeypatch.setattr(log, "_slots", Slots(log, shop.instance, wait_seconds=1))
    with living_process() as process:
        living = holder(shop, BOOKS, process[PROCESS])
        began = time.process_time()
        outcome = shop.run("publish", "mugs", FIRST, 6)
        assert time.process_time() - began < 2
        assert not outcome.ok
        assert outcome.problem == (
            f"the pool books, held by the publish run of mugs {FIRST} to {date(2026, 3, 7)} "
            f"({living.run_id[:8]}), and has not ended within 1 s: run it again when that is "
            "done, or cancel that run in the Dagster UI"
        )
        status = shop.instance.get_run_by_id(living.run_id)
        assert status is not None
        assert status.status is dg.DagsterRunStatus.STARTED
        released(shop, living)
    assert shop.run("publish", "mugs", FIRST, 6).ok


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_wait_ends_at_once_when_it_is_asked_to(shop: Shop, stop: signal.Signals) -> None:
    with living_process() as process:
        living = holder(shop, BOOKS, process[PROCESS])
        threading.Timer(2.0, os.kill, (os.getpid(), stop)).start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            shop.run("publish", "mugs", FIRST, 6)
        assert time.monotonic() - began < 6
        released(shop, living)
    assert shop.instance.event_log_storage.get_concurrency_run_ids() == set()


def test_the_command_line_says_whom_it_waits_for_and_stops(shop: Shop) -> None:
    with living_process() as process:
        living = holder(shop, WAREHOUSE, process[PROCESS])
        with subprocess.Popen(
            [sys.executable, "-m", "console", "sync"],
            env={**os.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as command:
            assert command.stderr is not None
            while "waiting for" not in (line := command.stderr.readline()):
                assert line, "it ended"
            assert "the pool warehouse, held by the publish run of mugs" in line
            time.sleep(0.6)
            used = _cpu_seconds(command.pid)
            time.sleep(1)
            assert _cpu_seconds(command.pid) - used < 0.5
            command.send_signal(signal.SIGTERM)
            out, err = command.communicate(timeout=8)
        released(shop, living)
    assert (command.returncode, out) == (130, "")
    assert "interrupted; finished work is kept" in err


def test_a_step_that_is_interrupted_says_so(shop: Shop) -> None:
    def stop(_slug: str, _stage: str, _days: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(shop.instance, "data", "mugs", Window(FIRST, FIRST + timedelta(days=6)), Daybook(stop))
    assert shop.registry.activities.latest()["mugs"].message == (
        "it was interrupted before it was done; the next sync does the rest"
    )
    (record,) = shop.instance.get_run_records(limit=1)
    failed = shop.instance.all_logs(
        record.dagster_run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE
    )
    error = failed[0].get_dagster_event().step_failure_data.error
    assert error is not None
    assert "Interrupted before it was done." in error.message
    assert shop.run("data", "mugs", FIRST, 6).ok


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_run_waits_for_the_one_that_works_on_its_connection(
    shop: Shop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "WAIT_SECONDS", 0.5)
    with (
        shop.registry.lock("work on mugs", 0),
        shop.registry.activities.record("mugs", "fetch", 1, "run-1"),
        pytest.raises(Transient, match=r"the fetch run run-1 works on mugs for more than"),
        windows.alone(shop.registry, "mugs"),
    ):
        pytest.fail("two runs worked on one connection")
    assert "waiting for the fetch run run-1, which works on mugs" in caplog.text
    with windows.alone(shop.registry, "mugs"):
        pass
