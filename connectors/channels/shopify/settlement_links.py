"""Settlements over all documents of a shop: parts of one settlement are put together.

A file may begin in the middle of a payout and pays its part of it; what no payout has taken stands
in as many documents as there are days with orders.
"""

from collections.abc import Sequence
from decimal import Decimal

from connectors.documents.manifest import Manifest, Statement


def link_settlements(manifests: Sequence[Manifest]) -> list[Statement]:
    """Return every settlement of a shop's documents once, oldest first."""
    settlements: dict[str, Statement] = {}
    for statement in (s for m in manifests for s in m.settlements):
        earlier = settlements.get(statement.settlement_id)
        settlements[statement.settlement_id] = (
            statement if earlier is None else _joined(earlier, statement)
        )
    return list(settlements.values())


def _joined(one: Statement, other: Statement) -> Statement:
    later = max(one, other, key=lambda s: s.period_end)
    paid = [s.payout for s in (one, other) if s.payout is not None]
    return later.model_copy(
        update={
            "period_start": min(one.period_start, other.period_start),
            "lines": one.lines + other.lines,
            "total": one.total + other.total,
            "payout": sum(paid, Decimal(0)) if paid else None,
        }
    )
