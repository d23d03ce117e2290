"""The one partitions definition of the chain: connection x day; and how ranges are named.

What a day means is decided by each connection's time zone, long before Dagster sees it.
"""

import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import dagster as dg

from connectors.home.settings import settings
from connectors.lake.windows import Window, windows

CONNECTIONS = "connections"
# Amazon dates a deposit two days after the settlement closes, a bank up to five business days.
DAYS_AHEAD = 31

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"

connections = dg.DynamicPartitionsDefinition(name=CONNECTIONS)


def connection_days() -> dg.MultiPartitionsDefinition:
    """Every connection, every day from `DAYBOOK_FIRST_DAY` to a month from now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        days = dg.DailyPartitionsDefinition(
            start_date=settings().first_day.isoformat(), end_offset=DAYS_AHEAD + 1
        )
        return dg.MultiPartitionsDefinition({"connection": connections, "day": days})


def key(connection: str, day: date) -> str:
    """The partition key of one connection's day."""
    return f"{connection}|{day.isoformat()}"


def by_connection(keys: Iterable[str]) -> Mapping[str, list[Window]]:
    """The windows of days that a run's partition keys make up, by connection."""
    days: dict[str, list[date]] = defaultdict(list)
    for partition in keys:
        connection, day = str(partition).split("|")
        days[connection].append(date.fromisoformat(day))
    return {connection: windows(found) for connection, found in sorted(days.items())}


def range_tags(connection: str, window: Window) -> dict[str, str]:
    """The tags of a run over one window of one connection: all that Dagster needs."""
    last = window.end - timedelta(days=1)
    return {RANGE_START: key(connection, window.start), RANGE_END: key(connection, last)}
