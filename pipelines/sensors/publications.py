"""Planned journals to the books, as their own runs: Beancount is always written."""

import hashlib
from collections import defaultdict

import dagster as dg
from dagster._core.storage.tags import PRIORITY_TAG

from connectors.database.registry import Publication
from connectors.lake.windows import windows
from pipelines.jobs import PUBLISH, publish_job
from pipelines.partitions import RANGE_START, range_tags
from pipelines.resources import Daybook
from pipelines.stages.journals import BOOKS

# A shop that sells on some days only is still one run, not one run a day.
DAYS_BETWEEN = 31
# Posting takes its turn behind the data that is queued: a backfill's postings come in one go at
# its end, and where a day is built twice the books are written once.
AFTER_THE_DATA = {PRIORITY_TAG: "-1"}


@dg.sensor(
    job=publish_job,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Posts planned entries to the books.",
)
def planned_entries(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """One run a connection and window; the run key carries the entries' content, and since when
    they are due: what failed is asked for again when somebody does.

    Entries that stand in the books without support are due too: they are taken out.
    """
    with daybook.open() as workspace:
        planned = workspace.registry.publications.list(BOOKS, states=["planned"])
        unsupported = workspace.registry.publications.unsupported(BOOKS)
    due: dict[str, list[Publication]] = defaultdict(list)
    for publication in [*planned, *unsupported]:
        due[publication.connection].append(publication)
    busy = _publishing(context.instance) if due else set()
    requests = [
        dg.RunRequest(
            run_key=f"{slug}|{window.start}|{window.end}|{_digest(listed)}",
            tags=range_tags(slug, window) | AFTER_THE_DATA,
        )
        for slug, listed in due.items()
        if slug not in busy
        for window in windows((p.business_date for p in listed), gap=DAYS_BETWEEN)
    ]
    return dg.SensorResult(run_requests=requests)


def _publishing(instance: dg.DagsterInstance) -> set[str]:
    """Connections with a publish run under way: what it leaves is asked for when it has ended."""
    under_way = dg.RunsFilter(
        job_name=PUBLISH,
        statuses=[
            dg.DagsterRunStatus.QUEUED,
            dg.DagsterRunStatus.NOT_STARTED,
            dg.DagsterRunStatus.STARTING,
            dg.DagsterRunStatus.STARTED,
        ],
    )
    starts = (run.tags.get(RANGE_START, "") for run in instance.get_runs(under_way))
    return {start.split("|")[0] for start in starts}


def _digest(listed: list[Publication]) -> str:
    text = "\n".join(
        f"{p.entry_id} {p.revision} {p.content_hash} {p.state} {p.withdrawn_at or ''} "
        f"{p.updated_at}"
        for p in listed
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]
