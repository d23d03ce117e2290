"""Sync of Shopify's settlements: a payout, with the balance transactions that it has taken.

A payout's transactions are requested by its number, so it is complete whatever their dates; a
scheduled one has its transactions and is not paid yet. Transactions without a payout are one more
document per currency, remade at every sync. Shopify may create a payout between the two lists: an
unknown number sends us back to the list of payouts.

A shop without Shopify Payments has no payouts: its orders are read instead (`orders`).
"""

from collections.abc import Iterator
from datetime import date, timedelta

from connectors.channels.api_formats import open_statement
from connectors.channels.shopify.api import LIMITS, Admin, Node, payout_of
from connectors.channels.shopify.graphql import error_for
from connectors.channels.shopify.orders import read_orders, stored_open
from connectors.channels.sync_context import SyncContext, parts
from connectors.documents.api_documents import ApiDocument
from connectors.documents.manifest import Coverage
from connectors.documents.source_file import SourceFile
from connectors.errors import Transient
from connectors.lake.windows import Window

# Payouts change their state, and transactions appear, for some days after their date.
SETTLING = timedelta(days=14)
# The days of open transactions in one request: pages stay few, and a retry stays small.
_STRETCH = 31
_ROUNDS = 3


def read(context: SyncContext) -> Iterator[SourceFile]:
    """Yield every new or changed payout of the window, then what is open."""
    with context.remote("Shopify", LIMITS, error_for) as remote:
        admin = Admin(context, remote)
        payouts = admin.payouts(context.instant(_first_payout(context)))
        if payouts is None:
            yield from read_orders(context, admin)
            return
        numbers = {s.settlement_id for m in context.documents for s in m.settlements}
        # A payout that began between the two lists would leave its transactions out of both.
        for _ in range(_ROUNDS):
            for payout in payouts or ():
                number = str(payout["legacyResourceId"])
                numbers.add(number)
                if not context.is_current(f"payout:{number}", _tag(payout)):
                    yield _settlement(admin, payout)
            taken: set[str | None] = {None}
            waiting = []
            for page in _since_oldest(context, admin):
                taken.update(payout_of(node) for node in page)
                waiting.append([node for node in page if payout_of(node) is None])
            if taken - {None} <= numbers:
                yield from _open(context, waiting)
                return
            payouts = admin.payouts(context.instant(_first_payout(context)))
    raise Transient("Shopify keeps making payouts while they are listed: try again")


def _first_payout(context: SyncContext) -> date:
    """Return the first day whose payouts may be new or changed."""
    if not stored_open(context):
        return context.since
    return max(context.since, min(_oldest(context), context.today - SETTLING))


def _oldest(context: SyncContext) -> date:
    """Return the first day whose transactions may still be without a payout."""
    stored = stored_open(context)
    if not stored:
        return context.since
    waiting = [min(m.days) for m in stored if m.days]
    seen = min(m.last_day for m in stored) - SETTLING
    return max(context.since, min([context.window.start, seen, *waiting]))


def _tag(payout: Node) -> str:
    """Return a text that changes when the payout does."""
    net = payout["net"]
    return f"{payout['status']} {payout['transactionType']} {net['amount']} {payout['issuedAt']}"


def _settlement(admin: Admin, payout: Node) -> SourceFile:
    number, currency = str(payout["legacyResourceId"]), str(payout["net"]["currencyCode"])
    document = ApiDocument(
        "shopify", Coverage.SETTLEMENT, f"payout:{number}", currency, tag=_tag(payout)
    )
    document.put("payouts", payout)
    for page in admin.transactions_of(payout):
        document.put("balanceTransactions", page)
    return document.source_file()


def _since_oldest(context: SyncContext, admin: Admin) -> Iterator[list[Node]]:
    for part in parts(Window(_oldest(context), context.today), _STRETCH):
        yield from admin.transactions(*context.span(part))


def _open(context: SyncContext, waiting: list[list[Node]]) -> Iterator[SourceFile]:
    """Yield one document per currency, also for one that has nothing left."""
    currencies = {_currency(node) for page in waiting for node in page}
    # A currency without open transactions must replace its last document by an empty one.
    currencies |= {m.currency for m in stored_open(context)}
    for currency in sorted(currencies or {str(context.account.get("currency") or "USD")}):
        document = ApiDocument(
            "shopify", Coverage.OPEN, open_statement(currency), currency, context.covered
        )
        for page in waiting:
            document.put("balanceTransactions", [n for n in page if _currency(n) == currency])
        yield document.source_file()


def _currency(transaction: Node) -> str:
    return str(transaction["amount"]["currencyCode"])
