"""A month of orders: those made in it, whenever they were paid and refunded.

WooCommerce pays nothing out, so nothing closes a month. All money of an order goes to its gateway,
so a month sums to zero. An order stays in the month it was made in. A month is remade when one of
its orders was changed, refunded or deleted since the last sync, or when a day is synced on which
one of its orders was made, paid or refunded: permanently deleted orders leave no other trace.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.channels.api_formats import open_statement
from connectors.channels.sync_context import SyncContext, stamp
from connectors.channels.woocommerce.api import StoreApi
from connectors.documents.api_documents import ApiDocument
from connectors.documents.control_totals import business_day
from connectors.documents.manifest import Coverage, Manifest
from connectors.documents.source_file import SourceFile
from connectors.http import Response
from connectors.lake.windows import ONE_DAY, Window

MONTH = "month"
# An order counts as sold when it was paid (processing, completed, refunded, on hold while disputed,
# and what plugins call it), unless it is one of these now.
UNSOLD = ("auto-draft", "cancelled", "checkout-draft", "failed", "pending", "trash")
# The store's clock may be behind, and changes may be saved with an earlier time.
_OVERLAP = timedelta(hours=1)
# How long after it was made an order may be paid without a change that a list shows.
_UNPAID = timedelta(days=92)


def is_month(statement: str) -> bool:
    """Return whether a statement is one of a month of orders."""
    return statement.startswith(f"{MONTH}:")


def home(context: SyncContext) -> str:
    """Return the store's own currency."""
    return str(context.account.get("currency") or "USD")


def last_whole_sync(context: SyncContext) -> Manifest | None:
    """Return the document of the last complete sync; its days are those synced so far."""
    return context.document_of(open_statement(home(context)))


def read(context: SyncContext, store: StoreApi, tag: str | None) -> Iterator[SourceFile]:
    """Yield every new or changed month; `tag` identifies the source of fees."""
    months = _months(context.covered)
    due = _due(context, store, months, tag)
    if not due:
        return
    since = context.instant(months[0].start)
    refunds = _by_order(store.refunds(context.instant(due[0].start)))
    decimals = store.price_decimals()
    for month in due:
        start, end = context.span(month)
        # Orders made before the history and changed within it belong to its first month.
        first = month == months[0]
        pages = store.orders(None if first else start, end, since if first else start)
        yield from _documents(context, store, month, pages, refunds, since, tag, decimals)


def _months(covered: Window) -> list[Window]:
    """Return the calendar months of a window, its first and last as far as they are in it."""
    months, start = [], covered.start
    while start < covered.end:
        end = min((start.replace(day=1) + timedelta(days=32)).replace(day=1), covered.end)
        months.append(Window(start, end))
        start = end
    return months


def _due(
    context: SyncContext, store: StoreApi, months: list[Window], tag: str | None
) -> list[Window]:
    before = last_whole_sync(context)
    if before is None:
        return months
    seen = Window(before.first_day, before.last_day + ONE_DAY)
    since = context.instant(seen.end) - _OVERLAP
    if context.reread is not None:
        since = min(since, context.instant(context.reread.start))
    days = {_made_on(context, made) for made in store.touched(since).values()}
    days |= _decided(context, store, context.reread) if context.reread is not None else set()
    days = {max(day, months[0].start) for day in days}
    if seen.start > months[0].start:
        # What was the first month held orders that belong to months before it now.
        days.add(seen.start)
    if context.window.start > context.covered.start:
        # Orders that were deleted leave no trace: what is asked for by name is read again.
        days |= set(context.window)
    other = {m.statement[-7:] for m in _stored(context) if m.tag != tag}
    other |= _holding(context, context.reread) if context.reread is not None else set()
    return [
        month
        for month in months
        if any(day not in seen or day in days for day in month) or _label(month) in other
    ]


def _decided(context: SyncContext, store: StoreApi, named: Window) -> set[date]:
    """Return the days on which orders were made that were made or paid on the days of a window."""
    start, end = context.span(named)
    paid = store.paid(start - _UNPAID, start, end)
    return set(named) | {_made_on(context, made) for made in paid.values()}


def _holding(context: SyncContext, named: Window) -> set[str]:
    """Return months that are stored with a line on one of the days of a window.

    It may be gone by now.
    """
    return {m.statement[-7:] for m in _stored(context) if any(day in named for day in m.days)}


def _made_on(context: SyncContext, made: str) -> date:
    return business_day(datetime.fromisoformat(made).replace(tzinfo=UTC), context.time_zone)


def _stored(context: SyncContext) -> list[Manifest]:
    return [m for m in context.documents if is_month(m.statement)]


def _label(month: Window) -> str:
    return f"{month.start:%Y-%m}"


def _by_order(refunds: Iterable[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    by_order: dict[int, list[dict[str, Any]]] = {}
    for refund in refunds:
        by_order.setdefault(refund["parent_id"], []).append(refund)
    return by_order


def _documents(
    context: SyncContext,
    store: StoreApi,
    month: Window,
    pages: Sequence[Response],
    refunds: Mapping[int, list[dict[str, Any]]],
    since: datetime,
    tag: str | None,
    decimals: int | None,
) -> Iterator[SourceFile]:
    """Yield one document a currency of the month's orders and of their gateways' fees."""
    orders = [order for page in pages for order in page.json]
    given_back = [r for order in orders for r in _refunds(store, order, refunds)]
    currencies = {c for order in orders for c in _currencies(order)}
    currencies |= {m.currency for m in _stored(context) if m.statement.endswith(_label(month))}
    window = {
        "begins": stamp(context.instant(month.start)),
        "since": stamp(since),
        "until": stamp(context.instant(context.today)),
        "unsold": list(UNSOLD),
        "payments": tag is not None,
        "decimals": decimals,
    }
    for currency in sorted(currencies):
        statement = f"{MONTH}:{currency}-{_label(month)}"
        document = ApiDocument("woocommerce", Coverage.SETTLEMENT, statement, currency, tag=tag)
        document.put("window", window)
        for page in pages:
            document.add("orders", page.content)
        document.put("refunds", given_back)
        yield document.source_file()


def _refunds(
    store: StoreApi, order: Mapping[str, Any], by_order: Mapping[int, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Return an order's refunds.

    Those of the store's list, and where it names others, its own list.
    """
    listed = by_order.get(order["id"], [])
    if {r["id"] for r in order.get("refunds") or ()} <= {r["id"] for r in listed}:
        return listed
    return store.refunds_of(order["id"])


def _currencies(order: Mapping[str, Any]) -> set[str]:
    """Return what an order was paid in, and what its gateway took its fee in."""
    notes = {note["key"]: note["value"] for note in order.get("meta_data") or ()}
    currencies = {
        order["currency"],
        notes.get("_stripe_currency"),
        notes.get("_wcpay_intent_currency"),
    }
    fees = notes.get("_ppcp_paypal_fees")
    if isinstance(fees, dict):
        currencies.add((fees.get("paypal_fee") or {}).get("currency_code"))
    return {str(currency).upper() for currency in currencies if currency}
