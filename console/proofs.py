"""The proof of a settlement as a document: amounts as strings, in the currency's own digits."""

from decimal import Decimal
from typing import Any

from connectors.accounting.target import BookedEntry
from console.output import money
from mappings.money import minor_digits
from pipelines.stages.bank import UnmatchedPayout
from pipelines.stages.drift import Drift
from pipelines.stages.gaps import Gap
from pipelines.stages.reconciliation import Proof
from pipelines.stages.target_proof import TargetProof

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
        "bank_date": proof.bank_date,
    }


def target_proof_document(proof: Proof | None, there: TargetProof) -> dict[str, Any]:
    """Return a settlement as `reconcile --target --json` and the API list it.

    The figures of the books stand beside what the organisation holds.
    """
    books = proof_document(proof) if proof is not None else {}
    amounts = {
        "posted": there.posted,
        "before_posting": there.before_posting,
        "outstanding": there.outstanding,
        "difference": there.difference,
    }
    return {
        **books,
        "connection": there.connection,
        "settlement_id": there.settlement_id,
        "target": there.target,
        "currency": there.currency,
        **{name: _exact(amount, there.currency) for name, amount in amounts.items()},
        "state": there.state,
        "why": there.why,
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


def other_document(other: BookedEntry) -> dict[str, Any]:
    """Return another connector's entry as `--json` and the API list it."""
    return {
        "reference": other.reference,
        "kind": other.kind,
        "day": other.day,
        "text": other.text,
    }


def drift_document(drift: Drift) -> dict[str, Any]:
    """Return a changed entry as `--json` and the API list it."""
    publication = drift.publication
    return {
        "target": publication.target,
        "entry_id": publication.entry_id,
        "connection": publication.connection,
        "day": publication.business_date,
        "currency": publication.currency,
        "state": "reconciled" if drift.state == "matched" else drift.state,
        "reference": publication.reference,
        "why": str(drift),
    }


def unmatched_document(unmatched: UnmatchedPayout) -> dict[str, Any]:
    """Return a payout that is not in the bank as `--json` and the API list it."""
    payout = unmatched.payout
    return {
        "connection": payout.connection,
        "settlement_id": payout.settlement_id,
        "day": payout.day,
        "currency": payout.currency,
        "amount": _exact(payout.amount, payout.currency),
        "days": unmatched.days,
        "overdue": unmatched.is_overdue,
    }
