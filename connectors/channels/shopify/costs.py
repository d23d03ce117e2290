"""Unit costs: what a shop's owner wrote as the cost per item of each variant.

Source: `productVariants` and `InventoryItem.unitCost` of the Admin GraphQL schema of `VERSION`.
Whoever connected the shop must be allowed to see product costs, or Shopify states none.
"""

from collections.abc import Iterator
from decimal import Decimal

from connectors.channels.shopify.api import LIMITS, Admin
from connectors.channels.shopify.graphql import error_for
from connectors.channels.sync_context import SyncContext
from connectors.costs import CHANNELS_OWN, UnitCost


def read_costs(context: SyncContext) -> Iterator[UnitCost]:
    """Yield the cost of every variant that has a SKU and a cost, a SKU as often as it stands."""
    with context.remote("Shopify", LIMITS, error_for) as remote:
        for variant in Admin(context, remote).variants():
            sku, cost = (variant["sku"] or "").strip(), variant["inventoryItem"]["unitCost"]
            if sku and cost is not None:
                amount = Decimal(cost["amount"])
                yield UnitCost(sku, CHANNELS_OWN, context.today, amount, str(cost["currencyCode"]))
