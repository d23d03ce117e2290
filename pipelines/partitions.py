"""Partitions: connections, and connection x day for the chain; how ranges of days are named.

What a day means is decided by each connection's time zone, long before Dagster sees it.
"""

import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Final

import dagster as dg

from connectors.database.registry import Registry
from connectors.errors import DaybookError
from connectors.home.settings import Settings
from connectors.lake.windows import ONE_DAY, Window, windows

CONNECTIONS: Final = "connections"
RANGE_START: Final = "dagster/asset_partition_range_start"
RANGE_END: Final = "dagster/asset_partition_range_end"
# Plain tags of every run, so that the Runs page can be read and filtered.
CONNECTION: Final = "connection"
DAYS: Final = "days"
CHANNEL: Final = "channel"

connections = dg.DynamicPartitionsDefinition(name=CONNECTIONS)


# A day depends on its connection's documents and records, whichever fetch brought them. By its
# partition, every morning's fetch would make all days of the connection look out of date.
NO_PARTITION_BY_NAME: Final = dg.SpecificPartitionsPartitionMapping([])


def partition_space(registry: Registry) -> Window:
    """Return the days that any connection has, or asks for: from where data begins.

    It reaches to today at least; where there is no data it is today alone.
    """
    tomorrow = datetime.now(UTC).date() + ONE_DAY
    first, last = registry.inbox.data_span() or (tomorrow - ONE_DAY, tomorrow - ONE_DAY)
    return Window(first, max(last + ONE_DAY, tomorrow))


def space_of_home(settings: Settings) -> Window:
    """Return the partition space of a home; every day it may hold where nobody can tell."""
    everything = Window(settings.first_day, datetime.now(UTC).date() + ONE_DAY)
    if not settings.dagster_home.is_dir():
        return everything
    try:
        with Registry.open(settings) as registry:
            return partition_space(registry)
    except DaybookError:
        # A database that is away for a moment must not keep the code from loading.
        return everything


def connection_days(space: Window) -> dg.MultiPartitionsDefinition:
    """Return every connection x every day of `space`, and the days that come after it."""
    ahead = (space.end - datetime.now(UTC).date()).days
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        # Without an offset, Dagster's daily partitions end with yesterday.
        days = dg.DailyPartitionsDefinition(
            start_date=space.start.isoformat(), end_offset=max(ahead, 1)
        )
        return dg.MultiPartitionsDefinition({"connection": connections, "day": days})


def key(connection: str, day: date) -> str:
    """Return the partition key of one connection's day."""
    return f"{connection}|{day.isoformat()}"


def by_connection(keys: Iterable[str]) -> Mapping[str, list[Window]]:
    """Return the windows of days that a run's partition keys make up, by connection."""
    days: dict[str, list[date]] = defaultdict(list)
    for partition in keys:
        # No slug has a `|` in it.
        connection, day = str(partition).split("|")
        days[connection].append(date.fromisoformat(day))
    return {connection: windows(listed) for connection, listed in sorted(days.items())}


def connection_tags(connection: str) -> dict[str, str]:
    """Return the tags of a run about one connection: one such run goes on at a time."""
    return {CONNECTION: connection}


def range_tags(connection: str, window: Window) -> dict[str, str]:
    """Return the tags of a run over one window of one connection: all that Dagster needs."""
    last = window.end - ONE_DAY
    return connection_tags(connection) | {
        RANGE_START: key(connection, window.start),
        RANGE_END: key(connection, last),
        DAYS: days_tag(window.start, last),
    }


def days_tag(first: date, last: date) -> str:
    """Return days as the Runs page shows them."""
    return f"{first}" if first == last else f"{first} to {last}"
