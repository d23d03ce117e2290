"""Jobs: fetching, data, publishing and the warehouse, apart."""

import dagster as dg

from pipelines.checks import CHAIN, PUBLISHED, RAW
from pipelines.names import DATA, FETCH, PUBLISH, WAREHOUSE, WAREHOUSE_JOB

fetch_job = dg.define_asset_job(
    FETCH,
    selection=dg.AssetSelection.assets(RAW),
    description="What a connected account's platform has, into the lake.",
)
data_job = dg.define_asset_job(
    DATA,
    selection=dg.AssetSelection.assets(*CHAIN),
    description="Documents to journals. Never fetches, never posts.",
)
publish_job = dg.define_asset_job(
    PUBLISH,
    selection=dg.AssetSelection.assets(PUBLISHED),
    description="Planned journals to the books.",
)
warehouse_job = dg.define_asset_job(
    WAREHOUSE_JOB,
    selection=dg.AssetSelection.assets(WAREHOUSE),
    description="The analysts' DuckDB file.",
)
