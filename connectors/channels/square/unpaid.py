"""Payments without a payout: those that wait for one, and those that Square never pays out.

Square has no list of its balance. Payments and refunds whose number is in no entry of a payout are
open; one document per currency holds them, remade at every sync. A payment precedes its payout, so
payouts since the oldest open day suffice. Cash, other gateways and gift cards never reach a payout:
their sales and tenders are monthly documents that sum to zero.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from connectors.channels.api_formats import open_statement
from connectors.channels.square.api import Item, SquareApi
from connectors.channels.square.records import (
    currency_of,
    is_done,
    is_outside,
    keep,
    moved_at,
    record,
)
from connectors.channels.sync_context import SyncContext
from connectors.documents.api_documents import ApiDocument
from connectors.documents.control_totals import business_day
from connectors.documents.manifest import Coverage
from connectors.documents.source_file import SourceFile
from connectors.lake.windows import Window

# Payouts change their state for some days; a till without a network sends what it took after up
# to three; a payment may wait for its capture for seven.
SETTLING = timedelta(days=14)
TILL = "till:"


def _again(context: SyncContext) -> date:
    """Return the first day that is read again, whether or not anything is open there."""
    stored = [m for m in context.documents if m.statement.startswith("open:")]
    if not stored:
        return context.covered.start
    seen = min(m.last_day for m in stored) - SETTLING
    return max(context.covered.start, min(context.window.start, seen))


def waiting_since(context: SyncContext) -> date:
    """Return the first day whose payments may still be without a payout."""
    stored = [m for m in context.documents if m.statement.startswith("open:")]
    return max(
        context.covered.start, min([_again(context), *(min(m.days) for m in stored if m.days)])
    )


def _month(day: date) -> date:
    return day.replace(day=1)


def _next(month: date) -> date:
    # From the first of a month, 31 days always end in the next one.
    return _month(month + timedelta(days=31))


@dataclass
class _Found:
    """Payments and refunds of one document."""

    payments: list[dict[str, Any]] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)


class Unpaid:
    """The documents of one sync about payments without a payout.

    `since` is the first open day; `taken` are the payments and refunds in the payouts since then.
    """

    def __init__(
        self, context: SyncContext, square: SquareApi, since: date, taken: set[str]
    ) -> None:
        """Start with nothing open, and nothing in the tills."""
        self._context, self._square, self._since, self._taken = context, square, since, taken
        # From the first of the month: a till's document is replaced as a whole.
        self._tills = max(context.covered.start, _month(_again(context)))
        self._open: dict[str, _Found] = {}
        self._till: dict[tuple[date, str], _Found] = {}

    def source_files(self, locations: Sequence[Item]) -> Iterator[SourceFile]:
        """Yield one document a currency, and one a month and currency of tenders outside."""
        context = self._context
        # A late capture counts on its own day, but the payment was made before.
        begins = context.instant(min(self._since, self._tills) - SETTLING)
        ends = context.instant(context.today)
        for location in locations:
            for item in self._square.payments(location["id"], begins, ends):
                self._sort(record("payment", item), lambda group: group.payments)
            for item in self._square.refunds(location["id"], begins, ends):
                self._sort(record("refund", item), lambda group: group.refunds)
        places = {str(place["currency"]) for place in locations if place.get("currency")}
        stored = {m.currency for m in context.documents if m.statement.startswith("open:")}
        currencies = places | stored | self._open.keys()
        for currency in sorted(currencies or {str(context.account.get("currency") or "USD")}):
            group = self._open.get(currency, _Found())
            yield self._member(open_statement(currency), currency, context.covered, group)
        for month, currency in sorted(self._till.keys() | set(self._stored_tills())):
            group = self._till.get((month, currency), _Found())
            covers = Window(max(month, context.covered.start), min(_next(month), context.today))
            yield self._member(f"{TILL}{month:%Y-%m}-{currency}", currency, covers, group)

    def _sort(self, item: dict[str, Any], part: Callable[[_Found], list[dict[str, Any]]]) -> None:
        """Add a payment or refund to its document, if it belongs to one."""
        if not is_done(item):
            return
        day = business_day(moved_at(item), self._context.time_zone)
        currency = currency_of(item["amount_money"])
        # Today is not over: its payments are read by the next sync.
        if day >= self._context.today:
            return
        if is_outside(item):
            if day >= self._tills:
                part(self._till.setdefault((_month(day), currency), _Found())).append(item)
        elif day >= self._since and item["id"] not in self._taken:
            part(self._open.setdefault(currency, _Found())).append(item)

    def _stored_tills(self) -> Iterator[tuple[date, str]]:
        """Yield months that are read again and have a document already, which may be empty now."""
        for manifest in self._context.documents:
            if manifest.statement.startswith(TILL) and manifest.last_day >= self._tills:
                yield _month(manifest.first_day), manifest.currency

    def _member(self, statement: str, currency: str, covers: Window, group: _Found) -> SourceFile:
        document = ApiDocument("square", Coverage.OPEN, statement, currency, covers=covers)
        keep(document, self._square.orders, group.payments, group.refunds)
        return document.source_file()
