"""New connections get their partition key; documents request exactly the days they touch."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import dagster as dg

from connectors.database.registry import InboxEvent
from connectors.lake.windows import windows
from pipelines.jobs import data_job
from pipelines.partitions import connections, range_tags
from pipelines.resources import Daybook

EVENTS_A_TICK = 1000


@dg.sensor(
    job=data_job,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs the days that newly imported documents touch.",
)
def imported_documents(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """One run a connection and window of days, each requested once.

    The cursor is the last event that runs were requested for. It is saved with the requests, so
    events up to it are put away by the tick after.
    """
    from connectors.accounts.platforms import has_settlements

    after = int(context.cursor or 0)
    with daybook.open() as workspace:
        slugs = [c.slug for c in workspace.registry.connections.list() if has_settlements(c)]
        waiting = workspace.registry.inbox.list(0, 2 * EVENTS_A_TICK)
        requested = [event.id for event in waiting if event.id <= after]
        if requested:
            workspace.registry.inbox.mark_handled(requested)
    events = [event for event in waiting if event.id > after][:EVENTS_A_TICK]
    known = set(context.instance.get_dynamic_partitions(connections.name or ""))
    new = [slug for slug in slugs if slug not in known]
    return dg.SensorResult(
        run_requests=list(_requests(events)),
        dynamic_partitions_requests=[connections.build_add_request(new)] if new else [],
        cursor=str(events[-1].id if events else after),
    )


def _requests(events: Iterable[InboxEvent]) -> Iterator[dg.RunRequest]:
    touched: dict[str, list[InboxEvent]] = defaultdict(list)
    for event in events:
        touched[event.connection].append(event)
    for slug, listed in touched.items():
        for window in windows(day for event in listed for day in event.days):
            yield dg.RunRequest(
                run_key=f"{slug}|{window.start}|{window.end}|{listed[0].id}-{listed[-1].id}",
                tags=range_tags(slug, window),
            )
