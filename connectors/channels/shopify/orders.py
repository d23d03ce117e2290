"""A shop without Shopify Payments: what its orders say was paid, by gateway.

Nothing is paid out by Shopify, so there is no settlement. What is kept instead is a document a day
on which orders were made, with every transaction of these orders whenever it was. An order is in
one permanent document; it is fetched again when one of the day's orders changes.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.channels.api_formats import open_statement
from connectors.channels.shopify.api import Admin, Node
from connectors.channels.sync_context import SyncContext, parts
from connectors.documents.api_documents import ApiDocument
from connectors.documents.manifest import Coverage, Manifest
from connectors.documents.source_file import SourceFile
from connectors.lake.windows import ONE_DAY, Window, windows

# Lists of what has changed are some minutes behind.
_LATE = timedelta(days=2)
# How far back whole days of orders are told of without `read_all_orders` (UNCONFIRMED, "60 days").
_REACH = timedelta(days=59)
# Orders of so many days are held in memory at once.
_STRETCH = 31
ORDERS = "orders"


def read_orders(context: SyncContext, admin: Admin) -> Iterator[SourceFile]:
    """Yield every day with orders that have changed since the last sync, then that this is all."""
    currency = str(context.account.get("currency") or "USD")
    sees_all = admin.sees_all_orders()
    seen = Window(date.min if sees_all else context.today - _REACH, context.today)
    days = {_made(context, order) for order in admin.changed(context.instant(_since(context)))}
    # A day that is seen in part would be replaced by less than is stored of it.
    for window in windows(day for day in days if day in seen):
        for stretch in parts(window, _STRETCH):
            orders_by_day: dict[date, list[Node]] = defaultdict(list)
            for order in admin.orders(*context.span(stretch)):
                orders_by_day[_made(context, order)].append(order)
            for day, orders in sorted(orders_by_day.items()):
                yield _day(context, day, currency, orders)
    covered = context.covered if sees_all else _recent(context)
    yield ApiDocument(
        "shopify", Coverage.OPEN, open_statement(currency), currency, covered
    ).source_file()


def _recent(context: SyncContext) -> Window:
    """Return the days of which all orders are told: older ones need a scope that Shopify grants."""
    first_days = [m.first_day for m in stored_open(context)] or [context.today - _REACH]
    return Window(min(max(context.covered.start, *first_days), context.today), context.today)


def stored_open(context: SyncContext) -> list[Manifest]:
    """Return the documents that say up to which day everything is known."""
    return [m for m in context.documents if m.coverage is Coverage.OPEN]


def _since(context: SyncContext) -> date:
    """Return the first day whose orders may have changed since the last sync."""
    return (
        max(context.since, context.window.start - _LATE) if stored_open(context) else context.since
    )


def _made(context: SyncContext, order: Node) -> date:
    """Return the business day on which an order was made."""
    instant = datetime.fromisoformat(order["createdAt"])
    return instant.astimezone(ZoneInfo(context.time_zone)).date()


def _day(context: SyncContext, day: date, currency: str, orders: list[Node]) -> SourceFile:
    """Return a day's orders, without what was before the history that its owner wants."""
    window = Window(day, day + ONE_DAY)
    document = ApiDocument("shopify", ORDERS, f"{ORDERS}:{day}", currency, window)
    since = context.instant(context.since)
    for order in orders:
        transactions = [
            t for t in order["transactions"] if datetime.fromisoformat(t["createdAt"]) >= since
        ]
        document.put("orders", {**order, "transactions": transactions})
    return document.source_file()
