"""Notification queues: accounts with new activity are synced sooner."""

import dagster as dg

from pipelines.jobs import fetch_job
from pipelines.resources import Daybook


@dg.sensor(
    job=fetch_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Polls notification queues and brings forward the next sync of accounts.",
)
def notifications(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """Bring scheduled syncs forward; request no run, and do nothing without a queue.

    The cursor is the queue that was asked last.
    """
    from pipelines.stages.notification_poll import poll_queues

    with daybook.open() as workspace:
        result = poll_queues(workspace, daybook.clock(), context.log, context.cursor or "")
    sentences = [
        f"{result.messages} messages" if result.messages else "no messages",
        f"{result.unread} cannot be read" if result.unread else "",
        f"sooner: {', '.join(sorted(result.advanced))}" if result.advanced else "",
        f"no answer for {', '.join(sorted(result.silent))}" if result.silent else "",
    ]
    return dg.SensorResult(
        skip_reason=dg.SkipReason("; ".join(filter(None, sentences))), cursor=result.last or None
    )
