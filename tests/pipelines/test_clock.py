"""A clock that was ahead: what it dated goes on now, and is told."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._daemon.sensor import get_elapsed
from dagster._daemon.types import DaemonHeartbeat

from connectors.home.lock import home_lock
from connectors.home.processes import Process
from pipelines.daemon_status import daemon_status
from pipelines.storage import ScheduleStorage
from tests.conftest import Server
from tests.pipelines.shop import Shop, open_shop

YEAR = 365 * 86_400.0


@pytest.fixture(scope="module")
def shop(embedded_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(embedded_server, tmp_path_factory.mktemp("shop")) as opened:
        yield opened


def instigator(
    name: str, kind: InstigatorType, data: SensorInstigatorData | ScheduleInstigatorData
) -> InstigatorState:
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("daybook"), "daybook")
    origin = RemoteInstigatorOrigin(repository_origin=repository, instigator_name=name)
    return InstigatorState(origin, kind, InstigatorStatus.RUNNING, data)


def test_sensors_and_schedules_go_on_after_a_clock_was_ahead(shop: Shop) -> None:
    storage = shop.instance.schedule_storage
    assert isinstance(storage, ScheduleStorage)
    ahead, past = time.time() + YEAR, time.time() - 100
    for state in (
        instigator("due_syncs", InstigatorType.SENSOR, SensorInstigatorData(ahead, None, 30, "7")),
        instigator("imported", InstigatorType.SENSOR, SensorInstigatorData(past, None, 30, "8")),
        instigator(
            "daily", InstigatorType.SCHEDULE, ScheduleInstigatorData("17 4 * * *", past, ahead)
        ),
    ):
        storage.add_instigator_state(state)
    states = {s.instigator_name: s for s in storage.all_instigator_state()}
    elapsed = get_elapsed(states["due_syncs"])
    assert elapsed is not None
    assert 86_400 <= elapsed < 86_460, "the sensor ticks now, whatever its interval"
    assert states["due_syncs"].instigator_data.cursor == "7"
    assert states["imported"].instigator_data.last_tick_timestamp == past
    daily = states["daily"].instigator_data
    assert daily.last_iteration_timestamp <= time.time()
    assert daily.start_timestamp == past
    one = storage.get_instigator_state(
        states["due_syncs"].instigator_origin_id, states["due_syncs"].selector_id
    )
    assert one is not None
    assert one.instigator_data.last_tick_timestamp <= time.time()
    assert daemon_status(shop.settings).ahead == ("daily", "due_syncs")


def test_the_next_iteration_of_a_schedule_follows_a_tick_that_happened(shop: Shop) -> None:
    origin, selector = "origin", "selector"
    for instant in (time.time() - 50, time.time() + YEAR):
        tick = TickData(
            origin,
            "daily",
            InstigatorType.SCHEDULE,
            TickStatus.SUCCESS,
            instant,
            run_ids=[],
            selector_id=selector,
        )
        shop.instance.schedule_storage.create_tick(tick)
    (latest,) = shop.instance.get_ticks(origin, selector, limit=1)
    assert latest.timestamp < time.time()


@pytest.mark.parametrize(
    ("age", "recorded", "running", "away"),
    [(5, True, True, False), (5, False, False, True), (300, True, False, True)],
)
def test_a_daemon_is_away_where_up_runs_and_it_does_not(
    shop: Shop, age: int, recorded: bool, running: bool, away: bool
) -> None:
    beat = time.time() - age
    for kind in ("SENSOR", "SCHEDULER"):
        shop.instance.add_daemon_heartbeat(DaemonHeartbeat(beat, kind, "id"))
    myself = Process.of("Dagster", os.getpid())
    assert myself is not None
    with home_lock(shop.settings) as lock:
        lock.record([myself] if recorded else [])
        status = daemon_status(shop.settings)
    assert (status.expected, status.running, status.is_away) == (True, running, away)
    assert status.heartbeat is not None
    assert abs(status.heartbeat - datetime.fromtimestamp(beat, UTC)) < timedelta(seconds=1)
    assert not daemon_status(shop.settings).expected


def test_a_home_without_dagster_tables_has_no_daemon(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.daemon_status.DAGSTER_SCHEMA", "nobody_s")
    status = daemon_status(shop.settings)
    assert (status.heartbeat, status.ahead, status.is_away) == (None, (), False)
    assert isinstance(shop.instance, dg.DagsterInstance)
