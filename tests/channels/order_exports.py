"""Exports of orders as platforms write them, and the rows that each becomes."""

from tests.channels.export_cases import Case, table
from tests.channels.woocommerce_exports import WOO_ANALYTICS, WOO_ITEMS, WOO_ORDERS

_SHOPIFY = (
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at",
    "Accepts Marketing", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code",
    "Discount Amount", "Shipping Method", "Created at", "Lineitem quantity", "Lineitem name",
    "Lineitem price", "Lineitem compare at price", "Lineitem sku", "Lineitem requires shipping",
    "Lineitem taxable", "Lineitem fulfillment status", "Billing Name", "Billing Street",
    "Billing Country", "Shipping Name", "Shipping Street", "Shipping Address1", "Shipping City",
    "Shipping Zip", "Shipping Country", "Notes", "Note Attributes", "Cancelled at",
    "Payment Method", "Payment Reference", "Refunded Amount", "Vendor", "Outstanding Balance",
    "Id", "Tags", "Risk Level", "Source", "Lineitem discount", "Tax 1 Name", "Tax 1 Value",
    "Phone",
)  # fmt: skip
_SHOPIFY_BUYER = {
    "Email": "marked@example.com",
    "Billing Name": "Marked Buyer",
    "Shipping Name": "Marked Buyer",
    "Shipping Street": "1 Marked Street",
    "Shipping Country": "IE",
    "Notes": "leave it, with\nMarked Buyer",
}
_SHOPIFY_ROWS = (
    {
        **_SHOPIFY_BUYER, "Name": "#1001", "Id": "9001", "Financial Status": "partially_refunded",
        "Paid at": "2026-04-01 00:30:05 +0100", "Created at": "2026-04-01 00:30:00 +0100",
        "Fulfillment Status": "fulfilled", "Currency": "GBP", "Subtotal": "29.00",
        "Shipping": "4.00", "Taxes": "5.50", "Total": "1033.00", "Discount Amount": "1.00",
        "Lineitem quantity": "2", "Lineitem name": "Mug, blue", "Lineitem price": "15.00",
        "Lineitem sku": "MUG", "Lineitem discount": "1.00", "Payment Method": "Shopify Payments",
        "Refunded Amount": "5.00", "Outstanding Balance": "0.00", "Source": "web",
    },
    {
        "Name": "#1001", "Email": "marked@example.com", "Lineitem quantity": "1",
        "Lineitem name": "Kiln", "Lineitem price": "1000.00", "Lineitem sku": "KILN",
        "Lineitem discount": "0.00", "Created at": "2026-04-01 00:30:00 +0100",
    },
    {
        **_SHOPIFY_BUYER, "Name": "#1002", "Id": "9002", "Financial Status": "pending",
        "Created at": "2026-04-02 10:00:00 +0100", "Fulfillment Status": "unfulfilled",
        "Currency": "GBP", "Shipping": "0.00", "Taxes": "0.00", "Total": "8.00",
        "Discount Amount": "0.00", "Lineitem quantity": "1", "Lineitem name": "Postcard",
        "Lineitem price": "8.00", "Lineitem discount": "0.00", "Payment Method": "Bank transfer",
        "Refunded Amount": "0.00", "Outstanding Balance": "8.00", "Source": "pos",
    },
)  # fmt: skip
SHOPIFY = Case(
    name="shopify",
    channel="shopify",
    file="orders_export_1.csv",
    content=table(_SHOPIFY, _SHOPIFY_ROWS).encode(),
    orders=[
        ("gid://shopify/Order/9001", "#1001", "03-31 23:30", "2026-04-01", "partially_refunded",
         "PARTIALLY_REFUNDED / FULFILLED", "GBP", "1033", "4", "5.5", "1", "5", "IE", 2),
        ("gid://shopify/Order/9002", "#1002", "04-02 09:00", "2026-04-02", "pending", "PENDING",
         "GBP", "8", "0", "0", "0", "0", "IE", 1),
    ],
    lines=[
        ("gid://shopify/Order/9001", "1", "MUG", None, "Mug, blue", "2", "29", "1", None),
        ("gid://shopify/Order/9001", "2", "KILN", None, "Kiln", "1", "1000", "0", None),
        ("gid://shopify/Order/9002", "1", None, None, "Postcard", "1", "8", "0", None),
    ],
    payments=[
        ("order 9001", "gid://shopify/Order/9001", "payment", "paid", "Shopify Payments", "1033"),
        ("refunds of order 9001", "gid://shopify/Order/9001", "refund", "paid",
         "Shopify Payments", "-5"),
    ],
    totals=("1041",),
)  # fmt: skip

_ETSY_ORDERS = (
    "Sale Date", "Order ID", "Buyer User ID", "Full Name", "First Name", "Last Name",
    "Number of Items", "Payment Method", "Date Shipped", "Street 1", "Street 2", "Ship City",
    "Ship State", "Ship Zipcode", "Ship Country", "Currency", "Order Value", "Coupon Code",
    "Coupon Details", "Discount Amount", "Shipping Discount", "Shipping", "Sales Tax",
    "Order Total", "Status", "Card Processing Fees", "Order Net", "Adjusted Order Total",
    "Adjusted Card Processing Fees", "Adjusted Net Order Amount", "Buyer", "Order Type",
    "Payment Type", "InPerson Discount", "InPerson Location", "SKU",
)  # fmt: skip
_ETSY_BUYER = {
    "Full Name": "Marked Buyer", "Buyer": "Marked Buyer (marked-buyer)",
    "Street 1": "1 Marked Street", "Buyer User ID": "marked-buyer",
}  # fmt: skip
ETSY_ORDERS = Case(
    name="etsy",
    channel="etsy",
    file="EtsySoldOrders2026-4.csv",
    content=table(
        _ETSY_ORDERS,
        [
            {**_ETSY_BUYER, "Sale Date": "04/13/26", "Order ID": "3001",
             "Date Shipped": "04/14/26", "Ship Country": "United Kingdom", "Currency": "USD",
             "Order Value": "1,020.00", "Discount Amount": "2.00", "Shipping": "4.50",
             "Sales Tax": "0.62", "Order Total": "1,023.12", "Payment Method": "online_cc",
             "Adjusted Order Total": "1,000.00", "Order Type": "online", "Status": "Completed"},
            {**_ETSY_BUYER, "Sale Date": "04/02/26", "Order ID": "3002", "Ship Country": "Germany",
             "Currency": "USD", "Order Value": "3.00", "Discount Amount": "0", "Shipping": "0",
             "Sales Tax": "0", "Order Total": "3.00", "Adjusted Order Total": "0.00"},
        ],
    ).encode("utf-8-sig"),
    orders=[
        ("3001", "3001", "04-12 23:00", "2026-04-13", "partially_refunded", "completed / shipped",
         "USD", "1023.12", "4.5", "0.62", "2", "23.12", "GB", 0),
        ("3002", "3002", "04-01 23:00", "2026-04-02", "paid", "paid", "USD", "3", "0", "0", "0",
         "0", "DE", 0),
    ],
    lines=[],
    payments=[
        ("receipt 3001", "3001", "payment", "paid", "online_cc", "1023.12"),
        ("receipt 3001 refunds", "3001", "refund", "paid", "online_cc", "-23.12"),
        ("receipt 3002", "3002", "payment", "paid", None, "3"),
    ],
    totals=("1026.12",),
    secrets=("Marked Buyer", "marked-buyer", "1 Marked Street"),
)  # fmt: skip
_ETSY_ITEMS = (
    "Sale Date", "Item Name", "Buyer", "Quantity", "Price", "Coupon Code", "Coupon Details",
    "Discount Amount", "Shipping Discount", "Order Shipping", "Order Sales Tax", "Item Total",
    "Currency", "Transaction ID", "Listing ID", "Date Paid", "Date Shipped", "Ship Name",
    "Ship Address1", "Ship City", "Ship State", "Ship Zipcode", "Ship Country", "Order ID",
    "Variations", "Order Type", "Listings Type", "Payment Type", "SKU",
)  # fmt: skip
ETSY_ITEMS = Case(
    name="etsy-items",
    channel="etsy",
    file="EtsySoldOrderItems2026-4.csv",
    content=table(
        _ETSY_ITEMS,
        [
            {"Sale Date": "04/13/26", "Item Name": "Fox, card", "Buyer": "Marked Buyer",
             "Quantity": "2", "Price": "$5.00", "Discount Amount": "$1.00", "Currency": "USD",
             "Transaction ID": "4001", "Listing ID": "9001", "Date Paid": "04/13/26",
             "Date Shipped": "04/14/26", "Ship Name": "Marked Buyer", "Order ID": "#3001",
             "Ship Address1": "1 Marked Street", "Ship Country": "United Kingdom", "SKU": "FOX"},
            {"Sale Date": "04/13/26", "Item Name": "Sticker", "Buyer": "Marked Buyer",
             "Quantity": "1", "Price": "$3.00", "Currency": "USD", "Transaction ID": "4002",
             "Listing ID": "9002", "Date Paid": "04/13/26", "Order ID": "#3001",
             "Ship Name": "Marked Buyer", "Ship Country": "United Kingdom"},
        ],
    ).encode(),
    orders=[
        ("3001", "3001", "04-12 23:00", "2026-04-13", "shipped", "paid / shipped", "USD", None,
         None, None, None, "0", "GB", 2),
    ],
    lines=[
        ("3001", "4001", "FOX", None, "Fox, card", "2", "9", "1", None),
        ("3001", "4002", None, None, "Sticker", "1", "3", None, None),
    ],
    payments=[],
    totals=(),
    secrets=("Marked Buyer", "1 Marked Street"),
)  # fmt: skip
_AMAZON = (
    "amazon-order-id", "merchant-order-id", "purchase-date", "last-updated-date", "order-status",
    "fulfillment-channel", "sales-channel", "order-channel", "url", "ship-service-level",
    "product-name", "sku", "asin", "item-status", "quantity", "currency", "item-price",
    "item-tax", "shipping-price", "shipping-tax", "gift-wrap-price", "gift-wrap-tax",
    "item-promotion-discount", "ship-promotion-discount", "ship-city", "ship-state",
    "ship-postal-code", "ship-country", "promotion-ids", "is-business-order",
    "purchase-order-number", "price-designation",
)  # fmt: skip
_AMAZON_ORDER = {
    "amazon-order-id": "111-0000001-0000001", "purchase-date": "2026-04-01T06:30:00+00:00",
    "last-updated-date": "2026-04-03T08:00:00+00:00", "order-status": "Shipped",
    "fulfillment-channel": "Amazon", "sales-channel": "Amazon.com", "ship-city": "MARKED TOWN",
    "ship-postal-code": "MK1 9ZZ-MARKED", "ship-country": "US", "currency": "USD",
}  # fmt: skip
AMAZON = Case(
    name="amazon",
    channel="amazon",
    file="all-orders.txt",
    content=table(
        _AMAZON,
        [
            {**_AMAZON_ORDER, "product-name": "Mug 11oz", "sku": "MUG", "quantity": "2",
             "item-price": "30.00", "item-tax": "2.40", "shipping-price": "5.00",
             "shipping-tax": "0.40", "item-promotion-discount": "3.00",
             "ship-promotion-discount": "5.00"},
            {**_AMAZON_ORDER, "product-name": "Plate", "sku": "PLATE", "quantity": "1",
             "item-price": "10.00", "item-tax": "0.80"},
            {**_AMAZON_ORDER, "amazon-order-id": "333-0000002-0000002", "order-status": "Pending",
             "sales-channel": "Amazon.de", "fulfillment-channel": "Merchant",
             "purchase-date": "2026-04-02T07:00:00+00:00", "sku": "MUG", "quantity": "1",
             "product-name": "Mug", "currency": "", "ship-country": ""},
            {**_AMAZON_ORDER, "amazon-order-id": "333-0000003-0000003", "sku": "MUG",
             "sales-channel": "Amazon.de", "quantity": "1", "product-name": "Mug",
             "purchase-date": "2026-04-02T07:00:00+00:00", "currency": "EUR",
             "item-price": "11.90", "item-tax": "1.90", "ship-country": "DE"},
        ],
        delimiter="\t",
    ).encode(),
    orders=[
        ("111-0000001-0000001", "111-0000001-0000001", "04-01 06:30", "2026-03-31", "shipped",
         "Shipped", "USD", "40.6", "0", "3.6", "8", "0", "US", 2),
        ("333-0000002-0000002", "333-0000002-0000002", "04-02 07:00", "2026-04-02", "pending",
         "Pending", None, None, None, "0", "0", "0", None, 1),
        ("333-0000003-0000003", "333-0000003-0000003", "04-02 07:00", "2026-04-02", "shipped",
         "Shipped", "EUR", "11.9", None, "1.9", "0", "0", "DE", 1),
    ],
    lines=[
        ("111-0000001-0000001", "1", "MUG", None, "Mug 11oz", "2", "27", "3", "2.4"),
        ("111-0000001-0000001", "2", "PLATE", None, "Plate", "1", "10", "0", "0.8"),
        ("333-0000002-0000002", "1", "MUG", None, "Mug", "1", None, "0", None),
        ("333-0000003-0000003", "1", "MUG", None, "Mug", "1", "11.9", "0", "1.9"),
    ],
    payments=[
        ("order 111-0000001-0000001", "111-0000001-0000001", "payment", "paid", None, "40.6"),
        ("order 333-0000003-0000003", "333-0000003-0000003", "payment", "paid", None, "11.9"),
    ],
    totals=("40.6", "11.9"),
    secrets=("MARKED TOWN", "MK1 9ZZ-MARKED"),
    time_zone="America/Los_Angeles",
)  # fmt: skip
_EBAY = (
    "Sales Record Number", "Order Number", "Buyer Username", "Buyer Name", "Buyer Email",
    "Buyer Note", "Ship To Name", "Ship To Phone", "Ship To Address 1", "Ship To City",
    "Ship To Zip", "Ship To Country", "Item Number", "Item Title", "Custom Label",
    "Sold Via Promoted Listings", "Quantity", "Sold For", "Shipping And Handling",
    "Item Location", "Seller Collected Tax", "eBay Collected Tax", "Total Price",
    "eBay Collected Tax and Fees Included in Total", "Payment Method", "Sale Date",
    "Paid On Date", "Ship By Date", "Shipped On Date", "Feedback Left", "Tracking Number",
    "Transaction ID",
)  # fmt: skip
_EBAY_BUYER = {
    "Buyer Username": "marked-buyer", "Buyer Name": "Marked Buyer", "Ship To Name": "Marked Buyer",
    "Buyer Email": "marked@example.com", "Ship To Address 1": "1 Marked Street",
    "Ship To Country": "Canada", "Buyer Note": "for Marked Buyer",
}  # fmt: skip
_EBAY_TABLE = table(
    _EBAY,
    [
        {},
        {**_EBAY_BUYER, "Sales Record Number": "11", "Order Number": "18-15123-00011",
         "Item Number": "407197269275", "Item Title": "Watch", "Custom Label": "W-1",
         "Quantity": "2", "Sold For": "$25.00", "Shipping And Handling": "$5.00",
         "eBay Collected Tax": "$4.00", "Seller Collected Tax": "$0.00", "Total Price": "$59.00",
         "eBay Collected Tax and Fees Included in Total": "Yes", "Sale Date": "Apr-01-26",
         "Paid On Date": "Apr-01-26", "Shipped On Date": "Apr-03-26",
         "Payment Method": "eBay Managed Payments", "Transaction ID": "10001"},
        {**_EBAY_BUYER, "Sales Record Number": "12", "Order Number": "18-15123-00012",
         "Quantity": "2", "Shipping And Handling": "$6.00", "eBay Collected Tax": "$0.00",
         "Seller Collected Tax": "$0.00", "Total Price": "$1,036.00", "Sale Date": "Apr-02-26",
         "Paid On Date": "Apr-02-26"},
        {"Sales Record Number": "12", "Order Number": "18-15123-00012", "Item Number": "40719727",
         "Item Title": "Strap", "Custom Label": "S-1", "Quantity": "1", "Sold For": "$30.00",
         "Sale Date": "Apr-02-26", "Transaction ID": "10002"},
        {"Sales Record Number": "12", "Order Number": "18-15123-00012", "Item Number": "40719728",
         "Item Title": "Clock", "Quantity": "1", "Sold For": "$1,000.00",
         "Sale Date": "Apr-02-26", "Transaction ID": "10003"},
        {"Sales Record Number": "13", "Buyer Username": "marked-buyer", "Item Number": "40719729",
         "Item Title": "Never paid", "Quantity": "1", "Sold For": "$1.00",
         "Total Price": "$1.00", "Sale Date": "Apr-02-26"},
    ],
)  # fmt: skip
EBAY = Case(
    name="ebay",
    channel="ebay",
    file="eBay-OrdersReport.csv",
    content=(
        "," * (len(_EBAY) - 1) + f"\n{_EBAY_TABLE}\n2,record(s) downloaded,\nSeller ID : mugs"
    ).encode(),
    orders=[
        ("18-15123-00011", "18-15123-00011", "04-01 07:00", "2026-04-01", "shipped",
         "PAID / FULFILLED", "USD", "55", "5", "0", None, "0", "CA", 1),
        ("18-15123-00012", "18-15123-00012", "04-02 07:00", "2026-04-02", "paid",
         "PAID / NOT_STARTED", "USD", "1036", "6", "0", None, "0", "CA", 2),
    ],
    lines=[
        ("18-15123-00011", "407197269275-10001", "W-1", "W-1", "Watch", "2", "50", None, "0"),
        ("18-15123-00012", "40719727-10002", "S-1", "S-1", "Strap", "1", "30", None, None),
        ("18-15123-00012", "40719728-10003", None, None, "Clock", "1", "1000", None, None),
    ],
    payments=[
        ("18-15123-00011 payment 1", "18-15123-00011", "payment", "paid", "eBay Managed Payments",
         "55"),
        ("18-15123-00012 payment 1", "18-15123-00012", "payment", "paid", None, "1036"),
    ],
    totals=("1091",),
    secrets=("Marked Buyer", "marked-buyer", "marked@example.com", "1 Marked Street"),
    time_zone="America/Los_Angeles",
)  # fmt: skip
_SQUARE = (
    "Date", "Time", "Time Zone", "Category", "Item", "Qty", "Price Point Name", "SKU",
    "Modifiers Applied", "Gross Sales", "Discounts", "Net Sales", "Tax", "Transaction ID",
    "Payment ID", "Device Name", "Notes", "Details", "Event Type", "Location", "Dining Option",
    "Customer ID", "Customer Name", "Unit", "Count", "Itemization Type",
)  # fmt: skip
_SQUARE_ROW = {
    "Date": "2026-04-01", "Time": "20:30:00", "Time Zone": "Pacific Time (US & Canada)",
    "Transaction ID": "ORDER-1", "Payment ID": "PAY-1", "Location": "Harbour",
    "Customer ID": "CUSTOMER-1", "Customer Name": "Marked Buyer", "Event Type": "Payment",
    "Price Point Name": "Regular", "Notes": "for Marked Buyer",
}  # fmt: skip
SQUARE = Case(
    name="square",
    channel="square",
    file="items-2026-04-01-2026-04-30.csv",
    content=table(
        _SQUARE,
        [
            {**_SQUARE_ROW, "Item": "Coffee", "Qty": "2.0", "Price Point Name": "Large",
             "SKU": "COF", "Gross Sales": "$9.00", "Discounts": "-$1.00", "Net Sales": "$8.00",
             "Tax": "$0.80"},
            {**_SQUARE_ROW, "Item": "Cake", "Qty": "1.0", "Gross Sales": "$1,004.00",
             "Discounts": "$0.00", "Net Sales": "$1,004.00", "Tax": "$0.00"},
            {**_SQUARE_ROW, "Date": "2026-04-02", "Item": "Cake", "Qty": "-1.0",
             "Gross Sales": "-$4.00", "Discounts": "$0.00", "Net Sales": "-$4.00",
             "Tax": "$0.00", "Event Type": "Refund"},
            {**_SQUARE_ROW, "Item": "Tea", "Qty": "-1.0", "Gross Sales": "($3.00)",
             "Discounts": "$0.00", "Net Sales": "($3.00)", "Tax": "$0.00",
             "Event Type": "Refund", "Transaction ID": "ORDER-0"},
        ],
    ).encode(),
    orders=[
        ("ORDER-1", None, "04-02 03:30", "2026-04-01", "partially_refunded", "COMPLETED", "USD",
         "1012.8", None, "0.8", "1", "4", None, 2),
    ],
    lines=[
        ("ORDER-1", "1", "COF", None, "Coffee - Large", "2", "8", "1", "0.8"),
        ("ORDER-1", "2", None, None, "Cake", "1", "1004", "0", "0"),
    ],
    payments=[],
    totals=("1012.8",),
    secrets=("Marked Buyer", "CUSTOMER-1"),
    time_zone="America/Los_Angeles",
)  # fmt: skip
CASES = (
    *(SHOPIFY, ETSY_ORDERS, ETSY_ITEMS, AMAZON, EBAY, WOO_ORDERS, WOO_ITEMS, WOO_ANALYTICS),
    SQUARE,
)
