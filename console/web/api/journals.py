"""What the books rest on: journals, settlements and their proof."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator

from connectors.database.registry import Connection
from connectors.lake.windows import Window
from console.entries import entries
from console.proofs import gap_document, proof_document
from console.web.api.dependencies import Here, Reader, connection_named, workspace_of
from console.web.api.requests import From, Limit, Offset, Slug, To, window_of
from console.web.context import Console
from console.workspace import chosen
from pipelines.stages.books_check import checked_books
from pipelines.stages.reconciliation import gaps_of, reconcile
from pipelines.stages.workspace import Workspace

router = APIRouter(tags=["books"])


def _exact(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value


Amount = Annotated[str, BeforeValidator(_exact)]


class SourceRow(BaseModel):
    """A row of a document behind a journal line."""

    transaction_id: str
    amount: Amount
    source_type: str
    order_id: str | None
    sku: str | None
    posted_at: str
    description: str | None
    document: str
    file: str
    row: int
    cells: dict[str, str] | None


class LineResponse(BaseModel):
    """One line of an entry; a debit is positive."""

    part: str
    account: str
    category: str
    tax_code: str | None
    settlement_id: str | None
    amount: str
    transactions: int
    sources: list[SourceRow] | None = None


class EntryResponse(BaseModel):
    """One journal entry with its state at the books."""

    entry_id: str
    connection: str
    business_date: date
    currency: str
    state: str
    message: str | None
    revision: int
    content_hash: str
    lines: list[LineResponse]


class JournalPage(BaseModel):
    """The entries of one page of days; `total` counts the days of every connection."""

    entries: list[EntryResponse]
    total: int


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


Of = Annotated[Slug | None, Query(description="one connection's; all without it")]


@router.get("/journals")
def list_journals(
    _who: Reader,
    console: Here,
    connection: Of = None,
    first: From = None,
    last: To = None,
    explain: Annotated[bool, Query(description="with the document rows behind every line")] = False,
    limit: Limit = 31,
    offset: Offset = 0,
) -> JournalPage:
    """Journal entries by day; `limit` and `offset` count days of connections."""
    opened, window = workspace_of(console), window_of(first, last)
    stores = _stores(console, connection)
    days = sorted(
        (day, at) for at, store in enumerate(stores) for day in _days(opened, store, window)
    )
    shown = days[offset : offset + limit]
    found: list[dict[str, Any]] = []
    for at, store in enumerate(stores):
        wanted = [day for day, of in shown if of == at]
        found += entries(opened, store, wanted, explain) if wanted else []
    found.sort(key=lambda entry: (entry["business_date"], entry["connection"]))
    listed = [EntryResponse.model_validate(entry) for entry in found]
    return JournalPage(entries=listed, total=len(days))


@router.get("/settlements")
def list_settlements(
    _who: Reader, console: Here, connection: Of = None, limit: Limit = 100, offset: Offset = 0
) -> SettlementPage:
    """Per settlement: declared, raw, normalised, journalled, posted, paid, the difference."""
    opened, stores = workspace_of(console), _stores(console, connection)
    proofs = reconcile(opened, stores)
    missing = [GapResponse.model_validate(gap_document(gap)) for gap in gaps_of(opened, stores)]
    shown = [
        SettlementResponse.model_validate(proof_document(proof))
        for proof in proofs[offset : offset + limit]
    ]
    refused = checked_books(opened.settings)
    ok = all(proof.ok for proof in proofs) and refused is None
    return SettlementPage(
        ok=ok, settlements=shown, gaps=missing, books_error=refused, total=len(proofs)
    )


def _stores(console: Console, slug: str | None) -> list[Connection]:
    named = [connection_named(console, slug).slug] if slug is not None else []
    return chosen(workspace_of(console), named)


def _days(opened: Workspace, store: Connection, window: Window | None) -> set[date]:
    days = opened.lake.days("journal_lines", store.slug)
    return {day for day in days if window is None or day in window}
