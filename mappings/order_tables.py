"""The tables of records that channels hand out apart from settlements: orders, products, contacts.

None of them holds a name, an address, a mail address or a telephone number: a buyer is a
pseudonym, the same in all orders of a store.
"""

from datetime import date
from typing import Final

from mappings.columns import MONEY, Column, Table
from mappings.columns import required as _required

# Products and contacts are of no day: those of a connection stand in one file, under this day.
UNDATED: Final = date(1970, 1, 1)
_UNDATED: Final = f"DATE '{UNDATED}'"

_CONNECTION = _required("connection", "VARCHAR", "slug of the connected store")
_CHANNEL = _required("channel", "VARCHAR", "amazon, etsy, ...")
_ORDER = _required("order_id", "VARCHAR", "the channel's own id of the order")
_DAY = _required("business_date", "DATE", "day of the store's own time zone it was placed")
_CUSTOMER = "pseudonym of who bought, the same in all orders of the store"

# How records are stored as they came: the fields that Daybook reads, in the platform's own names.
RAW_COLUMNS = (
    _required("connection", "VARCHAR", "slug of the connected store"),
    _required("record_key", "VARCHAR", "the platform's own id of the record"),
    _required("business_date", "DATE", "day it was made in the store's time zone, or 1970-01-01"),
    Column("created_at", "TIMESTAMPTZ", "instant it was made, where the platform says so"),
    Column("modified_at", "TIMESTAMPTZ", "instant of its last change, where the platform says so"),
    Column("customer_key", "VARCHAR", _CUSTOMER),
    _required("is_guest", "BOOLEAN", "who bought has no account at the store"),
    _required("source", "VARCHAR", "api, or SHA-256 of the imported file"),
    _required("record", "VARCHAR", "JSON of the fields that are read; no personal data"),
)

ORDERS = Table(
    name="orders",
    grain="one order, as it was when it last changed",
    key=("connection", "order_id"),
    day_column="business_date",
    columns=(
        _CONNECTION,
        _CHANNEL,
        Column("marketplace", "VARCHAR", "the site, where the channel has several"),
        _ORDER,
        Column("order_number", "VARCHAR", "the number that buyers and statements show"),
        _required("placed_at", "TIMESTAMPTZ", "instant it was placed (UTC)"),
        _DAY,
        Column("updated_at", "TIMESTAMPTZ", "instant of its last change (UTC)"),
        Column("paid_at", "TIMESTAMPTZ", "instant it was paid (UTC), where stated"),
        Column(
            "status",
            "VARCHAR",
            "pending, paid, shipped, completed, cancelled, refunded, partially_refunded; null "
            "where the platform's word is not known yet",
        ),
        _required("platform_status", "VARCHAR", "the platform's own words"),
        Column("currency", "VARCHAR", "ISO 4217 code of the amounts; null while there are none"),
        Column("total", MONEY, "what the buyer pays, tax and shipping included"),
        Column("shipping", MONEY, "shipping in it, without tax where that is stated apart"),
        Column("tax", MONEY, "tax in it, where stated"),
        Column("discount", MONEY, "what was taken off, positive"),
        _required("refunded", MONEY, "what went back to the buyer so far, positive"),
        Column("ship_to", "VARCHAR", "ISO 3166 country it goes to"),
        Column("fulfilment", "VARCHAR", "who ships, in the platform's words"),
        Column("source", "VARCHAR", "where it was placed: the app, the till, the site"),
        Column("sub_source", "VARCHAR", "a part of that: a location, a sales channel"),
        Column("customer_key", "VARCHAR", _CUSTOMER),
        _required("is_guest", "BOOLEAN", "the buyer has no account at the store"),
        _required("is_test", "BOOLEAN", "the platform marks it as a test"),
        _required("lines", "INTEGER", "how many lines it has"),
        _required("imported_from", "VARCHAR", "api, or SHA-256 of the imported file"),
    ),
)

ORDER_LINES = Table(
    name="order_lines",
    grain="one line of an order",
    key=("connection", "order_id", "line_id"),
    day_column="business_date",
    columns=(
        _CONNECTION,
        _CHANNEL,
        _ORDER,
        _required("line_id", "VARCHAR", "the channel's own id of the line, else its place"),
        _DAY,
        Column("sku", "VARCHAR", "the seller's stock keeping unit"),
        Column("listing_id", "VARCHAR", "the channel's id of what was bought, as in products"),
        Column("title", "VARCHAR", "its name at the time"),
        Column("quantity", "DECIMAL(19,4)", "units; a till sells parts of one"),
        Column("currency", "VARCHAR", "ISO 4217 code of the amounts; null while there are none"),
        Column("amount", MONEY, "the line after discounts, without shipping"),
        Column("discount", MONEY, "what was taken off the line, positive"),
        Column("tax", MONEY, "tax on the line, where stated"),
    ),
)

PAYMENTS = Table(
    name="payments",
    grain="one payment or refund of an order",
    key=("connection", "payment_id"),
    day_column="record_date",
    columns=(
        _CONNECTION,
        _CHANNEL,
        _required("payment_id", "VARCHAR", "the channel's own id, or one made of the order's"),
        Column("order_id", "VARCHAR", "the order that it is for"),
        _required("record_date", "DATE", "day of its order, or its own where it is listed apart"),
        _required("kind", "VARCHAR", "payment or refund"),
        _required("status", "VARCHAR", "pending, paid or failed"),
        Column("platform_status", "VARCHAR", "the platform's own word"),
        Column("method", "VARCHAR", "card, paypal, cash, ... in the platform's words"),
        Column("paid_at", "TIMESTAMPTZ", "instant the money moved (UTC)"),
        Column("business_date", "DATE", "paid_at in the store's own time zone"),
        _required("currency", "VARCHAR", "ISO 4217 code of amount"),
        _required("amount", MONEY, "what was paid; negative is a refund"),
    ),
)

PRODUCTS = Table(
    name="products",
    grain="one listing: what can be bought, a variant where there are several",
    key=("connection", "listing_id"),
    day_column=_UNDATED,
    columns=(
        _CONNECTION,
        _CHANNEL,
        _required("listing_id", "VARCHAR", "the channel's own id of the listing or variant"),
        Column("product_id", "VARCHAR", "the channel's id of the product it is a variant of"),
        Column("sku", "VARCHAR", "the seller's stock keeping unit; null is a finding"),
        Column("title", "VARCHAR", "name"),
        Column("category", "VARCHAR", "the platform's product type or category"),
        Column("status", "VARCHAR", "in the platform's words"),
        Column("fulfilment", "VARCHAR", "who ships it, in the platform's words"),
        Column("currency", "VARCHAR", "ISO 4217 code of the amounts"),
        Column("price", MONEY, "price of one"),
        Column("unit_cost", MONEY, "what one costs the seller, where the channel has it"),
        Column("updated_at", "TIMESTAMPTZ", "instant of its last change (UTC)"),
    ),
)

CONTACTS = Table(
    name="contacts",
    grain="one buyer of a store",
    key=("connection", "customer_key"),
    day_column=_UNDATED,
    columns=(
        _CONNECTION,
        _CHANNEL,
        _required("customer_key", "VARCHAR", _CUSTOMER),
        _required(
            "kind",
            "VARCHAR",
            "customer; guest, without an account and never updated; buyer, a site's",
        ),
        Column("role", "VARCHAR", "the platform's role of the account"),
        Column("country", "VARCHAR", "ISO 3166 country"),
        Column("created_at", "TIMESTAMPTZ", "instant it was first there (UTC)"),
        Column("updated_at", "TIMESTAMPTZ", "instant of its last change (UTC)"),
    ),
)

RECORD_TABLES = (ORDERS, ORDER_LINES, PAYMENTS, PRODUCTS, CONTACTS)


def raw_table(stream: str) -> Table:
    """Return the table in which a stream's records are stored as they came."""
    return Table(
        name=f"raw_{stream}",
        grain="one record of the platform, as it was when it last changed",
        key=("connection", "record_key"),
        day_column="business_date",
        columns=RAW_COLUMNS,
    )


RAW_TABLES = tuple(raw_table(stream) for stream in ("orders", "payments", "products", "contacts"))
