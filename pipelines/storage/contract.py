"""The insides of Dagster that this package leans on, each with a digest of its source.

A Dagster release that changes one of them is not wrong, only unread: somebody compares the change
with this package, runs its comparison test, and writes the new digest here (the warning
names it). Until then the storages behave like the stock ones.
"""

import hashlib
import inspect
import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from dagster._core.instance.methods.event_methods import EventMethods
from dagster._core.instance.types import MayHaveInstanceWeakref
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage
from dagster._core.storage.schedules.sql_schedule_storage import SqlScheduleStorage
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_postgres.run_storage import PostgresRunStorage
from dagster_postgres.schedule_storage import PostgresScheduleStorage

log = logging.getLogger(__name__)

_Internals = Mapping[Callable[..., Any], str]

INTERNALS: _Internals = MappingProxyType(
    {
        EventMethods.handle_new_event: "db900859da5b",
        MayHaveInstanceWeakref.__init__: "a81dc0b4eeaf",
        PostgresEventLogStorage.__init__: "647dff00b58c",
        PostgresEventLogStorage._connect: "a1935b91a983",
        PostgresEventLogStorage._store_asset_event: "2dc70ccdb0fe",
        PostgresEventLogStorage.has_table: "78217fbd74d0",
        PostgresEventLogStorage.index_transaction: "d4018b0dade4",
        PostgresEventLogStorage.optimize_for_webserver: "c084cd79114d",
        PostgresEventLogStorage.store_event: "4a2e37e5871b",
        PostgresEventLogStorage.store_event_batch: "ff147ed514ba",
        PostgresRunStorage.__init__: "c20e1fcd1ee5",
        PostgresRunStorage.connect: "b76438443325",
        PostgresRunStorage.optimize_for_webserver: "c084cd79114d",
        PostgresScheduleStorage.__init__: "ac8f466b4e76",
        PostgresScheduleStorage.connect: "a4bc5c28a11b",
        PostgresScheduleStorage.optimize_for_webserver: "c084cd79114d",
        SqlEventLogStorage._event_insert_timestamp: "02e6947ee3f9",
        SqlEventLogStorage._event_to_row: "93d47fbe7edc",
        SqlEventLogStorage._get_asset_entry_values: "bb3b9df2c6c3",
        SqlEventLogStorage._has_asset_key_col_on_connection: "981049dfa81d",
        SqlEventLogStorage._store_asset_check_evaluation_planned: "bbecef7ab5ce",
        SqlEventLogStorage._store_asset_event_tags: "85d6f17ef04b",
        SqlEventLogStorage._update_asset_check_evaluation: "961fd6041447",
        SqlEventLogStorage.has_asset_key_col: "042827679888",
        SqlEventLogStorage.has_dynamic_partition: "d1e1e2708122",
        SqlEventLogStorage.prepare_insert_event_batch: "3a4f48097f68",
        SqlEventLogStorage.store_asset_check_event: "6d148295fa69",
        SqlRunStorage.has_backfill_id_column: "ec96ba873816",
        SqlRunStorage.has_run_stats_index_cols: "7fc623624093",
        SqlScheduleStorage._has_instigators_table: "ec5ec72bffb6",
        SqlScheduleStorage.has_built_index: "eda36d02da3b",
        SqlScheduleStorage.has_instigators_table: "8dd847003abe",
        SqlScheduleStorage.purge_ticks: "1bd4b67e7e85",
    }
)


def digest(function: Callable[..., Any]) -> str:
    """Return twelve hexadecimal digits of a function's source; `unreadable` where there is none."""
    try:
        source = inspect.getsource(function)
    # Installed without sources: not known to be the same, so taken for changed.
    except (OSError, TypeError):
        return "unreadable"
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def differences(internals: _Internals = INTERNALS) -> dict[str, str]:
    """Name and present digest of every function that is not the one that was read."""
    return {
        function.__qualname__: present
        for function, read in internals.items()
        if (present := digest(function)) != read
    }


@lru_cache(maxsize=1)
def changed_internals() -> tuple[str, ...]:
    """Return the internals that differ in the installed Dagster, and log them once."""
    changed = differences()
    if changed:
        log.warning(
            "The installed Dagster differs from the one Daybook's event log was written for; "
            "its slower stock storage is used. Changed: %s",
            ", ".join(f"{name} ({present})" for name, present in sorted(changed.items())),
        )
    return tuple(sorted(changed))
