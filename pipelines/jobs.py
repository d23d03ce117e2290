"""Jobs: data, publishing and the warehouse, apart."""

import dagster as dg

from pipelines.checks import JOURNALS, NORMALISED, PUBLISHED, RAW, SETTLEMENTS

DATA = "data"
PUBLISH = "publish"
WAREHOUSE = "warehouse"

data_job = dg.define_asset_job(
    DATA,
    selection=dg.AssetSelection.assets(RAW, NORMALISED, SETTLEMENTS, JOURNALS),
    description="Documents to journals. Never posts.",
)
publish_job = dg.define_asset_job(
    PUBLISH,
    selection=dg.AssetSelection.assets(PUBLISHED),
    description="Planned journals to the books.",
)
warehouse_job = dg.define_asset_job(
    f"{WAREHOUSE}_job",
    selection=dg.AssetSelection.assets(WAREHOUSE),
    description="The analysts' DuckDB file.",
)
