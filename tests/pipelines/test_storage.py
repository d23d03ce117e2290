"""A batching event log leaves what the stock one leaves, and the web server answers the same."""

import json
import logging
import time
from collections import Counter
from datetime import date
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as db
from dagster._core.instance.ref import InstanceRef

from connectors.database.postgres import stop
from connectors.home.settings import Settings
from pipelines.storage import EventLogStorage, contract, events, pool
from pipelines.storage.planned import rows_of
from tests.pipelines.conftest import OURS, STOCK, OpenInstance, web_server
from tests.pipelines.ranged_example import (
    CHAIN,
    CHECKS,
    build_definitions,
    range_tags,
    touched_days,
)

CHECKED_BY = ("run_id", "asset_key", "check_name", "partition")
FIRST, LAST = date(2024, 1, 1), date(2024, 1, 9)
BAD = {"shop|2024-01-03": "daily_journals", "shop|2024-01-05": "transactions"}
BAD_LATER = {"shop|2024-01-02": "daily_journals"}

STATUSES = """
query Statuses($asset: AssetKeyInput!) {
  assetNodeOrError(assetKey: $asset) { ... on AssetNode {
    partitionStats { numMaterialized numFailed numMaterializing }
    assetPartitionStatuses { ... on MultiPartitionStatuses { ranges {
      primaryDimStartKey primaryDimEndKey
      secondaryDim { ... on DefaultPartitionStatuses { materializedPartitions failedPartitions } }
    } } }
    assetChecksOrError { ... on AssetChecks { checks {
      name blocking
      partitionStatuses { ... on AssetCheckMultiPartitionStatuses { ranges {
        primaryDimStartKey primaryDimEndKey
        secondaryDim { ... on AssetCheckDefaultPartitionStatuses {
          succeededPartitions failedPartitions inProgressPartitions executionFailedPartitions
        } }
      } } }
    } } }
  } }
}
"""

EXECUTIONS = """
query Executions($asset: AssetKeyInput!, $check: String!) {
  assetCheckExecutions(assetKey: $asset, checkName: $check, limit: 100) {
    status partition evaluation { success severity metadataEntries { label } }
  }
}
"""


def run(
    instance: dg.DagsterInstance, bad: dict[str, str], first: date = FIRST, last: date = LAST
) -> str:
    """A window of one shop through the whole chain; returns the run's id."""
    instance.add_dynamic_partitions("connections", ["shop"])
    return (
        build_definitions(bad)
        .resolve_job_def("data")
        .execute_in_process(
            instance=instance, tags=range_tags("shop", first, last), raise_on_error=False
        )
        .run_id
    )


def statuses(instance: dg.DagsterInstance) -> dict[str, Any]:
    """What the web server says of every asset and every check."""
    with web_server(instance, "tests.pipelines.ranged_example") as ask:
        return {
            asset: ask(STATUSES, asset={"path": [asset]})["assetNodeOrError"] for asset in CHAIN
        } | {
            f"{check.asset}.{check.name}": ask(
                EXECUTIONS, asset={"path": [check.asset]}, check=check.name
            )
            for check in CHECKS
        }


def without_planned_checks(answers: dict[str, Any]) -> dict[str, Any]:
    """Leave out what stock says of checks that were planned and never evaluated."""
    for answer in answers.values():
        if "assetCheckExecutions" in answer:
            listed = answer["assetCheckExecutions"]
            evaluated = [e for e in listed if e["evaluation"] is not None]
            answer["assetCheckExecutions"] = sorted(evaluated, key=str)
            continue
        for check in answer["assetChecksOrError"]["checks"]:
            check["partitionStatuses"] = {
                state: [
                    day["primaryDimStartKey"]
                    for day in check["partitionStatuses"]["ranges"]
                    if day["secondaryDim"][state]
                ]
                for state in ("failedPartitions", "inProgressPartitions")
            }
    return answers


def days_that_fail(
    document: dict[str, Any], check: str, asset: str = "daily_journals"
) -> list[str]:
    """First days of the ranges on which the web server shows a check as failed."""
    checks = {c["name"]: c for c in document[asset]["assetChecksOrError"]["checks"]}
    return [
        day["primaryDimStartKey"]
        for day in checks[check]["partitionStatuses"]["ranges"]
        if day["secondaryDim"]["failedPartitions"]
    ]


def rows(instance: dg.DagsterInstance, table: str, run_ids: list[str]) -> list[dict[str, Any]]:
    """A table's rows with instants, processes and generated ids taken out."""
    with instance.event_log_storage.index_connection() as connection:
        records = connection.execute(db.text(f"SELECT * FROM {table} ORDER BY id")).mappings().all()
    return [
        {
            name: _neutral(value, run_ids)
            for name, value in row.items()
            if name != "id" and "timestamp" not in name and name != "evaluation_event_storage_id"
        }
        for row in records
    ]


def _neutral(value: Any, run_ids: list[str]) -> Any:
    if not isinstance(value, str):
        return value
    for number, run_id in enumerate(run_ids):
        value = value.replace(run_id, f"run-{number}")
    return _without_instants(json.loads(value)) if value.startswith("{") else value


def _without_instants(document: Any) -> Any:
    if isinstance(document, dict):
        # stock repeats the list of planned partitions in each planned check's row
        dropped = {"timestamp", "pid", "storage_id", "logging_tags", "partitions_subset"}
        return {k: _without_instants(v) for k, v in document.items() if k not in dropped}
    if isinstance(document, list):
        return [_without_instants(item) for item in document]
    return document


def of_assets(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if (event["dagster_event_type"] or "").startswith("ASSET_")]


def test_the_same_runs_leave_the_same_log(open_instance: OpenInstance) -> None:
    left = {}
    for name, storages in (("stock", STOCK), ("ours", OURS)):
        instance = open_instance(name, storages)
        run_ids = [run(instance, BAD), run(instance, {}, date(2024, 1, 3), date(2024, 1, 3))]
        run_ids.append(run(instance, BAD_LATER, date(2024, 1, 2), date(2024, 1, 2)))
        events = rows(instance, "event_logs", run_ids)
        left[name] = {
            "asset events": of_assets(events),
            "kinds": Counter(event["dagster_event_type"] for event in events),
            "asset keys": sorted(
                rows(instance, "asset_keys", run_ids), key=lambda row: row["asset_key"]
            ),
            # Ours leaves none for a check that is only planned: it would stay so.
            "checks": sorted(
                (
                    row
                    for row in rows(instance, "asset_check_executions", run_ids)
                    if row["execution_status"] != "PLANNED"
                ),
                key=lambda row: [row[name] for name in CHECKED_BY],
            ),
            "web server": without_planned_checks(statuses(instance)),
        }
    for part, stock in left["stock"].items():
        assert left["ours"][part] == stock, part


def test_good_days_are_green_and_exactly_the_bad_ones_red(open_instance: OpenInstance) -> None:
    instance = open_instance("days", OURS)
    run(instance, BAD)
    check_statuses = statuses(instance)
    counts = {
        asset: (
            check_statuses[asset]["partitionStats"]["numMaterialized"],
            check_statuses[asset]["partitionStats"]["numFailed"],
        )
        for asset in CHAIN
    }
    assert counts == {
        "raw_settlements": (9, 0),
        "transactions": (8, 1),
        "daily_journals": (7, 2),
        "published_journals": (7, 2),
    }
    assert days_that_fail(check_statuses, "entries_balance") == ["2024-01-03"]

    for day in (date(2024, 1, 3), date(2024, 1, 5)):
        run(instance, {}, day, day)
    healed = statuses(instance)
    for node in (healed[asset] for asset in CHAIN):
        assert node["partitionStats"]["numMaterialized"] == 9
        assert node["partitionStats"]["numFailed"] == 0
    assert days_that_fail(healed, "entries_balance") == []


def test_a_check_that_fails_on_a_day_that_was_good_before_is_seen(
    open_instance: OpenInstance,
) -> None:
    instance = open_instance("before", OURS)
    run(instance, {})
    run(instance, BAD_LATER, date(2024, 1, 2), date(2024, 1, 2))
    check_statuses = statuses(instance)
    assert days_that_fail(check_statuses, "entries_balance") == ["2024-01-02"]
    assert check_statuses["daily_journals"]["partitionStats"]["numFailed"] == 1


def test_a_sensor_requests_a_range_of_days_by_tags(open_instance: OpenInstance) -> None:
    instance = open_instance("sensor", OURS)
    with dg.build_sensor_context(instance=instance) as context:
        result = touched_days(context)
    assert isinstance(result, dg.SensorResult)
    assert result.run_requests is not None
    (request,) = result.run_requests
    assert request.tags == range_tags("shop", FIRST, LAST)
    assert request.run_key == "shop|2024-01-01|2024-01-09|doc-1"


def test_what_dagster_recorded_is_only_added_to(open_instance: OpenInstance) -> None:
    """Runs over the same days again, failed ones among them, change no event and no evaluation."""
    instance = open_instance("added", OURS)
    run(instance, BAD)
    tables = ("event_logs", "asset_check_executions")
    before = {table: rows(instance, table, []) for table in tables}
    run(instance, {})
    for table, listed in before.items():
        assert rows(instance, table, [])[: len(listed)] == listed, table


def test_nothing_of_dagster_changed_that_the_storage_leans_on() -> None:
    assert contract.differences() == {}


def test_an_unread_dagster_gets_the_stock_behaviour(
    open_instance: OpenInstance,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(
        contract, "differences", lambda: {"SqlEventLogStorage._event_to_row": "0123456789ab"}
    )
    contract.changed_internals.cache_clear()
    try:
        with caplog.at_level(logging.WARNING, logger=contract.__name__):
            instance = open_instance("unread", OURS)
    finally:
        contract.changed_internals.cache_clear()
    storage = instance.event_log_storage
    assert isinstance(storage, EventLogStorage)
    assert not storage.lean
    assert "SqlEventLogStorage._event_to_row (0123456789ab)" in caplog.text

    run(instance, BAD)
    journals = statuses(instance)["daily_journals"]
    assert journals["partitionStats"] == {
        "numMaterialized": 7,
        "numFailed": 2,
        "numMaterializing": 0,
    }


def test_a_batch_is_stored_whole_or_not_at_all(
    open_instance: OpenInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = open_instance("whole", OURS)
    run(instance, {})
    stored = len(rows(instance, "event_logs", []))
    log = instance.event_log_storage
    materialisations = [
        record.event_log_entry
        for record in log.fetch_materializations(dg.AssetKey("daily_journals"), limit=5).records
    ]
    monkeypatch.setattr(
        EventLogStorage, "_store_asset_event", lambda *_: pytest.fail("the disk is full")
    )
    with pytest.raises(pytest.fail.Exception, match="disk is full"):
        log.store_event_batch(materialisations)
    assert len(rows(instance, "event_logs", [])) == stored


def test_a_server_that_was_stopped_is_started_again(
    embedded_home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "settings", lambda: embedded_home)
    storage = EventLogStorage.from_config_value(None, {})
    storage.add_dynamic_partitions("connections", ["shop"])
    stop(embedded_home)
    assert storage.get_dynamic_partitions("connections") == ["shop"]
    storage.optimize_for_webserver(statement_timeout=5000, pool_recycle=3600, max_overflow=5)
    with storage.index_connection() as connection:
        assert connection.scalar(db.text("SHOW statement_timeout")) == "5s"
    storage.dispose()


def test_a_removed_partition_is_gone_a_second_later(
    embedded_home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "settings", lambda: embedded_home)
    monkeypatch.setattr(events, "_PARTITION_SECONDS", 0.1)
    storage = EventLogStorage.from_config_value(None, {})
    assert not storage.has_dynamic_partition("connections", "hats")
    storage.add_dynamic_partitions("connections", ["hats"])
    assert storage.has_dynamic_partition("connections", "hats")
    storage.delete_dynamic_partition("connections", "hats")
    time.sleep(0.15)
    assert not storage.has_dynamic_partition("connections", "hats")
    storage.dispose()


def test_a_home_needs_no_address_in_its_dagster_yaml(
    embedded_home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "settings", lambda: embedded_home)
    instance = dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(embedded_home.dagster_home)))
    for storage in (instance.event_log_storage, instance.run_storage, instance.schedule_storage):
        current, head = storage.alembic_version()
        assert current == head
    assert instance.run_monitoring_enabled
    log = instance.event_log_storage
    assert log.initialize_concurrency_limit_to_default("books")
    assert [(pool.name, pool.limit) for pool in log.get_pool_limits()] == [("books", 1)]
    instance.dispose()


def test_a_pattern_writes_what_serialising_writes(open_instance: OpenInstance) -> None:
    instance = open_instance("pattern", OURS)
    run(instance, {})
    planned = instance.event_log_storage.get_records_for_run(
        instance.get_run_records(limit=1)[0].dagster_run.run_id,
        of_type=dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    )
    entries = [record.event_log_entry for record in planned.records]
    log = instance.event_log_storage
    assert isinstance(log, EventLogStorage)
    one_by_one = [log._event_to_row(entry) for entry in entries]
    assert len(entries) == 36
    assert list(rows_of(entries, log._event_to_row, log._event_insert_timestamp)) == one_by_one
