"""A day's orders of a shop without Shopify Payments, with every transaction of each."""

import duckdb

from connectors.channels.api_formats import ApiFormat, open_settlement
from connectors.documents.manifest import Coverage, Manifest
from connectors.documents.source_file import DecodedFile


class OrdersFormat(ApiFormat):
    """A day's orders, which belong to no settlement: Shopify pays nothing out for them."""

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a day's orders, all of them in the open settlement."""
        manifest = super().inspect(con, file)
        settlement = manifest.settlements[0].model_copy(
            update={
                "settlement_id": open_settlement(manifest.currency),
                "period_start": manifest.period_start,
                "period_end": manifest.period_end,
            }
        )
        return manifest.model_copy(update={"settlements": (settlement,)})


FORMAT = OrdersFormat(
    "shopify", "api_orders", Coverage.SETTLEMENT, kind="orders", lines="lines_orders"
)
