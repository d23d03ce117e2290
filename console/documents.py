"""Documents as the command line and the API show them."""

from typing import Any

from connectors.documents.manifest import Withdrawal
from pipelines.stages.withdrawals import StoredDocument


def described(withdrawal: Withdrawal) -> str:
    """Return when, by whom and why a document was withdrawn."""
    return f"on {withdrawal.at:%Y-%m-%d} by {withdrawal.by} ({withdrawal.reason})"


def withdrawal_document(withdrawal: Withdrawal | None) -> dict[str, Any] | None:
    """Return a withdrawal as `--json` has it; None of a document that counts."""
    if withdrawal is None:
        return None
    return {"at": withdrawal.at, "by": withdrawal.by, "reason": withdrawal.reason}


def document_of(stored: StoredDocument) -> dict[str, Any]:
    """Return one document as `--json` and the API list it."""
    manifest = stored.manifest
    return {
        "document": manifest.document,
        "file": manifest.name,
        "state": stored.state,
        "origin": stored.origin,
        "statement": manifest.statement,
        "revision": manifest.revision,
        "supersedes": manifest.supersedes,
        "fetched_at": manifest.fetched_at,
        "marketplace": manifest.marketplace,
        "currency": manifest.currency,
        "first_day": manifest.first_day,
        "last_day": manifest.last_day,
        "lines": manifest.lines,
        "declared": None if manifest.declared is None else f"{manifest.declared:f}",
        "sum": f"{manifest.total:f}",
        "settlements": [s.settlement_id for s in manifest.settlements if s.settlement_id],
        "withdrawn": withdrawal_document(manifest.withdrawn),
    }
