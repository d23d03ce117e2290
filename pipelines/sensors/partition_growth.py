"""Days that are no partitions yet: the code location is loaded anew for them, when it is free."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

import dagster as dg

from connectors.home.settings import Settings
from connectors.lake.windows import ONE_DAY, Window
from pipelines.reload_request import ask_for_reload
from pipelines.runs import WORKING

# A restart of the code server ends its runs, which are retried; a busy home must restart sometime.
LONGEST_WAIT: Final = timedelta(minutes=10)


def are_partitions(days: Iterable[date], space: Window | None) -> bool:
    """Return whether all days are partitions of the code location; `space` are those it loaded."""
    if space is None:
        return True
    # The partitions of a code location grow with the calendar.
    end = max(space.end, datetime.now(UTC).date() + ONE_DAY)
    return all(space.start <= day < end for day in days)


def ask_for_growth(
    instance: dg.DagsterInstance, settings: Settings, waiting_since: datetime
) -> None:
    """Ask for a reload once no run is under way, or days have waited for long."""
    if waiting_since < datetime.now(UTC) - LONGEST_WAIT or not _is_working(instance):
        ask_for_reload(settings)


def _is_working(instance: dg.DagsterInstance) -> bool:
    """Return whether any run is under way: a restart of the code server ends its runs."""
    return bool(instance.get_runs(dg.RunsFilter(statuses=WORKING), limit=1))
