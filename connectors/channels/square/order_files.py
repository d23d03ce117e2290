"""Square's items file (Reports, Item sales or Transactions, Items detail CSV), 21 to 35 columns.

A row an item that was sold or given back; tips and service charges are in none. The time is local,
with the zone's name as in the transactions file. UNCONFIRMED: that Transaction ID is the id that
the order has at the API, and that a refund carries that of its sale.
"""

from connectors.channels.order_files import OrderFile
from connectors.channels.square.zones import NAMES

ITEMS_DETAIL = OrderFile(
    name="items",
    title="items detail file",
    columns={
        "order_id": ("Transaction ID",),
        "date": ("Date",),
        "time": ("Time",),
        "zone": ("Time Zone",),
        "title": ("Item",),
        "variation": ("Price Point Name",),
        "sku": ("SKU",),
        "quantity": ("Qty",),
        "gross": ("Gross Sales",),
        "discount": ("Discounts",),
        "net": ("Net Sales",),
        "tax": ("Tax",),
        "event": ("Event Type",),
        "location": ("Location",),
        "customer_id": ("Customer ID",),
        "buyer": ("Customer Name",),
    },
    marks=("order_id", "title", "quantity", "net"),
    required=("date", "time", "zone", "gross", "discount", "tax"),
    filled=("order_id", "date", "time", "zone", "quantity", "net"),
    amounts=("quantity", "gross", "discount", "net", "tax"),
    instants=("date",),
    forms=("%Y-%m-%d", "%m/%d/%y", "%m/%d/%Y", "%d/%m/%y", "%d/%m/%Y"),
    forms_abroad=("%Y-%m-%d", "%d/%m/%y", "%d/%m/%Y", "%m/%d/%y", "%m/%d/%Y"),
    sign="net",
    zones=NAMES,
    customer="customer_id",
    person={"name": ("buyer",)},
)
ORDER_FILES = (ITEMS_DETAIL,)
