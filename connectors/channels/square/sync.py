"""Sync of Square's settlements: a payout of one location, with the entries it consists of.

A BATCH payout is the sum of its entries. A SIMPLE one (instant or by hand) has none: it takes from
the balance what entries of a later BATCH account for, and stands as one line until they do. Entries
know neither tips nor taxes, so the payments and refunds that they name are kept beside them, with
their orders.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.channels.square.api import HEADERS, LIMITS, Item, SquareApi, error_for
from connectors.channels.square.records import currency_of, keep, record
from connectors.channels.square.unpaid import SETTLING, Unpaid, waiting_since
from connectors.channels.sync_context import SyncContext
from connectors.documents.api_documents import ApiDocument
from connectors.documents.manifest import Coverage
from connectors.documents.source_file import SourceFile

# Captures follow payments within a day, as a rule; older payments are requested by number.
BEFORE = timedelta(days=1)
_DETAILS = {"CHARGE": "payment_id", "REFUND": "refund_id"}
Listing = Callable[[str, datetime, datetime], Iterator[Item]]


def read(context: SyncContext) -> Iterator[SourceFile]:
    """Yield every new or changed payout of the window, then what has no payout.

    Payouts come first, because their entries decide what is open.
    """
    with context.remote("Square", LIMITS, error_for, HEADERS) as remote:
        square = SquareApi(context, remote)
        locations = square.locations()
        since = waiting_since(context)
        start = min(context.window.start, context.today - SETTLING)
        # Payouts since the oldest open day show which of its payments are paid out by now.
        begins = context.instant(max(context.covered.start, min(start, since)))
        taken: set[str] = set()
        for location in locations:
            for payout in square.payouts(location["id"], begins, context.now):
                tag = f"{payout['status']} {payout.get('version')}"
                new = not context.is_current(f"payout:{payout['id']}", tag)
                # Known and older than any open payment: its entries would tell nothing new.
                if not new and _at(payout["created_at"]) < context.instant(since):
                    continue
                entries = _entries(square, payout)
                taken.update(_named(entries, "CHARGE"), _named(entries, "REFUND"))
                if new:
                    yield _settlement(square, payout, entries, tag)
        yield from Unpaid(context, square, since, taken).source_files(locations)


def _at(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).astimezone(UTC)


def _entries(square: SquareApi, payout: Item) -> list[Item]:
    if payout.get("type") == "SIMPLE":
        return []
    return [e for page in square.entries(payout["id"]) for e in page.at("payout_entries") or ()]


def _named(entries: Iterable[Item], kind: str) -> list[str]:
    """Return the payments that were charged, or the refunds, by the entries about them."""
    details = ((e.get(f"type_{kind.lower()}_details") or {}) for e in entries if e["type"] == kind)
    return [str(d[_DETAILS[kind]]) for d in details if d.get(_DETAILS[kind])]


def _settlement(square: SquareApi, payout: Item, entries: Sequence[Item], tag: str) -> SourceFile:
    currency = currency_of(payout["amount_money"])
    document = ApiDocument(
        "square", Coverage.SETTLEMENT, f"payout:{payout['id']}", currency, tag=tag
    )
    document.put("ListPayouts", payout)
    for entry in entries:
        document.put("ListPayoutEntries", entry)
    location = str(payout["location_id"])
    payments = _looked_up(entries, "CHARGE", location, square.payments, square.payment)
    refunds = _looked_up(entries, "REFUND", location, square.refunds, square.refund)
    keep(document, square.orders, payments, refunds)
    return document.source_file()


def _looked_up(
    entries: Sequence[Item],
    kind: str,
    location: str,
    listing: Listing,
    single: Callable[[str], Item | None],
) -> list[dict[str, Any]]:
    """Return the payments or refunds that entries name.

    Listed by their days, the rest one by one.
    """
    numbers = set(_named(entries, kind))
    if not numbers:
        return []
    instants = [_at(e["effective_at"]) for e in entries if e["type"] == kind]
    what = "payment" if kind == "CHARGE" else "refund"
    # Square's end is outside, and the last entry's second must be inside.
    begins, ends = min(instants) - BEFORE, max(instants) + timedelta(seconds=1)
    items = {
        str(item["id"]): record(what, item)
        for item in listing(location, begins, ends)
        if item["id"] in numbers
    }
    # Delayed captures and old refunds are outside the listed days.
    for number in sorted(numbers - items.keys()):
        item = single(number)
        if item is not None:
            items[number] = record(what, item)
    return list(items.values())
