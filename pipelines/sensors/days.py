"""New connections get their partition key; documents request exactly the days they touch."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg

from connectors.database.registry import InboxEvent
from connectors.lake.windows import windows
from pipelines.jobs import data_job
from pipelines.names import DATA, DAYS_BETWEEN_RUNS, FETCH
from pipelines.partitions import connections, range_tags
from pipelines.resources import Daybook
from pipelines.sensors.partition_growth import are_partitions, ask_for_growth
from pipelines.sensors.under_way import busy_connections

EVENTS_A_TICK = 1000


@dg.sensor(
    job=data_job,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Computes the days that new documents touch, or that were requested.",
)
def touched_days(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """Request one run a connection and window of days; what comes meanwhile waits for its end.

    The run takes its days out of the inbox. The run key names the newest event and today: a run
    that was cancelled or killed is requested again with the next event, or tomorrow. Days that are
    no partitions yet wait until the code location is loaded anew.
    """
    from connectors.accounts.platforms import has_settlements

    with daybook.open() as workspace:
        slugs = {c.slug for c in workspace.registry.connections.list() if has_settlements(c)}
        events = workspace.registry.inbox.list(0, EVENTS_A_TICK)
        beyond = [event for event in events if not are_partitions(event.days, daybook.space)]
        # Asked only with events: this query scans runs, and most ticks have nothing to do.
        busy = busy_connections(context.instance, (DATA, FETCH)) if events else set()
        if beyond:
            oldest = min(event.at for event in beyond)
            ask_for_growth(context.instance, workspace.settings, oldest)
    requests = list(_requests(e for e in events if e not in beyond and e.connection not in busy))
    reason = _reason(events, busy)
    if beyond:
        days = [day for event in beyond for day in event.days]
        reason = (
            f"Days from {min(days)} to {max(days)} are not all partitions yet: the code location "
            "is to be loaded anew."
        )
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else dg.SkipReason(reason),
        dynamic_partitions_requests=_partition_requests(context.instance, slugs),
    )


def _partition_requests(
    instance: dg.DagsterInstance, slugs: set[str]
) -> list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest]:
    """Bring the partition keys up to the connections; those of removed stores go."""
    existing = set(instance.get_dynamic_partitions(connections.name or ""))
    requests: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if new := sorted(slugs - existing):
        requests.append(connections.build_add_request(new))
    if removed := sorted(existing - slugs):
        requests.append(connections.build_delete_request(removed))
    return requests


def _requests(events: Iterable[InboxEvent]) -> Iterable[dg.RunRequest]:
    touched: Mapping[str, list[InboxEvent]] = defaultdict(list)
    for event in events:
        touched[event.connection].append(event)
    for slug, listed in touched.items():
        days = {day for event in listed for day in event.days}
        today = datetime.now(UTC).date()
        # Near days share a run: starting one costs seconds, an extra day milliseconds.
        for window in windows(days, gap=DAYS_BETWEEN_RUNS):
            yield dg.RunRequest(
                run_key=f"{slug}|{window.start}|{window.end}|{listed[-1].id}|{today}",
                tags=range_tags(slug, window),
            )


def _reason(events: Sequence[InboxEvent], busy: set[str]) -> str:
    if not events:
        return "No new documents, and no requested days."
    waiting = sorted({event.connection for event in events} & busy)
    return f"Waiting for the runs of {', '.join(waiting)} to end: their new days come after."
