"""What a settlement is in a WooCommerce store: a deposit of WooPayments, where that is installed.

WooCommerce itself pays nothing out: what was sold is told by the month (`months`), and the money of
every order goes on to its gateway. WooPayments' charges come from there into its balance, which its
deposits pay out. What no deposit has taken yet is one document more, made anew at every visit.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from connectors.channels.statements import OPEN, SETTLEMENT, open_statement
from connectors.channels.visits import Visit, stamp
from connectors.channels.woocommerce import months
from connectors.channels.woocommerce.api import LIMITS, NotThere, Store, error_for
from connectors.documents.api_documents import Answers
from connectors.documents.manifest import Manifest, Member
from connectors.errors import Transient
from connectors.http import Response
from connectors.http.guard import Guard

DEPOSIT = "deposit"
# Deposits change their state for some days, and are dated ahead, to when they reach the bank.
SETTLING = timedelta(days=14)
# What WooPayments puts in the place of a deposit that it only expects.
ESTIMATED = "wcpay_estimated"
_ROUNDS = 3


def read(visit: Visit) -> Iterator[Member]:
    """Months and deposits that are not held as they are now, then what is open."""
    transport = Guard(visit.access.private_hosts)
    with visit.remote("WooCommerce", LIMITS, error_for, transport=transport) as remote:
        store = Store(visit, remote)
        deposits = _deposits(visit, store)
        # Fees stand in WooPayments' transactions where they can be read, else on the orders.
        installed = deposits is not None or bool(_held(visit))
        yield from months.read(visit, store, "WooPayments" if installed else None)
        if deposits is None:
            yield from _open(visit, [])
        else:
            yield from _paid_out(visit, store, deposits)


def _held(visit: Visit) -> list[Manifest]:
    return [m for m in visit.held if m.statement.startswith(f"{DEPOSIT}:")]


def _deposits(visit: Visit, store: Store) -> list[dict[str, Any]] | None:
    """Every deposit that may touch the window; None where WooPayments is not in use."""
    start = min(visit.window.start, visit.today - SETTLING)
    try:
        return list(store.deposits(visit.instant(start), visit.now + SETTLING))
    except NotThere:
        return None


def _paid_out(visit: Visit, store: Store, deposits: list[dict[str, Any]]) -> Iterator[Member]:
    taken = {m.statement.partition(":")[2] for m in _held(visit)}
    for _ in range(_ROUNDS):
        for deposit in deposits:
            taken.add(deposit["id"])
            tag = f"{deposit['status']} {deposit['amount']} {deposit.get('fee')}"
            if not visit.holds(f"{DEPOSIT}:{deposit['id']}", tag):
                yield _settlement(store, deposit, tag)
        begins, ends = visit.instant(_oldest(visit)), visit.instant(visit.today)
        pages = list(store.transactions_dated(begins, ends))
        if _named(pages) <= taken:
            yield from _open(visit, pages)
            return
        deposits = _deposits(visit, store) or []
    raise Transient("WooPayments keeps making deposits while they are listed: try again")


def _settlement(store: Store, deposit: dict[str, Any], tag: str) -> Member:
    number, currency = deposit["id"], str(deposit["currency"]).upper()
    document = Answers("woocommerce", SETTLEMENT, f"{DEPOSIT}:{number}", currency, tag=tag)
    document.put("deposits", deposit)
    for page in store.transactions(deposit_id=number):
        document.add("transactions", page.content)
    return document.member()


def _oldest(visit: Visit) -> date:
    """The first day whose transactions may still be without a deposit."""
    held = [m for m in visit.held if m.format == f"woocommerce.{OPEN}"]
    if not held:
        return visit.covered.start
    waiting = [min(m.days) for m in held if m.days]
    seen = min(m.last_day for m in held) - SETTLING
    return max(visit.covered.start, min([visit.window.start, seen, *waiting]))


def _listed(pages: list[Response]) -> list[dict[str, Any]]:
    return [t for page in pages for t in page.at("data") or ()]


def _deposit_of(transaction: dict[str, Any]) -> str | None:
    number = transaction.get("deposit_id")
    return None if not number or str(number).startswith(ESTIMATED) else str(number)


def _named(pages: list[Response]) -> set[str]:
    """The deposits that transactions are in."""
    return {d for t in _listed(pages) if (d := _deposit_of(t))}


def _open(visit: Visit, pages: list[Response]) -> Iterator[Member]:
    """One document a currency, the store's own last; one that has nothing left says so."""
    found = {str(t["currency"]).upper() for t in _listed(pages) if not _deposit_of(t)}
    found |= {m.currency for m in visit.held if m.format == f"woocommerce.{OPEN}"}
    own = months.home(visit)
    window = {
        "since": stamp(visit.instant(visit.covered.start)),
        "until": stamp(visit.instant(visit.today)),
    }
    for currency in [*sorted(found - {own}), own]:
        statement = open_statement(currency)
        document = Answers("woocommerce", OPEN, statement, currency, covers=visit.covered)
        document.put("window", window)
        for page in pages:
            document.add("transactions", page.content)
        yield document.member()
