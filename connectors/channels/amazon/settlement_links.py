"""Settlements over several documents: a month's transaction report ends within one."""

from collections.abc import Sequence

from connectors.documents.manifest import Manifest, Statement


def link_settlements(manifests: Sequence[Manifest]) -> list[Statement]:
    """Return every settlement once, oldest first.

    The parts that several reports hold are joined.
    """
    settlements: dict[str, Statement] = {}
    for manifest in manifests:
        for part in manifest.settlements:
            before = settlements.get(part.settlement_id)
            settlements[part.settlement_id] = part if before is None else _joined(before, part)
    return [_balanced(s) for s in settlements.values()]


def _joined(before: Statement, part: Statement) -> Statement:
    # Only the part with the Transfer row knows what left for the bank.
    paying = part if part.payout is not None else before
    return part.model_copy(
        update={
            "period_start": min(before.period_start, part.period_start),
            "period_end": max(before.period_end, part.period_end),
            "lines": before.lines + part.lines,
            "total": before.total + part.total,
            "payout": paying.payout,
            "deposit_at": paying.deposit_at,
            "deposit_day": paying.deposit_day,
        }
    )


def _balanced(statement: Statement) -> Statement:
    """Return what the lines at hand leave of a settlement whose total nothing declares."""
    if statement.declared is not None or statement.payout is None:
        return statement
    left = statement.total - statement.payout
    return statement.model_copy(update={"closing_balance": left})
