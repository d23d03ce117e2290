"""Runs that triggers ask for: which job, for which store and business day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from connectors.database.registry import Connection, StoredEvent
from connectors.errors import BadInput
from connectors.triggers.actions import RunJobAction
from pipelines.checks import CHAIN, PUBLISHED, RAW
from pipelines.names import DATA, FETCH, PUBLISH, WAREHOUSE, WAREHOUSE_JOB

# Jobs by their assets: one fetches, two work on days of a store, one on the home as a whole.
JOBS: Final[Mapping[str, tuple[str, ...]]] = {
    FETCH: (RAW,),
    DATA: tuple(CHAIN),
    PUBLISH: (PUBLISHED,),
    WAREHOUSE_JOB: (WAREHOUSE,),
}


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run of a job, of some of its assets where they are named.

    `connection` and `day` are what it is for: none for the warehouse, no day for a fetch.
    """

    job: str
    assets: tuple[str, ...]
    connection: str | None
    day: date | None
    channel: str = ""


def check_run(action: RunJobAction) -> None:
    """Raise `BadInput` for a job or assets that there are not, or that no one job has."""
    if (action.job is None) == (not action.assets):
        raise BadInput("actions.run_job: name a job or assets, and not both")
    _job(action)


def planned_run(
    action: RunJobAction, event: StoredEvent, connection: Connection | None
) -> PlannedRun:
    """Return the run for an event; `BadInput` where the event is about no store."""
    job = _job(action)
    if job == WAREHOUSE_JOB:
        return PlannedRun(job, action.assets, None, None)
    if connection is None:
        raise BadInput(f"the event is about no store that is still here, and {job} is for one")
    if job == FETCH:
        return PlannedRun(job, action.assets, connection.slug, None, connection.channel)
    return PlannedRun(job, action.assets, connection.slug, _day(event, connection))


def _job(action: RunJobAction) -> str:
    if action.job is not None:
        if action.job not in JOBS:
            raise BadInput(f"actions.run_job.job: there is no job {action.job!r}; {_listed(JOBS)}")
        return action.job
    for job, assets in JOBS.items():
        if set(action.assets) <= set(assets):
            return job
    every = [asset for assets in JOBS.values() for asset in assets]
    raise BadInput(
        f"actions.run_job.assets: {', '.join(action.assets)} are not assets of one job; "
        f"{_listed(every)}"
    )


def _day(event: StoredEvent, connection: Connection) -> date:
    stated = event.fields.get("business_date")
    if stated:
        return date.fromisoformat(stated)
    return event.occurred_at.astimezone(ZoneInfo(connection.timezone)).date()


def _listed(names: Mapping[str, object] | list[str]) -> str:
    return f"there are: {', '.join(names)}"
