"""Settlements over monthly statements: the lines between two deposits, over month ends.

A statement declares no total and no balance. What ties it is how they follow: the balance after a
deposit is the balance before it plus the lines between less the deposit. A deposit may pay less
than the balance (Etsy holds part back), so a settlement carries an opening and a closing balance.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from connectors.documents.manifest import Manifest, Statement

DEPOSIT = ("Deposit / sent to your bank account", "Payout")


def _month(manifest: Manifest) -> int:
    year, month = manifest.statement.split("-")[:2]
    return int(year) * 12 + int(month)


def _follows(earlier: Manifest, later: Manifest) -> bool:
    return _month(later) == _month(earlier) + 1 and earlier.currency == later.currency


def open_settlement_of(manifest: Manifest, documents: Sequence[Manifest]) -> str:
    """Return the settlement of the lines after a statement's last deposit.

    The next month's first.
    """
    current = manifest
    for later in documents:
        if not _follows(current, later):
            continue
        deposit = next((s for s in later.settlements if s.payout is not None), None)
        if deposit is not None:
            return deposit.settlement_id
        current = later
    return f"open-{current.statement}"


def link_settlements(manifests: Sequence[Manifest]) -> list[Statement]:
    """Return every settlement of a connection with its balances, oldest first.

    A shop that was paid in several currencies has a balance in each.
    """
    currencies = dict.fromkeys(manifest.currency for manifest in manifests)
    settlements = [
        settlement
        for currency in currencies
        for settlement in _of_one_currency([m for m in manifests if m.currency == currency])
    ]
    return sorted(settlements, key=lambda settlement: settlement.period_start)


def _of_one_currency(manifests: Sequence[Manifest]) -> list[Statement]:
    """Return the settlements of one currency's documents, oldest first.

    A month of the ledger says what it began with; without that the first starts at nothing, and
    after a missing month anew.
    """
    settlements: list[Statement] = []
    balance, pending, previous = Decimal(0), None, None
    for manifest in manifests:
        if previous is not None and not _follows(previous, manifest):
            settlements += [] if pending is None else [pending]
            balance, pending = Decimal(0), None
        stated = manifest.settlements[0].opening_balance if manifest.settlements else None
        # The ledger states what a month began with, so that a missing month costs no balance.
        if stated is not None:
            balance = stated - (Decimal(0) if pending is None else pending.total)
        for part in manifest.settlements:
            whole = part if pending is None else _joined(pending, part)
            if part.payout is None:
                pending = whole.model_copy(
                    update={
                        "settlement_id": open_settlement_of(manifest, manifests),
                        "opening_balance": balance,
                        "closing_balance": balance + whole.total,
                    }
                )
                continue
            closing = balance + whole.total - part.payout
            settlements.append(
                whole.model_copy(update={"opening_balance": balance, "closing_balance": closing})
            )
            balance, pending = closing, None
        previous = manifest
    return settlements + ([] if pending is None else [pending])


def _joined(earlier: Statement, later: Statement) -> Statement:
    return later.model_copy(
        update={
            "period_start": earlier.period_start,
            "lines": earlier.lines + later.lines,
            "total": earlier.total + later.total,
            "remark": earlier.remark or later.remark,
        }
    )


def settlement_name(day: date, currency: str, seen: Counter[date]) -> str:
    """Return the name of a settlement, which is its payout's day; `seen` counts those of a day."""
    seen[day] += 1
    return f"etsy-{day}-{currency}" + (f"-{seen[day]}" if seen[day] > 1 else "")
