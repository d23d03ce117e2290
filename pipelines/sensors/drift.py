"""Organisations in which an entry of ours was changed are checked within a minute or two."""

import dagster as dg

from pipelines.drift_check import drift_check, drift_config
from pipelines.resources import Daybook
from pipelines.sensors.under_way import UNFINISHED


@dg.sensor(
    # By its name: Dagster rebuilds a sensor that holds the job itself, and warns of its own doing.
    job_name=drift_check.name,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Checks organisations that told of a changed entry.",
)
def requested_drift_checks(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """Request one run for every organisation whose check is due, and one at a time.

    A check that failed is requested again every hour until one succeeds.
    """
    from pipelines.stages.target_events import handle_target_events, requested_checks

    now = daybook.clock()
    with daybook.open() as workspace:
        # What their webhooks told since the last tick is due in a minute.
        handle_target_events(workspace, now)
        due = requested_checks(workspace, now)
    if not due:
        return dg.SensorResult(skip_reason="No organisation told of a changed entry.")
    unfinished = dg.RunsFilter(job_name=drift_check.name, statuses=UNFINISHED)
    if context.instance.get_runs(unfinished, limit=1):
        return dg.SensorResult(skip_reason="A check is under way.")
    moments = "|".join(f"{slug} {at.isoformat()}" for slug, at in sorted(due.items()))
    request = dg.RunRequest(
        run_key=f"drift|{moments}|{now:%Y-%m-%dT%H}", run_config=drift_config(sorted(due))
    )
    return dg.SensorResult(run_requests=[request])
