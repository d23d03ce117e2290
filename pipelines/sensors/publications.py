"""Planned journals to the books, as their own runs: Beancount is always written."""

import hashlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from connectors.database.registry import Publication
from connectors.database.registry.records import PublicationState
from connectors.lake.windows import windows
from mappings.model import BOOKS
from pipelines.jobs import publish_job
from pipelines.names import DATA, DAYS_BETWEEN_RUNS, FETCH, PUBLISH
from pipelines.partitions import range_tags
from pipelines.resources import Daybook
from pipelines.sensors.under_way import busy_connections
from pipelines.stages.delivery import is_due
from pipelines.stages.organisations import posted_to

# The longest time until the sensor that computes days sees a new event.
A_TICK_OR_TWO: Final = timedelta(seconds=30)
# The answer about some was lost: they are looked for before anything is sent again.
OUTSTANDING: Final[tuple[PublicationState, ...]] = ("planned", "sending", "unknown")


@dg.sensor(
    job=publish_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Posts planned entries to the books and to accounting organisations.",
)
def planned_entries(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """Request one run a connection and window, when the connection's own days are computed.

    The run key contains the entries' content and time: a failed publish is requested again only
    after somebody retries it. What an organisation lacks is requested again every hour, as nobody
    here ends its outages. Entries in the books without a journal are due, too: they are removed.
    """
    with daybook.open() as workspace:
        listed = [
            *workspace.registry.publications.list(states=OUTSTANDING),
            *workspace.registry.publications.unsupported(),
        ]
        # Organisations are asked for only where there is something for one.
        if any(p.target != BOOKS for p in listed):
            targets = {BOOKS, *posted_to(workspace)}
            listed = [p for p in listed if p.target in targets]
        listed = [p for p in listed if p.withdrawn_at is not None or is_due(p)]
        events = workspace.registry.inbox.list()
    due: dict[str, list[Publication]] = defaultdict(list)
    for publication in listed:
        due[publication.connection].append(publication)
    busy = busy_connections(context.instance, (FETCH, DATA, PUBLISH)) if due else set()
    # Days that `touched_days` requests next come first, so that the books are written once.
    just_now = datetime.now(UTC) - A_TICK_OR_TWO
    ready = due.keys() - busy - {e.connection for e in events if e.at > just_now}
    requests = [
        dg.RunRequest(
            run_key=f"{slug}|{window.start}|{window.end}|{_digest(listed)}{_hour(listed)}",
            tags=range_tags(slug, window),
        )
        for slug, listed in due.items()
        if slug in ready
        for window in windows((p.business_date for p in listed), gap=DAYS_BETWEEN_RUNS)
    ]
    if requests:
        return dg.SensorResult(run_requests=requests)
    waiting = sorted(due.keys() - ready)
    reason = f"Waiting for the days of {', '.join(waiting)}." if waiting else "No entry is due."
    return dg.SensorResult(skip_reason=dg.SkipReason(reason))


def _hour(listed: list[Publication]) -> str:
    """Return the hour where an entry is due at an organisation, and nothing else."""
    is_elsewhere = any(publication.target != BOOKS for publication in listed)
    return f"|{datetime.now(UTC):%Y-%m-%dT%H}" if is_elsewhere else ""


def _digest(listed: list[Publication]) -> str:
    text = "\n".join(
        f"{p.target} {p.entry_id} {p.revision} {p.content_hash} {p.state} {p.withdrawn_at or ''} "
        f"{p.updated_at}"
        for p in listed
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]
