"""Bank statements: what really arrived, and payouts that no statement shows."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, StringConstraints

from connectors.bank import CsvColumns, read_statement
from connectors.bank.csv_statement import columns_of
from console.proofs import unmatched_document
from console.targets import organisation_named
from console.web.api.dependencies import Here, Named, Poster, Reader, workspace_of
from console.web.api.journals import OfConnection, stores_of
from console.web.api.problems import ASKS_A_PLATFORM
from console.web.api.requests import Limit, Line, Offset, RequestBody
from pipelines.stages.bank import store_lines, unmatched_payouts
from pipelines.stages.target_bank import import_from_organisation

router = APIRouter(tags=["bank"])
Statement = Annotated[bytes, Body(media_type="application/octet-stream")]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


class BankAccountRequest(RequestBody):
    """A bank account of an organisation: Xero's by code, QuickBooks' by id."""

    account: Line


class BankImportResponse(BaseModel):
    """The result of importing a statement: its lines, those new, and payouts matched with any."""

    lines: int
    new: int
    matched: int


class UnmatchedResponse(BaseModel):
    """A payout that no imported bank statement shows, due so many days ago."""

    connection: str
    settlement_id: str
    day: date
    currency: str
    amount: str
    days: int
    overdue: bool


class UnmatchedPage(BaseModel):
    """One page of payouts that are not in the bank; `ok` says whether none is overdue."""

    ok: bool
    payouts: list[UnmatchedResponse]
    total: int


@router.post("/bank/statements")
def import_bank_statement(
    who: Poster,
    console: Here,
    body: Statement,
    file: Annotated[Line, Query(description="its name, for messages")] = "statement",
    account: Annotated[Line, Query(description="your name for the bank account")] = "bank",
    currency: Annotated[Currency | None, Query(description="of a CSV file without one")] = None,
    columns: Annotated[Line | None, Query(description="like date=Buchungstag,amount=...")] = None,
    day_format: Annotated[Line | None, Query(description="of a CSV file, like %d/%m/%Y")] = None,
    decimal: Annotated[Line | None, Query(description="the decimal mark of a CSV file")] = None,
) -> BankImportResponse:
    """Import a bank statement, its bytes as the body, and match payouts; a line counts once."""
    layout = CsvColumns(columns_of(columns or ""), day_format, decimal)
    lines = read_statement(file, body, layout, currency)
    outcome = store_lines(workspace_of(console), lines, account, who.name)
    return BankImportResponse(lines=outcome.lines, new=outcome.new, matched=outcome.matched)


@router.post("/connections/{slug}/bank-lines", tags=[ASKS_A_PLATFORM])
def import_bank_lines(
    who: Poster, console: Here, connection: Named, body: BankAccountRequest
) -> BankImportResponse:
    """Import what passed through a bank account of an organisation, and match payouts."""
    opened = workspace_of(console)
    organisation = organisation_named(opened, connection.slug)
    outcome = import_from_organisation(opened, organisation, body.account, who.name)
    return BankImportResponse(lines=outcome.lines, new=outcome.new, matched=outcome.matched)


@router.get("/bank/unmatched")
def list_unmatched_payouts(
    _who: Reader,
    console: Here,
    connection: OfConnection = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> UnmatchedPage:
    """List payouts that no imported bank statement shows, the oldest first."""
    listed = unmatched_payouts(workspace_of(console), stores_of(console, connection))
    shown = [
        UnmatchedResponse.model_validate(unmatched_document(each))
        for each in listed[offset : offset + limit]
    ]
    ok = not any(each.is_overdue for each in listed)
    return UnmatchedPage(ok=ok, payouts=shown, total=len(listed))
