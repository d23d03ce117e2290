"""Sync of a WooCommerce store's settlements: a deposit of WooPayments, where that is installed.

WooCommerce itself pays nothing out: what was sold is told by the month (`months`), and the money of
every order goes on to its gateway. WooPayments' charges come from there into its balance, which its
deposits pay out. What no deposit has taken yet is one document more, made anew at every sync.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from connectors.channels.api_formats import open_statement
from connectors.channels.sync_context import SyncContext, stamp
from connectors.channels.woocommerce import months
from connectors.channels.woocommerce.api import LIMITS, NotThere, StoreApi, error_for
from connectors.documents.api_documents import ApiDocument
from connectors.documents.manifest import Coverage, Manifest
from connectors.documents.source_file import SourceFile
from connectors.errors import Transient
from connectors.http import Response
from connectors.http.guard import Guard

DEPOSIT = "deposit"
# Deposits change their state for some days, and are dated ahead, to when they reach the bank.
SETTLING = timedelta(days=14)
# What WooPayments puts in the place of a deposit that it only expects.
ESTIMATED = "wcpay_estimated"
_ROUNDS = 3


def read(context: SyncContext) -> Iterator[SourceFile]:
    """Yield months and deposits that are not stored as they are now, then what is open."""
    transport = Guard(context.access.private_hosts)
    with context.remote("WooCommerce", LIMITS, error_for, transport=transport) as remote:
        store = StoreApi(context, remote)
        deposits = _deposits(context, store)
        # Fees stand in WooPayments' transactions where they can be read, else on the orders.
        installed = deposits is not None or bool(_stored(context))
        yield from months.read(context, store, "WooPayments" if installed else None)
        if deposits is None:
            yield from _open(context, [])
        else:
            yield from _paid_out(context, store, deposits)


def _stored(context: SyncContext) -> list[Manifest]:
    return [m for m in context.documents if m.statement.startswith(f"{DEPOSIT}:")]


def _deposits(context: SyncContext, store: StoreApi) -> list[dict[str, Any]] | None:
    """Return every deposit that may touch the window; None where WooPayments is not in use."""
    start = min(context.window.start, context.today - SETTLING)
    try:
        return list(store.deposits(context.instant(start), context.now + SETTLING))
    except NotThere:
        return None


def _paid_out(
    context: SyncContext, store: StoreApi, deposits: list[dict[str, Any]]
) -> Iterator[SourceFile]:
    taken = {m.statement.partition(":")[2] for m in _stored(context)}
    for _ in range(_ROUNDS):
        for deposit in deposits:
            taken.add(deposit["id"])
            tag = f"{deposit['status']} {deposit['amount']} {deposit.get('fee')}"
            if not context.is_current(f"{DEPOSIT}:{deposit['id']}", tag):
                yield _settlement(store, deposit, tag)
        begins, ends = context.instant(_oldest(context)), context.instant(context.today)
        pages = list(store.transactions_dated(begins, ends))
        if _named(pages) <= taken:
            yield from _open(context, pages)
            return
        deposits = _deposits(context, store) or []
    raise Transient("WooPayments keeps making deposits while they are listed: try again")


def _settlement(store: StoreApi, deposit: dict[str, Any], tag: str) -> SourceFile:
    number, currency = deposit["id"], str(deposit["currency"]).upper()
    document = ApiDocument(
        "woocommerce", Coverage.SETTLEMENT, f"{DEPOSIT}:{number}", currency, tag=tag
    )
    document.put("deposits", deposit)
    for page in store.transactions(deposit_id=number):
        document.add("transactions", page.content)
    return document.source_file()


def _oldest(context: SyncContext) -> date:
    """Return the first day whose transactions may still be without a deposit."""
    stored = [m for m in context.documents if m.coverage is Coverage.OPEN]
    if not stored:
        return context.covered.start
    waiting = [min(m.days) for m in stored if m.days]
    seen = min(m.last_day for m in stored) - SETTLING
    return max(context.covered.start, min([context.window.start, seen, *waiting]))


def _listed(pages: list[Response]) -> list[dict[str, Any]]:
    return [t for page in pages for t in page.at("data") or ()]


def _deposit_of(transaction: dict[str, Any]) -> str | None:
    number = transaction.get("deposit_id")
    return None if not number or str(number).startswith(ESTIMATED) else str(number)


def _named(pages: list[Response]) -> set[str]:
    """Return the deposits that transactions are in."""
    return {d for t in _listed(pages) if (d := _deposit_of(t))}


def _open(context: SyncContext, pages: list[Response]) -> Iterator[SourceFile]:
    """Yield one document a currency, the store's own last; one that has nothing left says so."""
    currencies = {str(t["currency"]).upper() for t in _listed(pages) if not _deposit_of(t)}
    currencies |= {m.currency for m in context.documents if m.coverage is Coverage.OPEN}
    own = months.home(context)
    window = {
        "since": stamp(context.instant(context.covered.start)),
        "until": stamp(context.instant(context.today)),
    }
    for currency in [*sorted(currencies - {own}), own]:
        statement = open_statement(currency)
        document = ApiDocument(
            "woocommerce", Coverage.OPEN, statement, currency, covers=context.covered
        )
        document.put("window", window)
        for page in pages:
            document.add("transactions", page.content)
        yield document.source_file()
