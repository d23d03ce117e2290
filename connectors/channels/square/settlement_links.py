"""Settlements that several documents state: each has a part, and together they are the whole.

What no payout has taken stands in a document of its own and in those of the tills; a deposit may
stand in the files of two months.
"""

from collections.abc import Sequence

from connectors.documents.manifest import Manifest, Statement


def link_settlements(manifests: Sequence[Manifest]) -> list[Statement]:
    """Return every settlement of a connection's documents once, in the order of the documents."""
    settlements: dict[str, Statement] = {}
    for manifest in manifests:
        for part in manifest.settlements:
            earlier = settlements.get(part.settlement_id)
            settlements[part.settlement_id] = part if earlier is None else _joined(earlier, part)
    return list(settlements.values())


def _joined(one: Statement, other: Statement) -> Statement:
    return one.model_copy(
        update={
            "period_start": min(one.period_start, other.period_start),
            "period_end": max(one.period_end, other.period_end),
            "lines": one.lines + other.lines,
            "total": one.total + other.total,
        }
    )
