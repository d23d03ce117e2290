"""Ten thousand orders a minute: recorded, matched with triggers, requested as runs and sent."""

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import dagster as dg
from sqlalchemy import text

from connectors.database.registry import NewEvent, Registry
from connectors.home.settings import Settings, settings
from pipelines.definitions import build_definitions
from pipelines.resources import Daybook
from pipelines.stages.trigger_delivery import deliver_due, match_triggers
from pipelines.stages.triggers import save_trigger
from pipelines.stages.workspace import Workspace
from tests.benchmarks.homes import fresh_home
from tests.benchmarks.results import Result
from tests.receivers import webhook_receiver

CONNECTIONS, TRIGGERS, EVENTS, BATCH = 1000, 20, 10_000, 100
A_MINUTE, TICK_SECONDS = 60.0, 0.5
# One order in a hundred starts a run: a thousand runs a minute are no affair of sensors.
RUN_EVERY, FEED_SECONDS = 100, 10.0

_STORES = """
INSERT INTO registry.connections (slug, channel, name, timezone, kind, state)
SELECT 'store-' || n, 'amazon', 'Store ' || n, 'UTC', 'file', 'active'
FROM generate_series(0, :connections - 1) n
"""


def measure(work: Path, scale: float) -> list[Result]:
    """Orders recorded and matched in a minute, ticks under load, webhooks sent in a second."""
    events = max(BATCH, round(EVENTS * scale))
    with (
        fresh_home(work, []) as home,
        Registry.open(home) as registry,
        webhook_receiver() as receiver,
    ):
        opened = Workspace(home.model_copy(update={"allowed_private_hosts": "127.0.0.1"}), registry)
        with registry.connections._transaction() as session:
            session.execute(text(_STORES), {"connections": CONNECTIONS})
        for number in range(TRIGGERS):
            action = {"type": "webhook", "url": receiver.url}
            _save(opened, f"hook-{number}", {"sku": f"SKU-{number}"}, action)
        _save(opened, "runs", {"sku": "RUN"}, {"type": "run_job", "job": "warehouse_job"})
        started = time.perf_counter()
        for first in range(0, events, BATCH):
            _record(registry, first)
        recorded = time.perf_counter() - started
        match_triggers(opened, datetime.now(UTC))
        matched = time.perf_counter() - started - recorded
        started = time.perf_counter()
        while deliver_due(opened, lambda: datetime.now(UTC)).sent:
            pass
        sent = time.perf_counter() - started
        calls = len(receiver.calls)
        ticks, waits = _under_load(home, registry, scale)
    seconds = recorded + matched
    limit = A_MINUTE * events / EVENTS
    return [
        Result(
            f"{events:,} events, {TRIGGERS + 1} triggers: recorded and matched",
            f"{seconds:.1f} s ({events / seconds:,.0f} a second)",
            f"<= {limit:g} s",
            seconds <= limit,
        ),
        Result("  signed webhooks sent", f"{calls / sent:.0f} a second"),
        Result(
            "  a tick under 10,000 events a minute",
            f"{statistics.median(ticks):.2f} s, {max(ticks):.2f} s at most",
            f"<= {TICK_SECONDS:g} s",
            statistics.median(ticks) <= TICK_SECONDS,
        ),
        Result(
            "  event to run request, ticks one after another",
            f"{statistics.median(waits):.2f} s, {_percentile(waits):.2f} s at the 99th percentile",
        ),
    ]


def _save(opened: Workspace, name: str, filters: dict[str, str], action: dict[str, str]) -> None:
    document = {"name": name, "event": "order_submitted", "filters": filters}
    save_trigger(opened, {**document, "actions": [action]}, "benchmark")


def _record(registry: Registry, first: int) -> None:
    """Record a batch of orders of one store; every trigger has its share of them."""
    listed = [
        NewEvent(
            f"{number}",
            datetime.now(UTC),
            {
                "order_id": f"{number}",
                "amount": f"{number % 500}.00",
                "currency": "USD",
                "skus": [f"SKU-{number % 200}"] + ["RUN"] * (number % RUN_EVERY == 0),
            },
        )
        for number in range(first, first + BATCH)
    ]
    registry.events.record("order_submitted", f"store-{first // BATCH % CONNECTIONS}", listed)


def _under_load(
    home: Settings, registry: Registry, scale: float
) -> tuple[list[float], list[float]]:
    """Return the seconds of ticks, and from events to run requests, while events come."""
    ticks: list[float] = []
    waits: list[float] = []
    ended = Signal()
    feed = Thread(target=_feed, args=(registry, FEED_SECONDS * scale, ended))
    with _instance(home) as instance:
        definitions = build_definitions()
        definition = definitions.resolve_sensor_def("order_submitted_sensor")
        job = definitions.resolve_job_def("warehouse_job")
        began = datetime.now(UTC)
        feed.start()
        cursor, seen = None, set[str]()
        while not ended.is_set():
            started = time.perf_counter()
            resources = {"daybook": Daybook()}
            with dg.build_sensor_context(
                instance=instance, cursor=cursor, resources=resources
            ) as context:
                result = definition(context)
            assert isinstance(result, dg.SensorResult)
            cursor = result.cursor
            ticks.append(time.perf_counter() - started)
            now = datetime.now(UTC)
            for request in result.run_requests or ():
                key = str(request.run_key)
                if key not in seen:
                    seen.add(key)
                    event = registry.events.get(int(key.split("|")[2]))
                    # Those of before the load waited for its first tick.
                    if event.recorded_at >= began:
                        waits.append((now - event.recorded_at).total_seconds())
                    instance.create_run_for_job(job, tags={"dagster/run_key": key})
        feed.join()
    return ticks, waits


def _feed(registry: Registry, seconds: float, ended: Signal) -> None:
    """Record orders at ten thousand a minute."""
    started = time.perf_counter()
    for batch in range(round(EVENTS / A_MINUTE * seconds / BATCH)):
        _record(registry, 10_000_000 + batch * BATCH)
        time.sleep(max(0.0, started + batch * BATCH * A_MINUTE / EVENTS - time.perf_counter()))
    ended.set()


@contextmanager
def _instance(home: Settings) -> Iterator[dg.DagsterInstance]:
    before = dict(os.environ)
    os.environ["DAYBOOK_HOME"] = str(home.home)
    if home.database_url is not None:
        os.environ["DAYBOOK_DATABASE_URL"] = home.database_url.get_secret_value()
    settings.cache_clear()
    try:
        with dg.DagsterInstance.ephemeral() as instance:
            yield instance
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


def _percentile(values: list[float]) -> float:
    return sorted(values)[max(0, round(len(values) * 0.99) - 1)]
