"""What a settlement is at TikTok Shop: a statement, one a day and shop, with its transactions.

A statement is made at midnight UTC and takes what was settled on the day before. Nothing of a
transaction says when on that day, so its lines stand at noon UTC, which is on that day wherever
TikTok Shop sells. A payment takes one statement, or several small ones, and has a fate of its own;
a statement is fetched again when that changes. There is nothing that no statement has taken: what
is `open` is the list of statements, which proves the days without one empty.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb

from connectors.channels import statements
from connectors.channels.base import Upload
from connectors.channels.statements import OPEN, SETTLEMENT, open_statement
from connectors.channels.tiktok import files
from connectors.channels.tiktok.api import Finances
from connectors.channels.visits import Visit
from connectors.documents.api_documents import Answers, is_of
from connectors.documents.manifest import Manifest, Member
from connectors.errors import Unproven
from connectors.lake.windows import ONE_DAY, Window
from mappings.channels import sql

# Payments change their state for some days; so long are statements listed again.
SETTLING = timedelta(days=14)
# How long after midnight UTC a day without a statement counts as a day without money.
APPEARS = timedelta(hours=6)
_NAME = "tiktok"


def read(visit: Visit) -> Iterator[Member]:
    """Every statement that may touch the window and is not held as it is now, then the proof."""
    with Finances.calls(visit) as remote:
        finances = Finances(visit, remote)
        end = visit.now + timedelta(seconds=1)
        listed = list(finances.statements(_made(_first(visit)), end))
        payments = _payments(finances, listed, end)
        for statement in listed:
            payment = payments.get(statement.get("payment_id") or "")
            tag = _tag(statement, payment)
            if not visit.holds(f"statement:{statement['id']}", tag):
                yield _settlement(finances, statement, payment, tag)
        yield from _open(visit, listed)


def _made(day: date) -> datetime:
    """When the statement of a day is made."""
    return datetime.combine(day + ONE_DAY, time(), UTC)


def _day(statement: Mapping[str, Any]) -> date:
    """The day that a statement is about."""
    return datetime.fromtimestamp(int(statement["statement_time"]), UTC).date() - ONE_DAY


def _first(visit: Visit) -> date:
    """The first day whose statement may be new, or paid in another way than it was."""
    unpaid = [
        m.first_day
        for m in visit.held
        if m.format == f"{_NAME}.{SETTLEMENT}" and any(s.payout is None for s in m.settlements)
    ]
    wanted = min([visit.window.start, visit.today - SETTLING, *unpaid])
    return max(visit.covered.start, wanted)


def _payments(
    finances: Finances, listed: Sequence[Mapping[str, Any]], end: datetime
) -> dict[str, dict[str, Any]]:
    """The payments of statements by their number; none is older than what it pays."""
    paid = [_day(statement) for statement in listed if statement.get("payment_id")]
    if not paid or not finances.has_payments:
        return {}
    start = datetime.combine(min(paid), time(), UTC)
    return {str(payment["id"]): payment for payment in finances.payments(start, end)}


def _tag(statement: Mapping[str, Any], payment: Mapping[str, Any] | None) -> str:
    """What changes when a statement, or the payment of it, does."""
    said = [statement.get(n) for n in ("payment_status", "settlement_amount", "payment_id")]
    fate = payment or {"status": "", "paid_time": statement.get("payment_time")}
    return " ".join(str(word or "-") for word in (*said, fate["status"], fate.get("paid_time")))


def _settlement(
    finances: Finances,
    statement: Mapping[str, Any],
    payment: Mapping[str, Any] | None,
    tag: str,
) -> Member:
    number, day = str(statement["id"]), _day(statement)
    covers = Window(day, day + ONE_DAY)
    document = Answers(
        _NAME, SETTLEMENT, f"statement:{number}", str(statement["currency"]), covers, tag
    )
    document.put("getStatements", statement)
    if payment is not None:
        document.put("getPayments", payment)
    for page in finances.transactions(number):
        document.put("getStatementTransactions", page)
    return document.member()


def _open(visit: Visit, listed: Sequence[Mapping[str, Any]]) -> Iterator[Member]:
    """The statements that there are: a day that is over and has none is a day without money."""
    over = min(visit.today, (visit.now - APPEARS).astimezone(UTC).date())
    covers = Window(visit.covered.start, over)
    if covers.days <= 0:
        return
    currency = _currency(visit, listed)
    document = Answers(_NAME, OPEN, open_statement(currency), currency, covers)
    document.put(
        "getStatements",
        [{"id": s["id"], "statement_time": s["statement_time"]} for s in listed],
    )
    yield document.member()


def _currency(visit: Visit, listed: Sequence[Mapping[str, Any]]) -> str:
    """What the shop is paid in; it stays what it was called first."""
    held = [m.currency for m in visit.held if m.format == f"{_NAME}.{OPEN}"]
    stated = [str(s["currency"]) for s in listed]
    known = [*held, *stated, str(visit.account.get("currency") or "")]
    return next((currency for currency in known if currency), "USD")


def inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    """Read a document whole and prove it: a statement, each of its transactions, or an export."""
    if not is_of(_NAME, upload.opening):
        return files.inspect(con, upload)
    try:
        manifest = statements.inspect(con, upload)
    except Unproven:
        _prove_transactions(con, upload)
        raise
    _prove_transactions(con, upload)
    return manifest


def _prove_transactions(con: duckdb.DuckDBPyConnection, upload: Upload) -> None:
    """The amounts that a transaction is made of come to what it settles."""
    wrong = con.execute(sql(_NAME, "untied")).fetchone()
    if wrong is None:
        return
    number, declared, found = wrong
    raise Unproven(
        f"{upload.name}: the amounts of transaction {number} sum to {found:f} but it settles "
        f"{declared:f}",
        declared=f"{declared:f}",
        found=f"{found:f}",
    )
