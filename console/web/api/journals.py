"""Journals: the entries of each business day."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator

from connectors.database.registry import Connection
from connectors.lake.windows import Window
from console.entries import entries
from console.entry_readiness import entry_document, readiness_of, wait_document
from console.web.api.dependencies import Here, Reader, connection_named, workspace_of
from console.web.api.requests import From, Limit, Offset, Slug, To, window_of
from console.web.context import Console
from console.workspace import chosen
from pipelines.stages.workspace import Workspace

router = APIRouter(tags=["journals"])


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


class LineTax(BaseModel):
    """The decision of tax rules on a line; `rate` is in percent, null where none is known."""

    treatment: str
    country: str | None
    region: str | None
    rate: str | None


class LineResponse(BaseModel):
    """One line of an entry; a debit is positive. `tax` is null without a tax profile."""

    part: str
    account: str
    category: str
    tax_code: str | None
    tax: LineTax | None
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


class PartReadiness(BaseModel):
    """The accounts, taxes or costs of an entry: `ready`, or `missing` with the cure."""

    state: Literal["ready", "missing"]
    cure: str | None


class EntryReadinessResponse(BaseModel):
    """An entry that is `ready`, or `held` until its owner acts; `period` is why a closed day is."""

    entry_id: str
    connection: str
    target: str
    business_date: date
    currency: str
    state: Literal["ready", "held"]
    accounts: PartReadiness
    taxes: PartReadiness
    costs: PartReadiness
    period: str | None


class WaitResponse(BaseModel):
    """Days or a settlement that the platform has still to send data of; nobody needs to act."""

    connection: str
    target: str
    state: Literal["waiting"]
    first_day: date
    last_day: date
    settlement_id: str | None
    currency: str | None
    reason: str
    expected: date | None


class ReadinessPage(BaseModel):
    """One page of a store's entries, and everything that waits; `ok` says that none is held."""

    ok: bool
    target: str
    entries: list[EntryReadinessResponse]
    total: int
    waiting: list[WaitResponse]


OfConnection = Annotated[Slug | None, Query(description="one connection's; all without it")]


@router.get("/journals")
def list_journals(
    _who: Reader,
    console: Here,
    connection: OfConnection = None,
    first: From = None,
    last: To = None,
    explain: Annotated[bool, Query(description="with the document rows behind every line")] = False,
    limit: Limit = 31,
    offset: Offset = 0,
) -> JournalPage:
    """List journal entries by day; `limit` and `offset` count days of connections."""
    opened, window = workspace_of(console), window_of(first, last)
    stores = stores_of(console, connection)
    # By place and not by slug: two equal days then stay in the order of the stores.
    days = sorted(
        (day, at) for at, store in enumerate(stores) for day in _days(opened, store, window)
    )
    shown = days[offset : offset + limit]
    documents: list[dict[str, Any]] = []
    for at, store in enumerate(stores):
        store_days = [day for day, of in shown if of == at]
        # Days are counted first and read afterwards: a page costs what it shows.
        documents += entries(opened, store, store_days, explain) if store_days else []
    documents.sort(key=lambda entry: (entry["business_date"], entry["connection"]))
    listed = [EntryResponse.model_validate(entry) for entry in documents]
    return JournalPage(entries=listed, total=len(days))


@router.get("/journals/readiness")
def list_readiness(
    _who: Reader,
    console: Here,
    connection: Annotated[Slug, Query(description="the store")],
    target: Annotated[
        Slug | None, Query(description="`books` or an organisation; the store's own without it")
    ] = None,
    first: From = None,
    last: To = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> ReadinessPage:
    """List what each entry of a store lacks with the cure, and what its platform is to send."""
    opened = workspace_of(console)
    (store,) = stores_of(console, connection)
    result = readiness_of(opened, store, target, window_of(first, last))
    listed = result.entries[offset : offset + limit]
    return ReadinessPage.model_validate(
        {
            "ok": not result.held,
            "target": result.target,
            "entries": [entry_document(result, entry) for entry in listed],
            "total": len(result.entries),
            "waiting": [wait_document(result, wait) for wait in result.waiting],
        }
    )


def stores_of(console: Console, slug: str | None) -> list[Connection]:
    """Return one store, or all of them; not found where there is none of that slug."""
    named = [connection_named(console, slug).slug] if slug is not None else []
    return chosen(workspace_of(console), named)


def _days(opened: Workspace, store: Connection, window: Window | None) -> set[date]:
    days = opened.lake.days("journal_lines", store.slug)
    return {day for day in days if window is None or day in window}
