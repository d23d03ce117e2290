"""The marts over orders and products: their grain, key, types and comments."""

from mappings.columns import MONEY, Column, Table
from mappings.columns import required as _required

_CONNECTION = _required("connection", "VARCHAR", "slug of the connected store")
_CHANNEL = _required("channel", "VARCHAR", "amazon, etsy, ...")
_DAY = _required("business_date", "DATE", "day of the store's own time zone it was placed")
_CURRENCY = _required("currency", "VARCHAR", "ISO 4217 code of the amounts")


def _money(name: str, comment: str) -> Column:
    return _required(name, MONEY, comment)


ORDERS_DAILY = Table(
    name="orders_daily",
    grain="one connection, marketplace, business day, currency and status; tests are left out",
    key=("connection", "channel", "marketplace", "business_date", "currency", "status"),
    day_column="business_date",
    columns=(
        _CONNECTION,
        _CHANNEL,
        _required("marketplace", "VARCHAR", "the site; empty where the channel names none"),
        _DAY,
        _required("currency", "VARCHAR", "ISO 4217 code; empty while there are no amounts"),
        _required("status", "VARCHAR", "as in orders; `unknown` where that is null"),
        _required("orders", "BIGINT", "orders placed that day"),
        _required("customers", "BIGINT", "buyers of these orders, as far as they are known"),
        _required("units", "DECIMAL(19,4)", "units of their lines"),
        _money("total", "what the buyers pay, tax and shipping included"),
        _money("shipping", "shipping in it"),
        _money("tax", "tax in it"),
        _money("discount", "what was taken off, positive"),
        _money("refunded", "what went back so far, positive"),
    ),
)

ORDERS_WITHOUT_SETTLEMENT = Table(
    name="orders_without_settlement",
    grain="one order that was paid, and of which no settlement has a line yet",
    key=("connection", "order_id"),
    day_column="",
    columns=(
        _CONNECTION,
        _CHANNEL,
        _required("order_id", "VARCHAR", "the channel's own id of the order"),
        Column("order_number", "VARCHAR", "the number that buyers and statements show"),
        _DAY,
        Column("status", "VARCHAR", "as in orders"),
        _CURRENCY,
        Column("total", MONEY, "what the buyer pays, tax and shipping included"),
    ),
)

SALES_WITHOUT_ORDER = Table(
    name="sales_without_order",
    grain="one order number on settlement lines that is no imported order's",
    key=("connection", "order_id", "currency"),
    day_column="",
    columns=(
        _CONNECTION,
        _CHANNEL,
        _required("order_id", "VARCHAR", "the order number on the lines"),
        _required("business_date", "DATE", "first day with a line of it"),
        _CURRENCY,
        _money("amount", "sum of its lines"),
        _required("lines", "BIGINT", "how many lines are summed here"),
    ),
)

LISTING_ISSUES = Table(
    name="listing_issues",
    grain="one thing that is wrong with a store's listings",
    key=("connection", "issue", "subject"),
    day_column="",
    columns=(
        _CONNECTION,
        _CHANNEL,
        _required("issue", "VARCHAR", "no_sku, several_listings or no_listing"),
        _required("subject", "VARCHAR", "the SKU, or the listing that has none"),
        Column("title", "VARCHAR", "name of the listing"),
        _required("count", "BIGINT", "listings of the SKU, or order lines that sold it"),
    ),
)

ORDER_MARTS = (ORDERS_DAILY, ORDERS_WITHOUT_SETTLEMENT, SALES_WITHOUT_ORDER, LISTING_ISSUES)
