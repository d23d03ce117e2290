"""The proof of a settlement as a document: amounts as strings, in the currency's own digits."""

from decimal import Decimal
from typing import Any

from console.output import money
from mappings.money import minor_digits
from pipelines.stages.gaps import Gap
from pipelines.stages.reconciliation import Proof

FIGURES = (
    *("declared", "raw", "normalised", "journalled", "posted", "brought_forward", "paid"),
    "difference",
)


def _exact(amount: Decimal | None, currency: str) -> str | None:
    return None if amount is None else money(amount, minor_digits(currency)).replace(",", "")


def proof_document(proof: Proof) -> dict[str, Any]:
    """Return what `reconcile --json` and the API say of a settlement."""
    return {
        "connection": proof.connection,
        "settlement_id": proof.settlement_id,
        "currency": proof.currency,
        "period_start": proof.period_start,
        "period_end": proof.period_end,
        **{name: _exact(getattr(proof, name), proof.currency) for name in FIGURES},
        "state": proof.state,
        "payout_status": proof.payout_status,
        "why": proof.why,
    }


def gap_document(gap: Gap) -> dict[str, Any]:
    """Return what `reconcile --json` says of days between two settlements that none covers."""
    return {
        "connection": gap.connection,
        "currency": gap.currency,
        "first_day": gap.first,
        "last_day": gap.last,
        "why": str(gap),
    }
