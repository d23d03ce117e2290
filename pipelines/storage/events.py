"""The event log that stores a batch of asset and check events in a few statements."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from itertools import groupby
from typing import Any, Final

import sqlalchemy as db
from dagster import DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    SqlEventLogStorageTable,
)
from dagster._utils.concurrency import ConcurrencyClaimStatus
from dagster_postgres.event_log import PostgresEventLogStorage
from sqlalchemy.engine import Connection

from pipelines.storage.planned import rows_of
from pipelines.storage.pool import Pooled
from pipelines.storage.slots import Slots

# Batches commit in the order of their ids: the webserver's partition cache reads "everything after
# id n" and would lose for ever what a slower transaction commits below n.
_BATCH_LOCK = db.text("SELECT pg_advisory_xact_lock(3607772528)")

_ASSET_EVENTS = (
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    DagsterEventType.ASSET_OBSERVATION,
    DagsterEventType.ASSET_MATERIALIZATION,
)
_CHECK_PLANNED = DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
_CHECKED = DagsterEventType.ASSET_CHECK_EVALUATION
_BATCHED = frozenset({*_ASSET_EVENTS, _CHECK_PLANNED, _CHECKED})
# A store that was removed a moment ago may pass for one that is there so long.
_PARTITION_SECONDS: Final = 1.0


class EventLogStorage(Pooled, PostgresEventLogStorage):
    """Stock event log on a pool, that stores a batch of asset events in a few statements."""

    _slots: Slots | None = None

    @cached_property
    def _tables(self) -> set[str]:
        return set()

    @cached_property
    def _columns(self) -> set[str]:
        return set()

    @cached_property
    def _partitions_seen(self) -> dict[tuple[str, str], float]:
        return {}

    def has_table(self, table_name: str) -> bool:
        """Return whether there is a table, asking the database until there is."""
        if not self.lean or table_name not in self._tables:
            if not super().has_table(table_name):
                return False
            self._tables.add(table_name)
        return True

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        # Stock, the catalogue is read for each asset of each batch.
        if not self.lean or column_name not in self._columns:
            if not super()._has_asset_key_col_on_connection(conn, column_name):
                return False
            self._columns.add(column_name)
        return True

    def has_asset_key_col(self, column_name: str) -> bool:
        """Return whether assets have a column, asking the database until they do."""
        return (self.lean and column_name in self._columns) or super().has_asset_key_col(
            column_name
        )

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Return whether there is a connection's partition; one seen just now is there."""
        # Stock, it is asked about three times for each day of a run's window.
        name, now = (partitions_def_name, partition_key), time.monotonic()
        if self.lean and now - self._partitions_seen.get(name, -_PARTITION_SECONDS) < (
            _PARTITION_SECONDS
        ):
            return True
        if not super().has_dynamic_partition(partitions_def_name, partition_key):
            return False
        self._partitions_seen[name] = now
        return True

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store materialisations, planned events and evaluations of checks, all or nothing.

        Unlike stock it also takes `ASSET_CHECK_EVALUATION`, and a check that is only planned
        leaves its event and no row of its own: a run that is cancelled, dropped or killed would
        leave it planned, or red, for a cause that is none of the check's.
        """
        entries = [entry for entry in events if not _failed_to_materialise(entry)]
        if not self.lean or not all(_batchable(entry) for entry in entries):
            self._store_like_stock(entries)
        elif entries:
            with self.index_transaction() as connection:
                connection.execute(_BATCH_LOCK)
                self._store_batch(connection, entries)

    def store_asset_check_event(self, event: EventLogEntry, event_id: int | None) -> None:
        """Store an evaluation of a check; one that is only planned leaves no row, as in a batch."""
        if not self.lean or _kind(event) is not _CHECK_PLANNED:
            super().store_asset_check_event(event, event_id)

    def claim_concurrency_slot(
        self, concurrency_key: str, run_id: str, step_key: str, priority: int | None = None
    ) -> ConcurrencyClaimStatus:
        """Claim a place in a pool; wait for it where a living run has it."""
        if self._slots is None:
            self._slots = Slots(self, self._instance)
        return self._slots.claim(
            concurrency_key,
            run_id,
            step_key,
            partial(super().claim_concurrency_slot, concurrency_key, run_id, step_key, priority),
        )

    def initialize_concurrency_limit_to_default(self, concurrency_key: str) -> bool:
        """Make a pool's row; stock breaks on PostgreSQL where another process was quicker."""
        try:
            return super().initialize_concurrency_limit_to_default(concurrency_key)
        # Stock answers a unique violation with a statement in the transaction that it aborted.
        except db.exc.InternalError:
            limit = self._instance.global_op_concurrency_default_limit
            pools = {pool.name: pool.limit for pool in self.get_pool_limits()}
            if limit is not None and pools.get(concurrency_key) != limit:
                self.set_concurrency_slots(concurrency_key, limit)
            return True

    def _store_like_stock(self, events: Iterable[EventLogEntry]) -> None:
        for kind, entries in groupby(events, key=_kind):
            if kind is _CHECKED:
                for entry in entries:
                    self.store_event(entry)
            else:
                super().store_event_batch(list(entries))

    def _store_batch(self, connection: Connection, events: Sequence[EventLogEntry]) -> None:
        rows = list(rows_of(events, self._event_to_row, self._event_insert_timestamp))
        # PostgreSQL promises no order of returned rows, and each id must be its event's.
        stored = connection.execute(
            SqlEventLogStorageTable.insert().returning(
                SqlEventLogStorageTable.c.id, sort_by_parameter_order=True
            ),
            rows,
        )
        ids = [int(row[0]) for row in stored]
        by_kind = defaultdict(list)
        for entry, event_id, row in zip(events, ids, rows, strict=True):
            by_kind[_kind(entry)].append((entry, event_id, row))
        self._index_assets(
            connection, [(e, i) for kind in _ASSET_EVENTS for e, i, _ in by_kind[kind]]
        )
        if checked := by_kind[_CHECKED]:
            rows_of_checks = [_evaluated(*evaluation) for evaluation in checked]
            connection.execute(AssetCheckExecutionsTable.insert(), rows_of_checks)

    def _index_assets(
        self, connection: Connection, events: Sequence[tuple[EventLogEntry, int]]
    ) -> None:
        if not events:
            return
        self._store_asset_event_tags(connection, *zip(*events, strict=True))
        # The asset's row holds its latest event alone: one write instead of one a partition.
        latest = {(_asset_key(entry), _kind(entry)): (entry, i) for entry, i in events}
        for entry, event_id in latest.values():
            self._store_asset_event(connection, entry, event_id)


def _evaluated(entry: EventLogEntry, event_id: int, stored: Mapping[str, Any]) -> dict[str, Any]:
    evaluation = entry.get_dagster_event().asset_check_evaluation_data
    target = evaluation.target_materialization_data
    status = AssetCheckExecutionRecordStatus
    return {
        "asset_key": evaluation.asset_key.to_string(),
        "check_name": evaluation.check_name,
        "run_id": entry.run_id,
        "partition": evaluation.partition,
        "execution_status": (status.SUCCEEDED if evaluation.passed else status.FAILED).value,
        "evaluation_event": stored["event"],
        "evaluation_event_timestamp": stored["timestamp"],
        "evaluation_event_storage_id": event_id,
        "materialization_event_storage_id": target.storage_id if target else None,
    }


def _kind(entry: EventLogEntry) -> DagsterEventType:
    return entry.get_dagster_event().event_type


def _asset_key(entry: EventLogEntry) -> str:
    key = entry.get_dagster_event().asset_key
    assert key is not None
    return key.to_string()


def _failed_to_materialise(entry: EventLogEntry) -> bool:
    return entry.get_dagster_event().is_asset_failed_to_materialize


def _batchable(entry: EventLogEntry) -> bool:
    kind = _kind(entry)
    if kind is _CHECKED:
        evaluation = entry.get_dagster_event().asset_check_evaluation_data
        return bool(entry.run_id) and evaluation.partition is not None
    return kind in _BATCHED
