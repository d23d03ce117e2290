"""Accounts are visited when it is time: at first, every morning, and when a wait is over."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

from connectors.database.registry import Connection, ScheduledSync
from connectors.lake.windows import windows
from pipelines.jobs import data_job
from pipelines.partitions import connections, range_tags
from pipelines.resources import Daybook
from pipelines.stages.workspace import Workspace

# A run costs about as much as a month of days that have nothing to do.
DAYS_BETWEEN_RUNS = 31
VISITS_A_TICK = 50
SCHEDULED = "daybook/scheduled_visit"
# The next visit is tomorrow at the latest; only a clock that was ahead made one further away.
FARTHEST = timedelta(days=8)


@dg.sensor(
    job=data_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Visits connected accounts: first all of their history, then every morning.",
)
def due_visits(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """A run for every account whose time has come; the run schedules the next sync.

    A sync that no run did is asked for again on the day after.
    """
    now = daybook.clock()
    with daybook.open() as workspace:
        known = set(context.instance.get_dynamic_partitions(connections.name or ""))
        asked = list(_requests(workspace, known, now))
    return dg.SensorResult(run_requests=asked)


def _requests(workspace: Workspace, known: set[str], now: datetime) -> Iterator[dg.RunRequest]:
    from connectors.channels.history import can_visit
    from pipelines.stages.visiting import due_days

    scheduled_syncs = workspace.registry.sync_schedule.by_connection()
    due = [
        (connection, scheduled_syncs.get(connection.slug))
        for connection in workspace.registry.connections.list()
        if connection.slug in known
        and can_visit(connection)
        and _is_due(connection, scheduled_syncs.get(connection.slug), now)
    ]
    for connection, made in due[:VISITS_A_TICK]:
        days = {*due_days(workspace, connection, now), *(made.days if made else ())}
        which = made.at.isoformat() if made else "first"
        for window in windows(days, gap=DAYS_BETWEEN_RUNS):
            yield dg.RunRequest(
                run_key=f"{connection.slug}|visit|{which}|{now:%Y-%m-%d}|{window.start}",
                tags={**range_tags(connection.slug, window), SCHEDULED: "yes"},
            )


def _is_due(connection: Connection, made: ScheduledSync | None, now: datetime) -> bool:
    from connectors.accounts.setup import Setup

    setup = Setup.model_validate(connection.setup)
    if connection.setup and setup.step != "done":
        return False
    if made is None:
        return True
    is_over = made.at <= now or made.at > now + FARTHEST
    return is_over and (setup.imports.ongoing or bool(made.days))
