"""Jobs: fetching, data, publishing and the warehouse, apart."""

import dagster as dg

from pipelines.checks import (
    CHAIN,
    CONTACTS,
    ORDER_LINES,
    ORDERS,
    PAYMENTS,
    PRODUCTS,
    PUBLISHED,
    RAW,
    STREAM_ASSETS,
)
from pipelines.names import (
    DATA,
    FETCH,
    IMPORT_RECORDS,
    NORMALISE_ORDERS,
    PUBLISH,
    WAREHOUSE,
    WAREHOUSE_JOB,
)

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
import_records_job = dg.define_asset_job(
    IMPORT_RECORDS,
    selection=dg.AssetSelection.assets(*STREAM_ASSETS.values(), PRODUCTS, CONTACTS),
    description="Orders, payments, products and contacts that changed in an account.",
)
normalise_orders_job = dg.define_asset_job(
    NORMALISE_ORDERS,
    selection=dg.AssetSelection.assets(ORDERS, ORDER_LINES, PAYMENTS),
    description="Orders, their lines and payments of the days that changed.",
)
warehouse_job = dg.define_asset_job(
    WAREHOUSE_JOB,
    selection=dg.AssetSelection.assets(WAREHOUSE),
    description="The analysts' DuckDB file.",
)
