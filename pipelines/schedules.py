"""Jobs that run at a set time of the day."""

import dagster as dg

from pipelines.upkeep import upkeep

daily_upkeep = dg.ScheduleDefinition(
    name="daily_upkeep",
    job=upkeep,
    cron_schedule="17 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Keeps idle authorisations alive, and compares mappings with charts.",
)
