"""Jobs that run at a set time of the day."""

import dagster as dg

from pipelines.drift_check import drift_check
from pipelines.upkeep import upkeep

daily_upkeep = dg.ScheduleDefinition(
    name="daily_upkeep",
    job=upkeep,
    cron_schedule="17 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Keeps idle authorisations alive, and compares mappings with charts.",
)

daily_drift_check = dg.ScheduleDefinition(
    name="daily_drift_check",
    job=drift_check,
    cron_schedule="47 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Looks for posted entries that somebody changed in an accounting organisation.",
)
