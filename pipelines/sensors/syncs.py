"""Accounts are synced when it is time: at first, every morning, and when a wait is over."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import dagster as dg

from connectors.database.registry import Connection, ScheduledSync
from pipelines.assets.raw import SCHEDULED
from pipelines.checks import RAW
from pipelines.jobs import fetch_job
from pipelines.names import FETCH
from pipelines.partitions import CHANNEL, connection_tags, connections
from pipelines.resources import Daybook
from pipelines.sensors.under_way import busy_connections
from pipelines.stages.workspace import Workspace

SYNCS_A_TICK: Final = 50
# Syncs are scheduled days ahead at most; a later one was scheduled while the clock was ahead.
FARTHEST: Final = timedelta(days=8)


@dg.sensor(
    job=fetch_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Syncs connected accounts: first all of their history, then every morning.",
)
def due_syncs(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """Request a fetch for every account whose time has come; the run schedules the next sync.

    A sync whose run was lost is requested again the next day, by the date in its run key.
    """
    now = daybook.clock()
    partitions = set(context.instance.get_dynamic_partitions(connections.name or ""))
    with daybook.open() as workspace:
        requests = list(_requests(workspace, partitions, now))
    if requests:
        busy = busy_connections(context.instance, [FETCH])
        requests = [request for request in requests if request.partition_key not in busy]
    reason = None if requests else dg.SkipReason("No account is due to be synced.")
    return dg.SensorResult(run_requests=requests, skip_reason=reason)


def _requests(workspace: Workspace, partitions: set[str], now: datetime) -> Iterator[dg.RunRequest]:
    from connectors.channels.history import can_sync

    scheduled_syncs = workspace.registry.sync_schedule.by_connection()
    due = [
        (connection, scheduled_syncs.get(connection.slug))
        for connection in workspace.registry.connections.list()
        # `touched_days` adds the key at its next tick; before that the run would fail.
        if connection.slug in partitions
        and can_sync(connection)
        and _is_due(connection, scheduled_syncs.get(connection.slug), now)
    ]
    # Dagster creates the runs within the tick, whose time is limited; the rest follows in a minute.
    for connection, scheduled in due[:SYNCS_A_TICK]:
        at = scheduled.at.isoformat() if scheduled else "first"
        yield dg.RunRequest(
            run_key=f"{connection.slug}|sync|{at}|{now:%Y-%m-%d}",
            partition_key=connection.slug,
            run_config=_config(scheduled),
            tags={
                **connection_tags(connection.slug),
                CHANNEL: connection.channel,
                SCHEDULED: "yes",
            },
        )


def _config(scheduled: ScheduledSync | None) -> dict[str, Any]:
    """Return the config of a run that fetches days again which somebody named."""
    from pipelines.stages.syncs import DAYS_ASKED_FOR

    if scheduled is None or scheduled.reason != DAYS_ASKED_FOR or not scheduled.days:
        return {}
    days = {"first_day": str(min(scheduled.days)), "last_day": str(max(scheduled.days))}
    return {"ops": {RAW: {"config": days}}}


def _is_due(connection: Connection, scheduled: ScheduledSync | None, now: datetime) -> bool:
    from connectors.accounts.setup import Setup

    setup = Setup.model_validate(connection.setup)
    # Its owner has not said yet what to import, and from when.
    if connection.setup and setup.step != "done":
        return False
    if scheduled is None:
        return True
    is_over = scheduled.at <= now or scheduled.at > now + FARTHEST
    return is_over and (setup.imports.ongoing or bool(scheduled.days or scheduled.reason))
