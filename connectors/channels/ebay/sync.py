"""Sync of eBay's settlements: a payout, with the transactions that carry its number.

A payout's transactions are requested by its number, so it is complete whatever their dates. Those
without a payout are another document, remade at every sync from the oldest of them on. eBay may
create a payout between the two lists: an unknown number sends us back to the list of payouts.

A payout that a seller in mainland China has split over two accounts is two of eBay's, with one list
of transactions, which name both (`payoutDetails`): they are one settlement, named by the first.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.channels.api_formats import open_statement
from connectors.channels.ebay.api import LIMITS, EbayFinances
from connectors.channels.sync_context import SyncContext, parts, stamp
from connectors.documents.api_documents import ApiDocument
from connectors.documents.manifest import Coverage
from connectors.documents.source_file import SourceFile
from connectors.errors import Permanent, Transient
from connectors.http import Response
from connectors.lake.windows import Window

# The most days that a list by dates may cover, also with an open end.
LONGEST = 90
# Payouts change their state, and transactions appear, for some days after their date.
SETTLING = timedelta(days=14)
# The percentage of a payout that is not split.
ALL_OF_IT = 100
_ROUNDS = 3


def read(context: SyncContext) -> Iterator[SourceFile]:
    """Yield every new or changed payout of the window, then what is open."""
    with context.remote("eBay", LIMITS) as remote:
        finances = EbayFinances(context, remote)
        numbers = {m.statement.partition(":")[2] for m in context.documents}
        # A payout that began between the two lists would leave its transactions out of both.
        for _ in range(_ROUNDS):
            listed = {p["payoutId"]: p for p in _payouts(context, finances)}
            numbers |= listed.keys()
            split = [p for p in listed.values() if _is_split(p)]
            for payout in listed.values():
                tag = _tag(payout)
                if payout not in split and not context.is_current(
                    f"payout:{payout['payoutId']}", tag
                ):
                    yield _settlement(finances, [payout], tag)
            yield from _split_settlements(context, finances, split)
            pages = list(_open_pages(context, finances))
            if _numbers(pages) <= numbers:
                yield from _open(context, pages)
                return
    raise Transient("eBay keeps making payouts while they are listed: try again")


def _payouts(context: SyncContext, finances: EbayFinances) -> Iterator[dict[str, Any]]:
    # Payouts of the last two weeks may have changed, whichever window was asked for.
    start = min(context.window.start, context.today - SETTLING)
    for part in parts(Window(start, context.today + timedelta(days=1)), LONGEST):
        begins, ends = context.span(part)
        yield from finances.payouts(begins, min(ends, context.now))


def _tag(payout: dict[str, Any]) -> str:
    """Return a text that changes when the payout does."""
    amount = payout["amount"]
    return f"{payout['payoutStatus']} {amount['value']} {payout.get('transactionCount')}"


def _settlement(finances: EbayFinances, payouts: Sequence[dict[str, Any]], tag: str) -> SourceFile:
    """Return one document of a payout, or of its parts in eBay's order."""
    number, currency = payouts[0]["payoutId"], payouts[0]["amount"]["currency"]
    document = ApiDocument("ebay", Coverage.SETTLEMENT, f"payout:{number}", currency, tag=tag)
    for payout in payouts:
        document.add("getPayout", finances.payout(payout["payoutId"]).content)
    for page in finances.transactions(f"payoutId:{{{number}}}"):
        document.add("getTransactions", page.content)
    return document.source_file()


def _is_split(payout: dict[str, Any]) -> bool:
    share = (payout.get("payoutInstrument") or {}).get("payoutPercentage")
    return share is not None and Decimal(str(share)) != ALL_OF_IT


def _split_settlements(
    context: SyncContext, finances: EbayFinances, split: Sequence[dict[str, Any]]
) -> Iterator[SourceFile]:
    """Yield the settlements of split payouts, each with all its parts."""
    waiting = {payout["payoutId"] for payout in split}
    for payout in split:
        numbers = _parts(finances, payout["payoutId"])
        # The first part stands for all of them, so that the settlement is made once.
        if not numbers or numbers[0] != payout["payoutId"]:
            continue
        waiting -= set(numbers)
        whole = [finances.payout(number).json for number in numbers]
        # Each part changes its state by itself: any change remakes the settlement.
        tag = ", ".join(_tag(part) for part in whole)
        if not context.is_current(f"payout:{numbers[0]}", tag):
            yield _settlement(finances, whole, tag)
    if waiting:
        raise Permanent(
            f"eBay splits payout {min(waiting)} and no transaction says with which other: import "
            "its transaction report instead"
        )


def _parts(finances: EbayFinances, number: str) -> list[str]:
    """Return the payouts that the transactions of one name as its parts, in eBay's order."""
    for page in finances.transactions(f"payoutId:{{{number}}}"):
        for transaction in page.at("transactions") or ():
            return list((transaction.get("payoutDetails") or {}).get("payoutIds") or ())
    return []


def _open_pages(context: SyncContext, finances: EbayFinances) -> Iterator[Response]:
    for part in parts(Window(_oldest(context), context.today), LONGEST):
        begins, ends = context.span(part)
        # eBay's ranges include both ends.
        last = ends - timedelta(milliseconds=1)
        yield from finances.transactions(f"transactionDate:[{stamp(begins)}..{stamp(last)}]")


def _oldest(context: SyncContext) -> date:
    """Return the first day whose transactions may still be without a payout."""
    stored = [m for m in context.documents if m.coverage is Coverage.OPEN]
    if not stored:
        return context.since
    waiting = [min(m.days) for m in stored if m.days]
    # Transactions come to light up to two weeks late, so earlier days are read again.
    seen = min(m.last_day for m in stored) - SETTLING
    return max(context.since, min([context.window.start, seen, *waiting]))


def _numbers(pages: list[Response]) -> set[str]:
    """Return the payouts that transactions name."""
    listed = (t for page in pages for t in page.at("transactions") or ())
    return {t["payoutId"] for t in listed if t.get("payoutId")}


def _open(context: SyncContext, pages: list[Response]) -> Iterator[SourceFile]:
    """Yield one document per currency, also for one that has nothing left."""
    listed = (t for page in pages for t in page.at("transactions") or ())
    currencies = {t["amount"]["currency"] for t in listed if not t.get("payoutId")}
    currencies |= {m.currency for m in context.documents if m.coverage is Coverage.OPEN}
    for currency in sorted(currencies or {str(context.account.get("currency") or "USD")}):
        document = ApiDocument(
            "ebay", Coverage.OPEN, open_statement(currency), currency, covers=context.covered
        )
        for page in pages:
            document.add("getTransactions", page.content)
        yield document.source_file()
