"""Orders and listings of a seller, as far as they are stored (Orders 2026-01-01, Listings Items).

Nothing tells who bought: Amazon names buyers only to roles that Daybook does not ask for.
"""

from connectors.channels.amazon.feeds import read_orders, read_products
from connectors.channels.streams import Stream

_AMOUNT = {"currencyCode": "VARCHAR", "amount": "DECIMAL(19,4)"}
_PROCEEDS = [{"type": "VARCHAR", "subtotal": _AMOUNT}]

ORDERS = Stream(
    name="orders",
    read=read_orders,
    windowed=True,
    fields={
        "orderId": "VARCHAR",
        "createdTime": "VARCHAR",
        "lastUpdatedTime": "VARCHAR",
        "salesChannel": {"channelName": "VARCHAR", "marketplaceName": "VARCHAR"},
        "proceeds": {"grandTotal": _AMOUNT, "breakdowns": _PROCEEDS},
        "fulfillment": {"fulfillmentStatus": "VARCHAR", "fulfilledBy": "VARCHAR"},
        "orderItems": [
            {
                "orderItemId": "VARCHAR",
                "quantityOrdered": "DECIMAL(19,4)",
                "product": {
                    "asin": "VARCHAR",
                    "title": "VARCHAR",
                    "sellerSku": "VARCHAR",
                    "price": {"unitPrice": _AMOUNT},
                },
                "proceeds": {"proceedsTotal": _AMOUNT, "breakdowns": _PROCEEDS},
            }
        ],
    },
    key="orderId",
    created="createdTime",
    modified="lastUpdatedTime",
)
PRODUCTS = Stream(
    name="products",
    read=read_products,
    fields={
        "sku": "VARCHAR",
        "summaries": [
            {
                "marketplaceId": "VARCHAR",
                "asin": "VARCHAR",
                "productType": "VARCHAR",
                "status": ["VARCHAR"],
                "itemName": "VARCHAR",
                "lastUpdatedDate": "VARCHAR",
            }
        ],
        "offers": [{"price": {"currencyCode": "VARCHAR", "amount": "DECIMAL(19,4)"}}],
        "fulfillmentAvailability": [{"fulfillmentChannelCode": "VARCHAR"}],
    },
    # A SKU is listed in each marketplace by itself.
    key="concat_ws(' ', summaries[1].marketplaceId, coalesce(sku, summaries[1].asin))",
    modified="summaries[1].lastUpdatedDate",
)
STREAMS = (ORDERS, PRODUCTS)
