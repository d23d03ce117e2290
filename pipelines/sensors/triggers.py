"""Sensors of triggers: runs that they ask for when something happens, and all else that they send.

Three kinds of events have a sensor of their own, so that their runs can be switched off apart. The
sensor of deliveries records what the home's state tells, and looks after all other kinds.
"""

from typing import Final

import dagster as dg

from pipelines.jobs import data_job, fetch_job, publish_job, warehouse_job
from pipelines.resources import Daybook

_JOBS: Final = (fetch_job, data_job, publish_job, warehouse_job)
# Kinds of events with a sensor of their own, and when each happens.
_KINDS: Final = {
    "order_submitted": "an order is submitted",
    "payment_received": "an order is paid",
    "settlement_closed": "a settlement closes",
}


def _run_sensor(kind: str) -> dg.SensorDefinition:
    """Return the sensor of the runs that events of a kind lead to."""

    @dg.sensor(
        name=f"{kind}_sensor",
        jobs=_JOBS,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Starts the runs of your triggers when {_KINDS[kind]}.",
    )
    def runs_of_kind(
        context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
    ) -> dg.SensorResult:
        """Request a run for every delivery of a `run_job` action; the cursor is the event's id.

        The run key names trigger, action, event and how often it was sent again, so that a tick
        that was lost is made again without a second run.
        """
        from pipelines.sensors import trigger_ticks

        with daybook.open() as workspace:
            return trigger_ticks.runs_of_kind(context, workspace, daybook, kind)

    return runs_of_kind


order_submitted_sensor = _run_sensor("order_submitted")
payment_received_sensor = _run_sensor("payment_received")
settlement_closed_sensor = _run_sensor("settlement_closed")


@dg.sensor(
    jobs=_JOBS,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Records what happened, and sends what your triggers ask for.",
)
def deliveries(
    context: dg.SensorEvaluationContext, daybook: dg.ResourceParam[Daybook]
) -> dg.SensorResult:
    """Derive events, match triggers and send what is due; request runs of the other kinds."""
    from pipelines.sensors import trigger_ticks

    with daybook.open() as workspace:
        return trigger_ticks.deliver(context, workspace, daybook)
