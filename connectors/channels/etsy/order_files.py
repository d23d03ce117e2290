"""Etsy's exports of sold orders and of their items (Shop Manager, Settings, Download data).

The first states an order's sums and not its items, the second its items and not its sums: what one
leaves out is completed by the other. Dates have no time: `04/01/26`, month first. Sites of other
countries say delivery for shipping. UNCONFIRMED: words of Status, and that `Buyer User ID` is the
buyer's name at Etsy.
"""

from connectors.channels.order_files import OrderFile

_FORMS = ("%m/%d/%y", "%m/%d/%Y", "%Y-%m-%d", "%d/%m/%y", "%d/%m/%Y")
# Neither file says more of most orders than that they are sold, and when they were sent.
_INFERRED = ("paid", "paid / shipped")
SOLD_ORDERS = OrderFile(
    name="sold",
    title="export of sold orders",
    columns={
        "order_id": ("Order ID",),
        "sold_on": ("Sale Date",),
        "shipped_on": ("Date Shipped", "Date Posted"),
        "status": ("Status",),
        "currency": ("Currency",),
        "discount": ("Discount Amount",),
        "shipping": ("Shipping", "Delivery"),
        "tax": ("Sales Tax",),
        "total": ("Order Total",),
        "adjusted": ("Adjusted Order Total",),
        "method": ("Payment Method",),
        "order_type": ("Order Type",),
        "country": ("Ship Country", "Delivery Country"),
        "username": ("Buyer User ID",),
        "buyer": ("Full Name",),
        "street": ("Street 1",),
        "street_2": ("Street 2",),
        "city": ("Ship City", "Delivery City"),
        "zip": ("Ship Zipcode", "Delivery Zipcode"),
    },
    marks=("order_id", "sold_on", "total", "buyer"),
    required=("currency", "shipping"),
    filled=("order_id", "sold_on", "currency", "total"),
    amounts=("discount", "shipping", "tax", "total", "adjusted"),
    instants=("sold_on", "shipped_on"),
    forms=_FORMS,
    inferred=_INFERRED,
    customer="username",
    person={
        "name": ("buyer",),
        "username": ("username",),
        "address": ("street", "street_2", "zip", "city", "country"),
    },
)
SOLD_ITEMS = OrderFile(
    name="sold_items",
    title="export of sold order items",
    columns={
        "order_id": ("Order ID",),
        "sold_on": ("Sale Date",),
        "paid_on": ("Date Paid",),
        "shipped_on": ("Date Shipped", "Date Posted"),
        "currency": ("Currency",),
        "country": ("Ship Country", "Delivery Country"),
        "title": ("Item Name",),
        "quantity": ("Quantity",),
        "price": ("Price",),
        "discount": ("Discount Amount",),
        "line_id": ("Transaction ID",),
        "sku": ("SKU",),
    },
    marks=("order_id", "sold_on", "title", "line_id"),
    required=("quantity", "price", "currency"),
    filled=("order_id", "sold_on", "line_id", "quantity", "price"),
    amounts=("quantity", "price", "discount"),
    instants=("sold_on", "paid_on", "shipped_on"),
    forms=_FORMS,
    inferred=_INFERRED,
)
ORDER_FILES = (SOLD_ORDERS, SOLD_ITEMS)
