"""eBay's Orders report (Seller Hub, Reports, Orders), of some 80 columns.

Above the header stands a row of commas, below it an empty row, and at the end how many records
there are and whose. An order of several items has a row of its own, with its sums and no item. No
column says a state: a date tells that it was paid, another that it was sent. Amounts are `$12.50`
or `AU $12.50`, dates `Apr-01-26`. UNCONFIRMED: that `Sold For` is the price of one unit.
"""

from connectors.channels.order_files import OrderFile

ORDERS_REPORT = OrderFile(
    name="report",
    title="Orders report",
    columns={
        "record": ("Sales Record Number",),
        "order_id": ("Order Number",),
        "username": ("Buyer Username",),
        "buyer": ("Ship To Name", "Post To Name", "Buyer Name"),
        "email": ("Buyer Email",),
        "phone": ("Ship To Phone", "Post To Phone"),
        "street": ("Ship To Address 1", "Post To Address 1"),
        "street_2": ("Ship To Address 2", "Post To Address 2"),
        "city": ("Ship To City", "Post To City"),
        "zip": ("Ship To Zip", "Post To Postcode"),
        "country": ("Ship To Country", "Post To Country"),
        "item": ("Item Number",),
        "title": ("Item Title",),
        "sku": ("Custom Label",),
        "quantity": ("Quantity",),
        "price": ("Sold For",),
        "shipping": ("Shipping And Handling", "Postage And Packaging", "Postage And Handling"),
        "tax": ("Seller Collected Tax",),
        "collected": ("eBay Collected Tax",),
        "is_included": (
            "eBay Collected Tax Included in Total",
            "eBay Collected Tax and Fees Included in Total",
        ),
        "total": ("Total Price",),
        "method": ("Payment Method",),
        "sold_on": ("Sale Date",),
        "paid_on": ("Paid On Date",),
        "shipped_on": ("Shipped On Date", "Dispatched On Date", "Posted On Date"),
        "transaction_id": ("Transaction ID",),
    },
    marks=("record", "order_id", "item", "price"),
    required=("quantity", "total", "sold_on", "paid_on"),
    filled=(),
    amounts=("quantity", "price", "shipping", "tax", "collected", "total"),
    instants=("sold_on", "paid_on", "shipped_on"),
    forms=(
        *("%b-%d-%y", "%d-%b-%y", "%b-%d-%Y", "%d-%b-%Y"),
        *("%d %b %Y", "%b %d, %Y", "%m/%d/%y", "%m/%d/%Y", "%Y-%m-%d"),
    ),
    sign="total",
    footer=r'("?\d+"?,\s*)?"?(\d+ )?record\(s\) downloaded|"?Seller ID',
    inferred=("PENDING / NOT_STARTED", "PAID / NOT_STARTED", "PAID / FULFILLED"),
    customer="username",
    person={
        "name": ("buyer",),
        "username": ("username",),
        "email": ("email",),
        "phone": ("phone",),
        "address": ("street", "street_2", "zip", "city", "country"),
    },
)
ORDER_FILES = (ORDERS_REPORT,)
