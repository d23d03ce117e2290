"""Exports of orders as extensions of WooCommerce write them, and the rows that each becomes."""

from tests.channels.export_cases import Case, table

_WOO = (
    "order_id", "order_number_formatted", "order_number", "date", "status", "shipping_total",
    "shipping_tax_total", "fee_total", "fee_tax_total", "tax_total", "discount_total",
    "order_total", "refunded_total", "order_currency", "payment_method", "shipping_method",
    "customer_id", "billing_first_name", "billing_last_name", "billing_email", "billing_phone",
    "billing_address_1", "billing_country", "shipping_country", "customer_note",
)  # fmt: skip
_WOO_ORDERS = (
    {"order_id": "71", "order_number_formatted": "71", "date": "2026-04-01 00:30:00",
     "status": "completed", "shipping_total": "2.00", "tax_total": "4.40", "customer_id": "5",
     "discount_total": "1.00", "order_total": "26.40", "refunded_total": "6.40",
     "order_currency": "GBP", "payment_method": "stripe", "billing_first_name": "Marked",
     "billing_last_name": "Buyer", "billing_email": "marked@example.com",
     "billing_address_1": "1 Marked Street", "billing_country": "GB", "shipping_country": "IE",
     "customer_note": "for Marked Buyer"},
    {"order_id": "72", "order_number_formatted": "72", "date": "2026-04-01 12:00:00",
     "status": "on-hold", "shipping_total": "0.00", "tax_total": "0.00", "customer_id": "0",
     "discount_total": "0.00", "order_total": "5.00", "refunded_total": "0.00",
     "order_currency": "GBP", "payment_method": "bacs", "billing_email": "marked@example.com",
     "billing_country": "GB"},
)  # fmt: skip
_WOO_ROWS = {
    "orders": [
        ("71", "71", "03-31 23:30", "2026-04-01", "partially_refunded", "completed", "GBP", "26.4",
         "2", "4.4", "1", "6.4", "IE", 2),
        ("72", "72", "04-01 11:00", "2026-04-01", "pending", "on-hold", "GBP", "5", "0", "0", "0",
         "0", "GB", 1),
    ],
    "lines": [
        ("71", "101", "MUG", "7", "Mug; blue", "2", "18", "1", "3.6"),
        ("71", "102", None, "8", "Plate", "1", "2", "0", "0.8"),
        ("72", "103", "CARD", "9", "Card", "1", "5", "0", "0"),
    ],
    "payments": [
        ("order 71", "71", "payment", "paid", "stripe", "26.4"),
        ("refunds of order 71", "71", "refund", "paid", "stripe", "-6.4"),
    ],
    "totals": ("31.4",),
}  # fmt: skip
WOO_ORDERS = Case(
    name="woocommerce",
    channel="woocommerce",
    file="orders-export.csv",
    content=table(
        (*_WOO, "line_items"),
        [
            {**_WOO_ORDERS[0], "line_items": "id:101|name:Mug; blue|product_id:7|sku:MUG|"
             "quantity:2|subtotal:19.00|subtotal_tax:3.80|total:18.00|total_tax:3.60|"
             "refunded:0.00|refunded_qty:0|meta:;id:102|name:Plate|product_id:8|sku:|quantity:1|"
             "subtotal:2.00|subtotal_tax:0.80|total:2.00|total_tax:0.80|refunded:0.00|meta:"},
            {**_WOO_ORDERS[1], "line_items": '[{"id":103,"name":"Card","product_id":9,"sku":"CARD",'
             '"quantity":1,"subtotal":"5.00","total":"5.00","total_tax":"0.00"}]'},
        ],
    ).encode(),
    **_WOO_ROWS,
)  # fmt: skip
_WOO_ITEM = ("item_id", "item_product_id", "item_name", "item_sku", "item_quantity",
             "item_subtotal", "item_total", "item_total_tax")  # fmt: skip
WOO_ITEMS = Case(
    name="woocommerce-items",
    channel="woocommerce",
    file="orders-export-items.csv",
    content=table(
        (*_WOO, *_WOO_ITEM),
        [
            order | dict(zip(_WOO_ITEM, item, strict=True))
            for order, item in (
                (_WOO_ORDERS[0], ("101", "7", "Mug; blue", "MUG", "2", "19.00", "18.00", "3.60")),
                (_WOO_ORDERS[0], ("102", "8", "Plate", "", "1", "2.00", "2.00", "0.80")),
                (_WOO_ORDERS[1], ("103", "9", "Card", "CARD", "1", "5.00", "5.00", "0.00")),
            )
        ],
    ).encode(),
    **_WOO_ROWS,
)
WOO_ANALYTICS = Case(
    name="woocommerce-analytics",
    channel="woocommerce",
    file="orders-report.csv",
    content=table(
        ("Date", "Order #", "N. Revenue (formatted)", "Status", "Customer", "Customer type",
         "Product(s)", "Items sold", "Coupon(s)", "Net Sales", "Attribution"),
        [{"Date": "2026-04-01 12:00:00", "Order #": "73", "N. Revenue (formatted)": "£1,020.00",
          "Status": "processing", "Customer": "Marked Buyer", "Customer type": "new",
          "Product(s)": "2\u00d7 Mug, blue, 1\u00d7 Plate", "Items sold": "3", "Net Sales": "1020",
          "Attribution": "Direct"}],
    ).encode(),
    orders=[("73", "73", "04-01 11:00", "2026-04-01", "paid", "processing", "GBP", None, None, None,
             None, "0", None, 2)],
    lines=[
        ("73", "1", None, None, "Mug, blue", "2", None, None, None),
        ("73", "2", None, None, "Plate", "1", None, None, None),
    ],
    payments=[],
    totals=(),
    secrets=("Marked Buyer",),
)  # fmt: skip
