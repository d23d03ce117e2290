"""Hints of platforms: accounts in which something happened are synced sooner."""

import dagster as dg

from pipelines.jobs import fetch_job
from pipelines.resources import Daybook


@dg.sensor(
    job=fetch_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Brings forward the next sync of accounts whose platform sent a webhook.",
)
def webhook_hints(
    _context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """Bring syncs and imports of records forward; request no run.

    `due_syncs` and `due_imports` request the runs.
    """
    from pipelines.stages.hints import handle_hints
    from pipelines.stages.privacy import answer_requests

    with daybook.open() as workspace:
        now = daybook.clock()
        imports = workspace.registry.record_imports
        result = handle_hints(workspace, now, lambda streams: imports.ask(streams.keys(), now))
        # Last: a request that cannot be opened keeps no sync from being brought forward.
        answered = answer_requests(workspace)
    sentences = [
        f"{result.handled} webhooks" if result.handled else "no webhooks",
        f"{answered.erased} people erased" if answered.erased else "",
        f"{result.waiting} wait for the end of a sync" if result.waiting else "",
        f"{len(result.advanced)} accounts are synced sooner" if result.advanced else "",
    ]
    return dg.SensorResult(skip_reason=dg.SkipReason("; ".join(filter(None, sentences))))
