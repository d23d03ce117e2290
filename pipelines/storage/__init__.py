"""Dagster's three storages on Daybook's PostgreSQL, as `dagster.yaml` names them.

Here belongs everything that leans on the insides of Dagster's storage. Stock, one (asset,
partition) pair costs 25 to 85 ms: a new database connection for every statement and one statement
for every event. These classes keep a small pool and store a batch in a few statements. What they
lean on is listed in `contract`; where the installed Dagster differs from it, they behave like the
stock classes and say so in the log. `tests/pipelines/test_storage.py` compares what both leave.
"""

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from dagster._core.scheduler.instigation import InstigatorState, InstigatorTick, TickStatus
from dagster_postgres.run_storage import PostgresRunStorage
from dagster_postgres.schedule_storage import PostgresScheduleStorage
from sqlalchemy import Connection

from pipelines.storage.clock import latest_possible, not_ahead
from pipelines.storage.events import EventLogStorage
from pipelines.storage.pool import Pooled

__all__ = ["EventLogStorage", "RunStorage", "ScheduleStorage"]

# Old ticks are kept for days: these minutes more are nothing.
PURGE_SECONDS: Final = 600.0


class RunStorage(Pooled, PostgresRunStorage):
    """Stock run storage on a pool."""

    _knows_backfill_id = False
    _knows_index_columns = False

    def has_backfill_id_column(self) -> bool:
        """Return whether runs have the column, asking the database until they do."""
        # Stock, the catalogue is read for every run that is added: 60 ms.
        if not self._knows_backfill_id or not self.lean:
            self._knows_backfill_id = super().has_backfill_id_column()
        return self._knows_backfill_id

    def has_run_stats_index_cols(self) -> bool:
        """Return whether runs have the columns, asking the database until they do."""
        # Stock, the catalogue is read at every look for runs to start.
        if not self._knows_index_columns or not self.lean:
            self._knows_index_columns = super().has_run_stats_index_cols()
        return self._knows_index_columns


class ScheduleStorage(Pooled, PostgresScheduleStorage):
    """Stock schedule storage on a pool, in which nothing waits for a date that was never."""

    _knows_instigators = False

    @cached_property
    def _purged_at(self) -> dict[tuple[Any, ...], float]:
        return {}

    @cached_property
    def _built_indexes(self) -> set[str]:
        return set()

    def has_built_index(self, migration_name: str) -> bool:
        """Return whether a migration of data was done, asking the database until it was."""
        # Stock, two statements of every tick.
        if not self.lean or migration_name not in self._built_indexes:
            if not super().has_built_index(migration_name):
                return False
            self._built_indexes.add(migration_name)
        return True

    def has_instigators_table(self) -> bool:
        """Return whether sensors have a table of their own, asking the database until they do."""
        return (self._knows_instigators and self.lean) or super().has_instigators_table()

    def _has_instigators_table(self, conn: Connection) -> bool:
        # Stock, the catalogue is read several times a tick: a seventh of an idle daemon's work.
        if not self._knows_instigators or not self.lean:
            self._knows_instigators = super()._has_instigators_table(conn)
        return self._knows_instigators

    def purge_ticks(
        self,
        origin_id: str,
        selector_id: str,
        before: float,
        tick_statuses: Sequence[TickStatus] | None = None,
    ) -> None:
        """Delete old ticks of a sensor or schedule, unless that was done minutes ago."""
        # Stock, each tick looks three times for old ones.
        now, key = time.monotonic(), (selector_id, *(tick_statuses or ()))
        if now - self._purged_at.get(key, -PURGE_SECONDS) >= PURGE_SECONDS:
            super().purge_ticks(origin_id, selector_id, before, tick_statuses)
            self._purged_at[key] = now

    def all_instigator_state(self, *args: Any, **kwargs: Any) -> Sequence[InstigatorState]:
        """Return sensors and schedules as they stand, none of them ahead of the clock."""
        return [not_ahead(state) for state in super().all_instigator_state(*args, **kwargs)]

    def get_instigator_state(self, origin_id: str, selector_id: str) -> InstigatorState | None:
        """Return one sensor or schedule, not ahead of the clock."""
        state = super().get_instigator_state(origin_id, selector_id)
        return None if state is None else not_ahead(state)

    def get_ticks(
        self,
        origin_id: str,
        selector_id: str,
        before: float | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Sequence[InstigatorTick]:
        """Return ticks that can have happened: a schedule goes on after the latest one."""
        before = latest_possible() if before is None else before
        return list(super().get_ticks(origin_id, selector_id, before, *args, **kwargs))
