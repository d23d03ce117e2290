"""Dagster's three storages on Daybook's PostgreSQL, as `dagster.yaml` names them.

Here belongs everything that leans on the insides of Dagster's storage. Stock, one (asset,
partition) pair costs 25 to 85 ms: a new database connection for every statement and one statement
for every event. These classes keep a small pool and store a batch in a few statements. What they
lean on is listed in `contract`; where the installed Dagster differs from it, they behave like the
stock classes and say so in the log. `tests/pipelines/test_storage.py` compares what both leave.
"""

from dagster_postgres.run_storage import PostgresRunStorage
from dagster_postgres.schedule_storage import PostgresScheduleStorage

from pipelines.storage.events import EventLogStorage
from pipelines.storage.pool import Pooled

__all__ = ["EventLogStorage", "RunStorage", "ScheduleStorage"]


class RunStorage(Pooled, PostgresRunStorage):
    """Stock run storage on a pool."""


class ScheduleStorage(Pooled, PostgresScheduleStorage):
    """Stock schedule storage on a pool."""
