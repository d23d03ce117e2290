"""Settlements over all documents of a seller: parts of one payout are put together.

A report is of days, and a payout takes what came before: the rows may stand in one month's report
and the payout in the next one's.
"""

from collections.abc import Sequence
from decimal import Decimal

from connectors.documents.manifest import Manifest, Statement


def link_settlements(manifests: Sequence[Manifest]) -> list[Statement]:
    """Return every settlement of a seller's documents once, oldest first."""
    settlements: dict[str, Statement] = {}
    for statement in (s for m in manifests for s in m.settlements):
        earlier = settlements.get(statement.settlement_id)
        settlements[statement.settlement_id] = (
            statement if earlier is None else _joined(earlier, statement)
        )
    return [_balanced(s) for s in settlements.values()]


def _joined(one: Statement, other: Statement) -> Statement:
    later = max(one, other, key=lambda s: s.period_end)
    paying = [s for s in (one, other) if s.payout is not None]
    last = max(paying, key=lambda s: s.period_end, default=later)
    # What left and came back has not been paid.
    paid = sum((s.payout for s in paying if s.payout is not None), Decimal(0)) or None
    return later.model_copy(
        update={
            "period_start": min(one.period_start, other.period_start),
            "lines": one.lines + other.lines,
            "total": one.total + other.total,
            "payout": paid,
            "deposit_at": None if paid is None else last.deposit_at,
            "deposit_day": None if paid is None else last.deposit_day,
            "failed": later.failed or (paid is None and bool(paying)),
        }
    )


def _balanced(statement: Statement) -> Statement:
    """Return the part of a payout that its rows don't explain, where no total is declared."""
    if statement.declared is not None or statement.payout is None:
        return statement
    left = statement.total - statement.payout
    return statement.model_copy(update={"opening_balance": Decimal(0), "closing_balance": left})
