"""Sync of TikTok Shop's settlements: a statement, one a day and shop, with its transactions.

A statement is made at midnight UTC and takes what was settled on the day before. Nothing of a
transaction says when on that day, so its lines stand at noon UTC, which is on that day wherever
TikTok Shop sells. A payment takes one statement, or several small ones, and has a fate of its own;
a statement is fetched again when that changes. There is nothing that no statement has taken: what
is `open` is the list of statements, which proves the days without one empty.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.channels.api_formats import open_statement
from connectors.channels.sync_context import SyncContext
from connectors.channels.tiktok.api import TikTokFinances
from connectors.documents.api_documents import ApiDocument
from connectors.documents.manifest import Coverage
from connectors.documents.source_file import SourceFile
from connectors.lake.windows import ONE_DAY, Window

# Payments change their state for some days; so long are statements listed again.
SETTLING = timedelta(days=14)
# How long after midnight UTC a day without a statement counts as a day without money.
APPEARS = timedelta(hours=6)
_NAME = "tiktok"


def read(context: SyncContext) -> Iterator[SourceFile]:
    """Yield every statement of the window that is not stored as it is now, then the proof."""
    with TikTokFinances.calls(context) as remote:
        finances = TikTokFinances(context, remote)
        # Whole seconds, and the end is outside: a statement made this very second is listed too.
        end = context.now + timedelta(seconds=1)
        listed = list(finances.statements(_made(_first(context)), end))
        payments = _payments(finances, listed, end)
        for statement in listed:
            payment = payments.get(statement.get("payment_id") or "")
            tag = _tag(statement, payment)
            if not context.is_current(f"statement:{statement['id']}", tag):
                yield _settlement(finances, statement, payment, tag)
        yield from _open(context, listed)


def _made(day: date) -> datetime:
    """Return when the statement of a day is made."""
    return datetime.combine(day + ONE_DAY, time(), UTC)


def _day(statement: Mapping[str, Any]) -> date:
    """Return the day that a statement is about."""
    return datetime.fromtimestamp(int(statement["statement_time"]), UTC).date() - ONE_DAY


def _first(context: SyncContext) -> date:
    """Return the first day whose statement may be new, or paid in another way than it was."""
    unpaid = [
        m.first_day
        for m in context.documents
        if m.coverage is Coverage.SETTLEMENT and any(s.payout is None for s in m.settlements)
    ]
    # Statements that nobody has paid yet, however old: their payment changes what is booked.
    first = min([context.window.start, context.today - SETTLING, *unpaid])
    return max(context.covered.start, first)


def _payments(
    finances: TikTokFinances, listed: Sequence[Mapping[str, Any]], end: datetime
) -> dict[str, dict[str, Any]]:
    """Return the payments of statements by their number; none is older than what it pays."""
    paid = [_day(statement) for statement in listed if statement.get("payment_id")]
    if not paid or not finances.has_payments:
        return {}
    start = datetime.combine(min(paid), time(), UTC)
    return {str(payment["id"]): payment for payment in finances.payments(start, end)}


def _tag(statement: Mapping[str, Any], payment: Mapping[str, Any] | None) -> str:
    """Return what changes when a statement, or the payment of it, does."""
    fields = [statement.get(n) for n in ("payment_status", "settlement_amount", "payment_id")]
    fate = payment or {"status": "", "paid_time": statement.get("payment_time")}
    return " ".join(str(word or "-") for word in (*fields, fate["status"], fate.get("paid_time")))


def _settlement(
    finances: TikTokFinances,
    statement: Mapping[str, Any],
    payment: Mapping[str, Any] | None,
    tag: str,
) -> SourceFile:
    number, day = str(statement["id"]), _day(statement)
    covers = Window(day, day + ONE_DAY)
    document = ApiDocument(
        _NAME, Coverage.SETTLEMENT, f"statement:{number}", str(statement["currency"]), covers, tag
    )
    document.put("getStatements", statement)
    if payment is not None:
        document.put("getPayments", payment)
    for page in finances.transactions(number):
        document.put("getStatementTransactions", page)
    return document.source_file()


def _open(context: SyncContext, listed: Sequence[Mapping[str, Any]]) -> Iterator[SourceFile]:
    """Yield the statements that there are.

    A day that is over and has none is a day without money.
    """
    over = min(context.today, (context.now - APPEARS).astimezone(UTC).date())
    covers = Window(context.covered.start, over)
    if covers.days <= 0:
        return
    currency = _currency(context, listed)
    document = ApiDocument(_NAME, Coverage.OPEN, open_statement(currency), currency, covers)
    document.put(
        "getStatements",
        [{"id": s["id"], "statement_time": s["statement_time"]} for s in listed],
    )
    yield document.source_file()


def _currency(context: SyncContext, listed: Sequence[Mapping[str, Any]]) -> str:
    """Return the shop's payout currency, as first reported."""
    stored = [m.currency for m in context.documents if m.coverage is Coverage.OPEN]
    stated = [str(s["currency"]) for s in listed]
    currencies = [*stored, *stated, str(context.account.get("currency") or "")]
    return next((currency for currency in currencies if currency), "USD")
