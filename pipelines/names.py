"""Names of jobs, and what a run costs, for those who plan runs without loading Dagster."""

from typing import Final

FETCH: Final = "fetch"
DATA: Final = "data"
PUBLISH: Final = "publish"
IMPORT_RECORDS: Final = "import_records"
NORMALISE_ORDERS: Final = "normalise_orders"
WAREHOUSE: Final = "warehouse"
WAREHOUSE_JOB: Final = f"{WAREHOUSE}_job"

# A run costs about as much as a month of days that have nothing to do.
DAYS_BETWEEN_RUNS: Final = 31
