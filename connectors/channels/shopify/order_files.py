"""Shopify's export of orders (Orders, Export, "Plain CSV file"), 61 to 79 columns.

A row a line item; what is of the whole order stands in its first row alone. Instants are
`2026-04-01 12:07:45 +0100`, amounts have a point. Read off exports of sellers.
"""

from connectors.channels.order_files import OrderFile

ORDERS_EXPORT = OrderFile(
    name="export",
    title="orders export",
    columns={
        "name": ("Name",),
        "id": ("Id",),
        "email": ("Email",),
        "financial": ("Financial Status",),
        "fulfilled": ("Fulfillment Status",),
        "created_at": ("Created at",),
        "paid_at": ("Paid at",),
        "cancelled_at": ("Cancelled at",),
        "currency": ("Currency",),
        "shipping": ("Shipping",),
        "tax": ("Taxes",),
        "total": ("Total",),
        "discount": ("Discount Amount",),
        "refunded": ("Refunded Amount",),
        "outstanding": ("Outstanding Balance",),
        "method": ("Payment Method",),
        "source": ("Source",),
        "country": ("Shipping Country",),
        "sku": ("Lineitem sku",),
        "title": ("Lineitem name",),
        "quantity": ("Lineitem quantity",),
        "price": ("Lineitem price",),
        "line_discount": ("Lineitem discount",),
        "buyer": ("Shipping Name", "Billing Name"),
        "street": ("Shipping Street", "Billing Street"),
        "city": ("Shipping City", "Billing City"),
        "zip": ("Shipping Zip", "Billing Zip"),
        "phone": ("Phone", "Shipping Phone", "Billing Phone"),
    },
    marks=("name", "financial", "quantity", "title"),
    required=("id", "created_at", "paid_at", "currency", "total", "price"),
    filled=("name",),
    amounts=(
        *("shipping", "tax", "total", "discount", "refunded", "outstanding"),
        *("quantity", "price", "line_discount"),
    ),
    instants=("created_at", "paid_at", "cancelled_at"),
    forms=("%Y-%m-%d %H:%M:%S",),
    customer="email",
    person={
        "name": ("buyer",),
        "email": ("email",),
        "phone": ("phone",),
        "address": ("street", "zip", "city", "country"),
    },
)
ORDER_FILES = (ORDERS_EXPORT,)
