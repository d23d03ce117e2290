"""Settlements, each with its proof."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel

from console.proofs import gap_document, proof_document
from console.web.api.dependencies import Here, Reader, workspace_of
from console.web.api.journals import OfConnection, stores_of
from console.web.api.requests import Limit, Offset
from pipelines.stages.books_check import checked_books
from pipelines.stages.reconciliation import gaps_of, reconcile

router = APIRouter(tags=["settlements"])


class SettlementResponse(BaseModel):
    """The proof of one settlement; null where a channel declares nothing or nothing is known."""

    connection: str
    settlement_id: str
    currency: str
    period_start: date
    period_end: date
    declared: str | None
    raw: str
    normalised: str | None
    journalled: str | None
    posted: str | None
    brought_forward: str
    paid: str | None
    difference: str
    state: str
    payout_status: str
    bank_date: date | None
    why: str | None


class GapResponse(BaseModel):
    """Days between two settlements that none covers."""

    connection: str
    currency: str
    first_day: date
    last_day: date
    why: str


class SettlementPage(BaseModel):
    """One page of settlements; `ok` says whether all that were asked for tie, or are still open.

    `books_error` is the first thing in the books that Beancount refuses: then nothing is `ok`.
    """

    ok: bool
    settlements: list[SettlementResponse]
    gaps: list[GapResponse]
    books_error: str | None
    total: int


@router.get("/settlements")
def list_settlements(
    _who: Reader,
    console: Here,
    connection: OfConnection = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> SettlementPage:
    """List settlements: declared, raw, normalised, journalled, posted, paid, difference."""
    opened, stores = workspace_of(console), stores_of(console, connection)
    proofs = reconcile(opened, stores)
    missing = [GapResponse.model_validate(gap_document(gap)) for gap in gaps_of(opened, stores)]
    shown = [
        SettlementResponse.model_validate(proof_document(proof))
        for proof in proofs[offset : offset + limit]
    ]
    refused = checked_books(opened.settings)
    # Over all pages: a difference on the second is bad news on the first as well.
    ok = all(proof.ok for proof in proofs) and refused is None
    return SettlementPage(
        ok=ok, settlements=shown, gaps=missing, books_error=refused, total=len(proofs)
    )
