"""Dates that a clock which was ahead has left: they hold nothing up.

A sensor waits until so long after its last tick, and a schedule goes on after its latest one. While
a clock is a year ahead both note a date of next year, and would rest until then. What is later than
now counts as a day ago: whoever waits has waited long enough, and makes up for one day at most.
"""

import time
from typing import Any, Final

from dagster._core.scheduler.instigation import (
    InstigatorState,
    ScheduleInstigatorData,
    SensorInstigatorData,
)

# Clocks of machines that share a database differ a little.
TOLERANCE_SECONDS: Final = 60.0
DAY_SECONDS: Final = 86_400.0


def latest_possible() -> float:
    """Return the latest instant that a tick can have happened at."""
    return time.time() + TOLERANCE_SECONDS


def not_ahead(state: InstigatorState) -> InstigatorState:
    """Return the state of a sensor or schedule without dates that are still to come."""
    data = state.instigator_data
    match data:
        case SensorInstigatorData():
            names = ("last_tick_timestamp", "last_tick_start_timestamp")
        case ScheduleInstigatorData():
            names = ("last_iteration_timestamp", "start_timestamp")
        case _:
            return state
    latest = latest_possible()
    ahead = [name for name in names if (getattr(data, name) or 0.0) > latest]
    if not ahead:
        return state
    # Not now: this is read before every tick, and no interval would ever pass.
    dates: dict[str, Any] = dict.fromkeys(ahead, time.time() - DAY_SECONDS)
    mended = data._replace(**dates)
    return state.with_data(mended)
