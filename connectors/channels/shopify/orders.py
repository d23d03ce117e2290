"""A shop without Shopify Payments: what its orders say was paid, by gateway.

Nothing is paid out by Shopify, so there is no settlement. What is kept instead is a document a day
on which orders were made, with every transaction of these orders whenever it was. An order is in
one document for good; it is fetched again when one of the day's orders changes.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from connectors.channels import statements
from connectors.channels.base import Reading, Upload
from connectors.channels.shopify.api import Admin, Node
from connectors.channels.statements import OPEN, open_settlement, open_statement
from connectors.channels.visits import Visit, parts
from connectors.documents.api_documents import Answers
from connectors.documents.manifest import Manifest, Member
from connectors.lake.windows import ONE_DAY, Window, windows

# Lists of what has changed are some minutes behind.
_LATE = timedelta(days=2)
# How far back whole days of orders are told of without `read_all_orders` (UNCONFIRMED, "60 days").
_REACH = timedelta(days=59)
# Orders of so many days are held in memory at once.
_STRETCH = 31
ORDERS = "orders"
FORMAT = f"shopify.{ORDERS}"


def read_orders(visit: Visit, admin: Admin) -> Iterator[Member]:
    """Every day with orders that have changed since the last visit, then that this is all."""
    currency = str(visit.account.get("currency") or "USD")
    sees_all = admin.sees_all_orders()
    seen = Window(date.min if sees_all else visit.today - _REACH, visit.today)
    days = {_made(visit, order) for order in admin.changed(visit.instant(_since(visit)))}
    # A day that is seen in part would be replaced by less than is held of it.
    for window in windows(day for day in days if day in seen):
        for stretch in parts(window, _STRETCH):
            found: dict[date, list[Node]] = defaultdict(list)
            for order in admin.orders(*visit.span(stretch)):
                found[_made(visit, order)].append(order)
            for day, orders in sorted(found.items()):
                yield _day(visit, day, currency, orders)
    covered = visit.covered if sees_all else _recent(visit)
    yield Answers("shopify", OPEN, open_statement(currency), currency, covered).member()


def _recent(visit: Visit) -> Window:
    """The days of which all orders are told: older ones need a scope that Shopify grants."""
    told = [m.first_day for m in held_open(visit)] or [visit.today - _REACH]
    return Window(min(max(visit.covered.start, *told), visit.today), visit.today)


def held_open(visit: Visit) -> list[Manifest]:
    """The documents that say up to which day everything is known."""
    return [m for m in visit.held if m.format == f"shopify.{OPEN}"]


def _since(visit: Visit) -> date:
    """Since when orders may have changed without our knowing."""
    return max(visit.since, visit.window.start - _LATE) if held_open(visit) else visit.since


def _made(visit: Visit, order: Node) -> date:
    """The business day on which an order was made."""
    instant = datetime.fromisoformat(order["createdAt"])
    return instant.astimezone(ZoneInfo(visit.time_zone)).date()


def _day(visit: Visit, day: date, currency: str, orders: list[Node]) -> Member:
    """A day's orders, without what was before the history that its owner wants."""
    window = Window(day, day + ONE_DAY)
    document = Answers("shopify", ORDERS, f"{ORDERS}:{day}", currency, window)
    since = visit.instant(visit.since)
    for order in orders:
        wanted = [
            t for t in order["transactions"] if datetime.fromisoformat(t["createdAt"]) >= since
        ]
        document.put("orders", {**order, "transactions": wanted})
    return document.member()


def inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    """Read a day's orders; what they say belongs to no settlement."""
    manifest = statements.inspect(con, upload, ORDERS)
    settlement = manifest.settlements[0].model_copy(
        update={
            "settlement_id": open_settlement(manifest.currency),
            "period_start": manifest.period_start,
            "period_end": manifest.period_end,
        }
    )
    return manifest.model_copy(update={"settlements": (settlement,)})


def reading(manifest: Manifest) -> Reading:
    """How a stored document of orders is read."""
    return statements.reading(manifest, lines=ORDERS)
