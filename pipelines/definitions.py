"""Everything Dagster loads: one code location, assembled here and nowhere else."""

from dataclasses import replace

import dagster as dg

from connectors.home.settings import settings
from connectors.lake.windows import Window
from pipelines.assets.chain import settlement_chain
from pipelines.assets.published import publish_journals
from pipelines.assets.raw import raw_settlements
from pipelines.assets.records import imported_records, order_chain
from pipelines.assets.warehouse import warehouse
from pipelines.drift_check import drift_check
from pipelines.jobs import (
    data_job,
    fetch_job,
    import_records_job,
    normalise_orders_job,
    publish_job,
    warehouse_job,
)
from pipelines.partitions import connection_days, space_of_home
from pipelines.resources import Daybook
from pipelines.schedules import daily_drift_check, daily_upkeep
from pipelines.sensors.days import touched_days
from pipelines.sensors.drift import requested_drift_checks
from pipelines.sensors.hints import webhook_hints
from pipelines.sensors.notifications import notifications
from pipelines.sensors.publications import planned_entries
from pipelines.sensors.records import changed_orders, due_imports
from pipelines.sensors.syncs import due_syncs
from pipelines.sensors.triggers import (
    deliveries,
    order_submitted_sensor,
    payment_received_sensor,
    settlement_closed_sensor,
)
from pipelines.sensors.warehouse import changed_lake
from pipelines.upkeep import upkeep


def build_definitions(
    daybook: Daybook | None = None, reach: Window | None = None
) -> dg.Definitions:
    """Return the definitions over the home of this process; `daybook` may report progress.

    The partitions are the days of the home's data, and those of `reach`.
    """
    space = space_of_home(settings())
    if reach is not None:
        space = Window(min(space.start, reach.start), max(space.end, reach.end))
    partitions = connection_days(space)
    return dg.Definitions(
        assets=[
            raw_settlements,
            settlement_chain(partitions),
            publish_journals(partitions),
            imported_records,
            order_chain(partitions),
            warehouse,
        ],
        jobs=[
            *(fetch_job, data_job, publish_job, warehouse_job, upkeep, drift_check),
            *(import_records_job, normalise_orders_job),
        ],
        schedules=[daily_upkeep, daily_drift_check],
        sensors=[
            *(touched_days, notifications, webhook_hints, due_syncs, planned_entries),
            *(requested_drift_checks, changed_lake, due_imports, changed_orders, deliveries),
            *(order_submitted_sensor, payment_received_sensor, settlement_closed_sensor),
        ],
        resources={"daybook": replace(daybook or Daybook(), space=space)},
        # A process of its own for every step costs 3 s of imports, and a run has one step.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return what `workspace.yaml` loads."""
    return build_definitions()
