"""Orders, payments, products and contacts: accounts are polled, changed days are normalised."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

import dagster as dg

from connectors.lake.windows import windows
from pipelines.jobs import import_records_job, normalise_orders_job
from pipelines.names import DAYS_BETWEEN_RUNS, IMPORT_RECORDS, NORMALISE_ORDERS
from pipelines.partitions import CHANNEL, connection_tags, connections, range_tags
from pipelines.resources import Daybook
from pipelines.sensors.partition_growth import are_partitions, ask_for_growth
from pipelines.sensors.under_way import busy_connections

RUNS_A_TICK: Final = 50
DAYS_A_TICK: Final = 5_000


@dg.sensor(
    job=import_records_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reads orders, payments, products and contacts that changed, every few minutes.",
)
def due_imports(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """Request an import for every account that chose one and whose time has come.

    The run key names the time that an import was due at: one that was lost is asked for again at
    the next.
    """
    from pipelines.stages.record_schedule import due_connections

    now = daybook.clock()
    existing = set(context.instance.get_dynamic_partitions(connections.name or ""))
    with daybook.open() as workspace:
        due = [d for d in due_connections(workspace, now) if d.connection.slug in existing]
    # Asked only where something is due: this query scans runs.
    busy = busy_connections(context.instance, [IMPORT_RECORDS]) if due else set()
    requests = [
        dg.RunRequest(
            run_key=f"{each.connection.slug}|records|{each.at.isoformat()}|{_quarter(now)}",
            partition_key=each.connection.slug,
            tags={**connection_tags(each.connection.slug), CHANNEL: each.connection.channel},
        )
        for each in due
        if each.connection.slug not in busy
    ]
    reason = None if requests else dg.SkipReason("No account is due to be asked for its orders.")
    return dg.SensorResult(run_requests=requests[:RUNS_A_TICK], skip_reason=reason)


def _quarter(now: datetime) -> str:
    # What failed without a word is asked for again in a quarter of an hour, not at every tick.
    return (now - timedelta(minutes=now.minute % 15)).strftime("%Y-%m-%dT%H:%M")


@dg.sensor(
    job=normalise_orders_job,
    minimum_interval_seconds=20,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Normalises the days whose orders or payments changed.",
)
def changed_orders(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """Request one run a connection and window of days; the run takes its days off."""
    with daybook.open() as workspace:
        imports = workspace.registry.record_imports
        waiting = imports.waiting(DAYS_A_TICK)
        beyond = {s for s, days in waiting.items() if not are_partitions(days, daybook.space)}
        since = imports.waiting_since() if beyond else None
        if since is not None:
            ask_for_growth(context.instance, workspace.settings, since)
    busy = busy_connections(context.instance, [NORMALISE_ORDERS]) if waiting else set()
    # A store whose days are to become partitions holds up no other.
    requests = list(_requests(waiting, busy | beyond))[:RUNS_A_TICK]
    reason = _reason(bool(waiting), bool(beyond))
    return dg.SensorResult(
        run_requests=requests, skip_reason=None if requests else dg.SkipReason(reason)
    )


def _requests(
    waiting: Mapping[str, Mapping[date, int]], left_out: set[str]
) -> Iterable[dg.RunRequest]:
    today = datetime.now(UTC).date()
    for slug, days in waiting.items():
        if slug in left_out:
            continue
        for window in windows(days, gap=DAYS_BETWEEN_RUNS):
            newest = max(request for day, request in days.items() if day in window)
            yield dg.RunRequest(
                run_key=f"{slug}|orders|{window.start}|{window.end}|{newest}|{today}",
                tags=range_tags(slug, window),
            )


def _reason(is_waiting: bool, is_beyond: bool) -> str:
    if is_beyond:
        return "Days of orders are no partitions yet: the code location is to be loaded anew."
    if is_waiting:
        return "Waiting for runs of these stores to end: their new days come after."
    return "No orders or payments have changed."
