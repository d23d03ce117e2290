"""Jobs: fetching, data, publishing and the warehouse, apart."""

from typing import Final

import dagster as dg

from pipelines.checks import CHAIN, PUBLISHED, RAW

FETCH: Final = "fetch"
DATA: Final = "data"
PUBLISH: Final = "publish"
WAREHOUSE: Final = "warehouse"

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
    f"{WAREHOUSE}_job",
    selection=dg.AssetSelection.assets(WAREHOUSE),
    description="The analysts' DuckDB file.",
)
