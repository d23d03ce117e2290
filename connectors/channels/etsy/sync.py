"""The payment account of a shop, a month at a time, as its statements are.

Etsy has no list of payouts: a payout is an entry of the ledger, and a settlement is what stands
between two of them. A month is one document, like the statement that Shop Manager hands out, so
that a month that was imported from a file is replaced by the same month from the API. Months that
are over are read again as long as a sync reaches back to them; the payments that a month refers
to are asked for again only where its ledger has changed, or one of them did not come.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import orjson

from connectors.channels.etsy.api import (
    ENTRIES,
    LIMITS,
    LONGEST_DAYS,
    PAYMENTS,
    entries,
    error_for,
)
from connectors.channels.etsy.payments import Item, Payments, named
from connectors.channels.sync_context import SyncContext, parts
from connectors.documents.api_documents import ApiDocument
from connectors.documents.manifest import Coverage
from connectors.documents.source_file import SourceFile
from connectors.http import Remote, Response
from connectors.lake.windows import ONE_DAY, Window


@dataclass(frozen=True)
class _Month:
    """One month's ledger as Etsy's pages tell it."""

    covers: Window
    currency: str
    pages: Sequence[Response]

    @property
    def statement(self) -> str:
        return f"{self.covers.start:%Y-%m}-{self.currency}"

    @cached_property
    def entries(self) -> Sequence[Item]:
        """Return each once, in the order of their numbers, whatever the order of the pages."""
        listed = {e["entry_id"]: e for page in self.pages for e in page.at("results") or ()}
        return [listed[number] for number in sorted(listed)]

    @property
    def tag(self) -> str:
        """Return what changes when an entry does, or an adjustment that it carries."""
        # Sorted names: Etsy may write the same entry in another order.
        content = orjson.dumps(self.entries, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(content).hexdigest()[:16]

    def is_held(self, context: SyncContext) -> bool:
        """Return whether the stored document was made of this very ledger, and lacks no payment."""
        stored = context.document_of(self.statement)
        if stored is None or stored.tag != self.tag:
            return False
        return Window(stored.first_day, stored.last_day + ONE_DAY) == self.covers


def read(context: SyncContext) -> Iterator[SourceFile]:
    """Yield every month that the window touches, the running one up to the last whole day.

    A month is left out where it is stored as its ledger is now.
    """
    currency = str(context.account.get("currency") or "USD")
    with context.remote("Etsy", LIMITS, error_for) as remote:
        payments = Payments(context, remote)
        for covers in _months(context):
            month = _Month(covers, currency, list(_pages(context, remote, covers)))
            if not month.is_held(context):
                yield _document(month, payments)


def _months(context: SyncContext) -> Iterator[Window]:
    # The whole month, as its document is replaced as a whole.
    day = max(context.window.start.replace(day=1), context.since)
    while day < context.today:
        following = _next_month(day)
        yield Window(day, min(following, context.today))
        day = following


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _pages(context: SyncContext, remote: Remote, month: Window) -> Iterator[Response]:
    for part in parts(month, LONGEST_DAYS):
        yield from entries(context, remote, *context.span(part))


def _document(month: _Month, payments: Payments) -> SourceFile:
    numbers = named(month.entries)
    items = payments.of(numbers)
    # Without a tag the month is made again at the next sync, for what did not come at this one.
    tag = month.tag if len(items) == len(numbers) else None
    document = ApiDocument(
        "etsy", Coverage.LEDGER, month.statement, month.currency, covers=month.covers, tag=tag
    )
    for page in month.pages:
        document.add(ENTRIES, page.content)
    for payment in items:
        document.put(PAYMENTS, payment)
    return document.source_file()
