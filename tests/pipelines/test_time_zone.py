"""A PostgreSQL in another zone: what is recorded there, and what is computed of it, is UTC."""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import dagster as dg
import pytest
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster._core.workspace.context import IWorkspaceProcessContext
from dagster._daemon.monitoring.concurrency import execute_concurrency_slots_iteration
from dagster._daemon.monitoring.run_monitoring import monitor_starting_run
from dagster._daemon.types import DaemonHeartbeat
from dagster._time import get_current_timestamp
from sqlalchemy import NullPool, create_engine, make_url, text

from connectors.database.postgres import (
    DAGSTER_SCHEMA,
    REGISTRY_SCHEMA,
    dagster_database_url,
    database_url,
)
from connectors.database.registry import Registry
from connectors.home.settings import Settings
from pipelines.daemon_status import daemon_status
from tests.conftest import Server
from tests.pipelines.conftest import OURS, STORAGES

ZONE = "Pacific/Auckland"
SOON = timedelta(minutes=5)
KEPT_SECONDS = 2
LOG = logging.getLogger(__name__)


@pytest.fixture
def abroad(embedded_server: Server, tmp_path: Path) -> Iterator[Settings]:
    """A home whose database gives every session the zone of Auckland, unless it asks for one."""
    with embedded_server.database() as url:
        name = make_url(url.get_secret_value()).database
        embedded_server.execute(f"ALTER DATABASE \"{name}\" SET timezone = '{ZONE}'")
        yield Settings(home=tmp_path / "home", database_url=url)


@pytest.fixture
def instance(abroad: Settings, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    module, pattern = OURS
    storages = {
        storage: {
            "module": module,
            "class": pattern.format(kind),
            "config": {"postgres_url": dagster_database_url(abroad)},
        }
        for storage, kind in STORAGES.items()
    }
    monitoring = {"enabled": True, "free_slots_after_run_end_seconds": KEPT_SECONDS}
    config = {**storages, "telemetry": {"enabled": False}, "run_monitoring": monitoring}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(config))
    with ExitStack() as stack:
        yield stack.enter_context(dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path))))


def test_sessions_of_the_registry_are_in_utc(abroad: Settings) -> None:
    for schema in (REGISTRY_SCHEMA, DAGSTER_SCHEMA):
        engine = create_engine(database_url(abroad, schema), poolclass=NullPool)
        with engine.connect() as connection:
            assert connection.scalar(text("SHOW timezone")) == "UTC"
            local = connection.scalar(text("SELECT localtimestamp"))
        assert abs(local - datetime.now(UTC).replace(tzinfo=None)) < SOON
    with Registry.open(abroad) as registry:
        registry.audit.record("ada", "looked", "here", {})
        (event,) = registry.audit.list(1)
    assert abs(event.at - datetime.now(UTC)) < SOON
    assert event.at.utcoffset() == timedelta(0)


def test_what_dagster_computes_is_in_utc(instance: dg.DagsterInstance, abroad: Settings) -> None:
    now = datetime.now(UTC)
    run = dg.DagsterRun(job_name="data", status=dg.DagsterRunStatus.STARTED)
    instance.add_run(run)
    (record,) = instance.get_run_records()
    for instant in (record.create_timestamp, record.update_timestamp):
        assert abs(instant - now) < SOON
    log = instance.event_log_storage
    log.set_concurrency_slots("books", 1)
    assert log.claim_concurrency_slot("books", run.run_id, "step").is_claimed
    info = log.get_concurrency_info("books")
    (step,) = info.pending_steps
    assert abs(step.enqueued_timestamp.replace(tzinfo=UTC) - now) < SOON
    assert step.assigned_timestamp is not None
    assert abs(step.assigned_timestamp.replace(tzinfo=UTC) - now) < SOON
    waiting = dg.DagsterRun(job_name="data", status=dg.DagsterRunStatus.NOT_STARTED)
    instance.add_run(waiting)
    (waits,) = instance.get_run_records(dg.RunsFilter(run_ids=[waiting.run_id]))
    monitor_starting_run(instance, waits, LOG)
    after = instance.get_run_by_id(waiting.run_id)
    assert after is not None
    assert after.status is dg.DagsterRunStatus.NOT_STARTED, "it has only just been asked for"
    # A place is kept so long after its run has ended, and not half a day more or less.
    instance.report_run_failed(run, "it was stopped")
    context = cast("IWorkspaceProcessContext", SimpleNamespace(instance=instance))
    list(execute_concurrency_slots_iteration(context, LOG))
    assert log.get_concurrency_run_ids() == {run.run_id}
    time.sleep(KEPT_SECONDS + 0.5)
    list(execute_concurrency_slots_iteration(context, LOG))
    assert log.get_concurrency_run_ids() == set()
    beat = DaemonHeartbeat(get_current_timestamp(), "SENSOR", "1", [])
    instance.add_daemon_heartbeat(beat)
    heartbeat = daemon_status(abroad).heartbeat
    assert heartbeat is not None
    assert abs(heartbeat - now) < SOON
