"""Balances that payouts take beyond their own lines, and the documents that show them.

A channel pays out no more than it owes. Where a payout exceeds the lines at hand, the rest was
earned before them: a settlement before it left it behind, or the files do not go back far enough.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from connectors.documents.manifest import Manifest, Statement
from pipelines.stages.gaps import SHORTEST

_NOTHING = Decimal(0)


def brought_forward(statement: Statement) -> Decimal:
    """Return what was brought into a settlement less what stays for the next one.

    With it the lines add up to what was paid; before a payout it is the balance it began with.
    """
    if statement.payout is None:
        return statement.opening_balance or _NOTHING
    return statement.payout - statement.total


def stated(documents: Sequence[Manifest]) -> set[str]:
    """Return the settlements whose balances a ledger states: it shows what was brought forward."""
    return {
        statement.settlement_id
        for document in documents
        for statement in document.settlements
        if statement.opening_balance is not None and not _carried_as_line(statement)
    }


def shortfalls(statements: Sequence[Statement], proven: Collection[str] = ()) -> dict[str, Decimal]:
    """Return, by settlement, how much of its payout no document shows.

    `statements` are all of a connection, oldest first. A balance goes on from one settlement to
    the next of its currency and site while they meet; those of `proven` settlements are stated.
    """
    by_site: dict[tuple[str, str | None], list[Statement]] = defaultdict(list)
    for statement in statements:
        by_site[statement.currency, statement.marketplace].append(statement)
    return {
        settlement: missing
        for listed in by_site.values()
        for settlement, missing in _shortfalls(listed).items()
        if settlement not in proven
    }


def _shortfalls(statements: Sequence[Statement]) -> dict[str, Decimal]:
    missing: dict[str, Decimal] = {}
    # The balance that is shown, and the lowest it was: so much was there before the first document.
    balance = floor = _NOTHING
    reached: datetime | None = None
    for statement in statements:
        carried = _carried_as_line(statement)
        opening = None if carried else statement.opening_balance
        meets = reached is None or statement.period_start - reached <= SHORTEST
        if not meets or opening not in {None, balance}:
            balance = opening or _NOTHING
            floor = min(balance, _NOTHING)
        reached = max(reached or statement.period_end, statement.period_end)
        if statement.payout is None:
            continue
        balance += statement.total - carried - statement.payout
        if statement.payout > 0 and balance < floor:
            missing[statement.settlement_id] = floor - balance
            floor = balance
    return missing


def _carried_as_line(statement: Statement) -> Decimal:
    """Return the balance that a report holds as a line of its own, so that its lines are paid."""
    if statement.closing_balance or statement.payout != statement.total:
        return _NOTHING
    return statement.opening_balance or _NOTHING
