"""Everything Dagster loads: one code location, assembled here and nowhere else."""

import dagster as dg

from pipelines.assets.chain import settlement_chain
from pipelines.assets.published import publish_journals
from pipelines.assets.warehouse import warehouse
from pipelines.jobs import data_job, publish_job, warehouse_job
from pipelines.resources import Daybook
from pipelines.schedules import daily_upkeep
from pipelines.sensors.imports import imported_documents
from pipelines.sensors.notices import heard_notices
from pipelines.sensors.publications import planned_entries
from pipelines.sensors.visits import due_visits
from pipelines.sensors.warehouse import changed_lake
from pipelines.upkeep import upkeep


def build_definitions(daybook: Daybook | None = None) -> dg.Definitions:
    """The definitions over one home; `daybook` may carry a listener."""
    return dg.Definitions(
        assets=[settlement_chain, publish_journals, warehouse],
        jobs=[data_job, publish_job, warehouse_job, upkeep],
        schedules=[daily_upkeep],
        sensors=[imported_documents, heard_notices, due_visits, planned_entries, changed_lake],
        resources={"daybook": daybook or Daybook()},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` loads."""
    return build_definitions()
