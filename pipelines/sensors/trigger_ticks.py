"""A tick of the sensors of triggers: runs that are requested, and deliveries that are sent.

Apart from the sensors, because templates and receivers take longer to import than all of them.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg
from dagster._core.storage.tags import RUN_KEY_TAG, WILL_RETRY_TAG

from connectors.database.registry import StoredDelivery, StoredEvent
from connectors.errors import BadInput
from connectors.lake.windows import ONE_DAY, Window
from connectors.triggers.actions import RunJobAction
from connectors.triggers.kinds import event_kinds
from pipelines.partitions import CHANNEL, CONNECTION, connection_tags, connections, range_tags
from pipelines.resources import Daybook
from pipelines.stages.derived_events import (
    RUNS,
    FailedRun,
    derive_events,
    record_failed_runs,
)
from pipelines.stages.trigger_delivery import RoundResult, deliver_due, match_triggers
from pipelines.stages.trigger_runs import PlannedRun, planned_run
from pipelines.stages.triggers import readable_triggers
from pipelines.stages.workspace import Workspace

# Dagster creates the runs within the tick, whose time is limited; the rest follows in the next.
RUNS_A_TICK: Final = 100
_FAILED_RUNS_A_TICK: Final = 200
_EVER: Final = datetime.max.replace(tzinfo=UTC)
_PARTITIONS_EVERY: Final = timedelta(minutes=1)
_OVERLAP: Final = timedelta(hours=1)
# The tag of runs that a trigger asked for.
TRIGGER: Final = "trigger"
SENSOR_KINDS: Final = ("order_submitted", "payment_received", "settlement_closed")


def runs_of_kind(
    context: dg.SensorEvaluationContext, workspace: Workspace, daybook: Daybook, kind: str
) -> dg.SensorResult:
    """Request a run for every delivery of a `run_job` action of one kind's triggers."""
    match_triggers(workspace, daybook.clock())
    requests, newest, waiting = _requests(context, workspace, daybook, (kind,))
    when = event_kinds()[kind].when
    reason = waiting or f"No trigger asks for a run: nothing new where {when}."
    return _result(context, requests, newest, reason)


def deliver(
    context: dg.SensorEvaluationContext, workspace: Workspace, daybook: Daybook
) -> dg.SensorResult:
    """Derive events, match triggers and send what is due; request runs of the other kinds."""
    number = derive_events(workspace, daybook.clock())
    number += _record_failed_runs(context.instance, workspace, daybook.clock())
    match_triggers(workspace, daybook.clock())
    kinds = [kind for kind in event_kinds() if kind not in SENSOR_KINDS]
    requests, newest, waiting = _requests(context, workspace, daybook, kinds)
    outcome = deliver_due(workspace, daybook.clock)
    return _result(context, requests, newest, waiting or _sentence(number, outcome))


def _result(
    context: dg.SensorEvaluationContext,
    requests: list[dg.RunRequest],
    newest: int,
    reason: str,
) -> dg.SensorResult:
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else dg.SkipReason(reason),
        cursor=str(max(newest, _number(context.cursor))),
    )


def _requests(
    context: dg.SensorEvaluationContext,
    workspace: Workspace,
    daybook: Daybook,
    kinds: Sequence[str],
) -> tuple[list[dg.RunRequest], int, str | None]:
    """Return requests of runs, the newest event among them, and what others wait for."""
    registry = workspace.registry
    now = daybook.clock()
    due = _unseen(context.instance, workspace, kinds)
    due += registry.deliveries.runs(kinds, "waiting", now, RUNS_A_TICK - len(due))
    if not due:
        return [], 0, None
    documents = readable_triggers(workspace)
    by_slug = {connection.slug: connection for connection in registry.connections.list()}
    partitions = set(context.instance.get_dynamic_partitions(connections.name or ""))
    requests: list[dg.RunRequest] = []
    requested: list[int] = []
    newest, waiting = 0, None
    for delivery, event in due:
        document = documents.get(delivery.trigger)
        action = document.by_name.get(delivery.action) if document else None
        try:
            if not isinstance(action, RunJobAction):
                raise BadInput("the trigger no longer has this action")
            if _is_of_trigger(context.instance, event):
                raise BadInput("the run that failed was a trigger's own: another would fail, too")
            run = planned_run(action, event, by_slug.get(event.connection or ""))
        except BadInput as error:
            registry.deliveries.settle([delivery.id], "dead", str(error))
            continue
        # `touched_days` adds keys, and the code location is loaded anew for days.
        if not _has_partition(run, partitions, daybook.space):
            waiting = f"Waiting for the partition {run.connection} {run.day or ''}".rstrip() + "."
            registry.deliveries.defer([delivery.id], now + _PARTITIONS_EVERY, waiting)
            continue
        requests.append(_request(run, delivery))
        requested.append(delivery.id)
        newest = max(newest, event.id)
    registry.deliveries.begin(requested)
    return requests, newest, waiting


def _unseen(
    instance: dg.DagsterInstance, workspace: Workspace, kinds: Sequence[str]
) -> list[tuple[StoredDelivery, StoredEvent]]:
    """Return runs that were requested and that nobody made; those that were made are sent."""
    deliveries_of = workspace.registry.deliveries
    requested = list(deliveries_of.runs(kinds, "sending", _EVER, RUNS_A_TICK))
    if not requested:
        return []
    keys = [_run_key(delivery) for delivery, _ in requested]
    runs = instance.get_runs(dg.RunsFilter(tags={RUN_KEY_TAG: keys}))
    by_key = {run.tags[RUN_KEY_TAG]: run.run_id for run in runs}
    unseen = []
    for (delivery, event), key in zip(requested, keys, strict=True):
        if key in by_key:
            deliveries_of.settle([delivery.id], "sent", f"run {by_key[key]}")
        else:
            unseen.append((delivery, event))
    return unseen


def _is_of_trigger(instance: dg.DagsterInstance, event: StoredEvent) -> bool:
    """Return whether an event is about a run that a trigger asked for: it would go on for ever."""
    if event.kind != "run_failed" or not event.fields["run"]:
        return False
    run = instance.get_run_by_id(event.fields["run"])
    return run is not None and TRIGGER in run.tags


def _request(run: PlannedRun, delivery: StoredDelivery) -> dg.RunRequest:
    tags = {TRIGGER: delivery.trigger}
    if run.connection is not None and run.day is None:
        tags |= {**connection_tags(run.connection), CHANNEL: run.channel}
    elif run.connection is not None and run.day is not None:
        tags |= range_tags(run.connection, Window(run.day, run.day + ONE_DAY))
    return dg.RunRequest(
        run_key=_run_key(delivery),
        job_name=run.job,
        asset_selection=[dg.AssetKey(asset) for asset in run.assets] or None,
        # A range of days is named by tags.
        partition_key=run.connection if run.day is None else None,
        tags=tags,
    )


def _run_key(delivery: StoredDelivery) -> str:
    return f"{delivery.trigger}|{delivery.action}|{delivery.event}|{delivery.revision}"


def _has_partition(run: PlannedRun, partitions: set[str], space: Window | None) -> bool:
    if run.connection is None:
        return True
    if run.connection not in partitions:
        return False
    return run.day is None or space is None or run.day in space


def _record_failed_runs(instance: dg.DagsterInstance, workspace: Workspace, now: datetime) -> int:
    """Record runs that failed since the last tick; those that are retried did not fail yet."""
    events = workspace.registry.events
    since = min(events.derived_through(RUNS) or now, now) - _OVERLAP
    records = instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since),
        limit=_FAILED_RUNS_A_TICK,
    )
    number = record_failed_runs(workspace, _failed_runs(records))
    events.mark(RUNS, now)
    return number


def _failed_runs(records: Iterable[dg.RunRecord]) -> Iterable[FailedRun]:
    for record in records:
        run = record.dagster_run
        if run.tags.get(WILL_RETRY_TAG) != "true":
            job, connection = run.job_name, run.tags.get(CONNECTION)
            yield FailedRun(run.run_id, job, connection, record.update_timestamp)


def _sentence(events: int, outcome: RoundResult) -> str:
    parts = [
        f"Events recorded: {events}." if events else "",
        f"Deliveries sent: {outcome.sent}." if outcome.sent else "",
        f"Failed, and tried again later: {outcome.failed}." if outcome.failed else "",
        f"Given up: {outcome.dead}; see `daybook triggers history`." if outcome.dead else "",
    ]
    return " ".join(filter(None, parts)) or "Nothing happened, and nothing is due."


def _number(cursor: str | None) -> int:
    return int(cursor) if cursor and cursor.isdigit() else 0
