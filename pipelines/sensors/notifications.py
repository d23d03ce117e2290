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
    """Brings scheduled syncs forward and asks for no run itself; without a queue it does nothing.

    The cursor is the queue that was asked last.
    """
    from pipelines.stages.listening import listen

    with daybook.open() as workspace:
        heard = listen(workspace, daybook.clock(), context.log, context.cursor or "")
    said = [
        f"{heard.messages} messages" if heard.messages else "no messages",
        f"{heard.unread} cannot be read" if heard.unread else "",
        f"sooner: {', '.join(sorted(heard.advanced))}" if heard.advanced else "",
        f"no answer for {', '.join(sorted(heard.silent))}" if heard.silent else "",
    ]
    return dg.SensorResult(
        skip_reason=dg.SkipReason("; ".join(filter(None, said))), cursor=heard.last or None
    )
