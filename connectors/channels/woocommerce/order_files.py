"""Exports of a WooCommerce store's orders: of the export extension, and of Analytics.

WooCommerce Customer / Order / Coupon Export writes a row an order, its items in one cell, or a row
an item; other extensions have its column names. Amounts have a point, times are the store's own.
Analytics, Orders states neither what a buyer pays nor prices of items, only their number and names.
UNCONFIRMED: that its number of an order is the order's id; no extension that numbers otherwise.
"""

from connectors.channels.order_files import OrderFile

_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
ORDER_EXPORT = OrderFile(
    name="export",
    title="order export",
    columns={
        "order_id": ("order_id",),
        "number": ("order_number_formatted", "order_number"),
        "ordered_at": ("date", "order_date"),
        "status": ("status", "order_status"),
        "currency": ("order_currency", "currency"),
        "shipping": ("shipping_total", "order_shipping"),
        "tax": ("tax_total", "order_tax"),
        "discount": ("discount_total", "cart_discount"),
        "total": ("order_total",),
        "refunded": ("refunded_total",),
        "method": ("payment_method",),
        "account": ("customer_id", "customer_user"),
        "email": ("billing_email",),
        "first_name": ("billing_first_name",),
        "last_name": ("billing_last_name",),
        "company": ("billing_company",),
        "phone": ("billing_phone",),
        "street": ("billing_address_1",),
        "street_2": ("billing_address_2",),
        "zip": ("billing_postcode",),
        "city": ("billing_city",),
        "billing_country": ("billing_country",),
        "country": ("shipping_country",),
        "line_items": ("line_items",),
        "item_id": ("item_id",),
        "product_id": ("item_product_id",),
        "title": ("item_name",),
        "sku": ("item_sku",),
        "quantity": ("item_quantity",),
        "subtotal": ("item_subtotal",),
        "amount": ("item_total",),
        "item_tax": ("item_total_tax", "item_tax"),
    },
    marks=("order_id", "total", "email", "ordered_at"),
    required=("status", "currency"),
    filled=("order_id", "ordered_at", "status", "currency", "total"),
    amounts=(
        *("shipping", "tax", "discount", "total", "refunded"),
        *("quantity", "subtotal", "amount", "item_tax"),
    ),
    instants=("ordered_at",),
    forms=_FORMS,
    customer="CASE WHEN account <> '0' THEN 'id ' || account ELSE lower(email) END",
    person={
        "name": ("first_name", "last_name"),
        "company": ("company",),
        "email": ("email",),
        "phone": ("phone",),
        "address": ("street", "street_2", "zip", "city", "billing_country"),
    },
)
ANALYTICS = OrderFile(
    name="analytics",
    title="Analytics orders report",
    columns={
        "order_id": ("Order #",),
        "ordered_at": ("Date",),
        "revenue": ("N. Revenue (formatted)", "N. Revenue"),
        "status": ("Status",),
        "products": ("Product(s)",),
        "source": ("Attribution",),
    },
    marks=("order_id", "products", "status", "revenue"),
    required=("ordered_at",),
    filled=("order_id", "ordered_at", "status"),
    amounts=("revenue",),
    instants=("ordered_at",),
    forms=_FORMS,
    sign="revenue",
)
ORDER_FILES = (ORDER_EXPORT, ANALYTICS)
