"""Amazon's All Orders report (Seller Central, Reports, Fulfilment, All Orders; flat file).

A row an item, parted by tabs; every row repeats what is of the order, and none names a buyer.
Instants are `2026-04-01T07:25:45+00:00`, amounts have a point. Read off reports of sellers.
"""

from connectors.channels.order_files import OrderFile

ALL_ORDERS = OrderFile(
    name="all",
    title="All Orders report",
    columns={
        "order_id": ("amazon-order-id",),
        "ordered_at": ("purchase-date",),
        "updated_at": ("last-updated-date",),
        "status": ("order-status",),
        "fulfilment": ("fulfillment-channel",),
        "marketplace": ("sales-channel",),
        "title": ("product-name",),
        "sku": ("sku",),
        "quantity": ("quantity",),
        "currency": ("currency",),
        "price": ("item-price",),
        "tax": ("item-tax",),
        "shipping": ("shipping-price",),
        "shipping_tax": ("shipping-tax",),
        "wrapping": ("gift-wrap-price",),
        "wrapping_tax": ("gift-wrap-tax",),
        "discount": ("item-promotion-discount",),
        "shipping_discount": ("ship-promotion-discount",),
        "country": ("ship-country",),
    },
    marks=("order_id", "ordered_at", "updated_at", "status"),
    required=("sku", "quantity", "currency", "price"),
    filled=("order_id", "ordered_at", "status"),
    amounts=(
        *("quantity", "price", "tax", "shipping", "shipping_tax", "wrapping", "wrapping_tax"),
        *("discount", "shipping_discount"),
    ),
    instants=("ordered_at", "updated_at"),
    forms=("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"),
)
ORDER_FILES = (ALL_ORDERS,)
