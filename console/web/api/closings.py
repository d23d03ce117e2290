"""Closings: months that are archived, and the day through which each store's books are closed."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from connectors.database.registry import Connection
from console.web.api.dependencies import Here, Poster, Reader, connection_named, workspace_of
from console.web.api.requests import ClosingRequest, ReopeningRequest
from console.web.context import Console
from console.workspace import chosen
from pipelines.stages.month_close import close_month, month_of, reopen_month

router = APIRouter(tags=["closings"])
Month = Annotated[str, Path(pattern="^[0-9]{4}-[0-9]{2}$", description="like 2026-03")]


class ClosedBooksResponse(BaseModel):
    """The last closed day of a store, with who closed it, when and why."""

    connection: str
    through: date
    reason: str | None
    closed_by: str
    closed_at: datetime


class ClosedBooksList(BaseModel):
    """Every store with closed books."""

    closed: list[ClosedBooksResponse]


class ClosingResponse(BaseModel):
    """A closed month with its archive's file name, or what stands in the way of closing it."""

    ok: bool
    closed_through: date | None
    archive: str | None
    open: list[str]


class ReopenedResponse(BaseModel):
    """The stores whose books are open again from a day on."""

    reopened: list[str]
    first_open_day: date


@router.get("/closed-books")
def list_closed_books(_who: Reader, console: Here) -> ClosedBooksList:
    """List the day through which each store's books are closed."""
    listed = console.registry.closed_books.list()
    return ClosedBooksList(
        closed=[
            ClosedBooksResponse.model_validate(closed, from_attributes=True) for closed in listed
        ]
    )


@router.post("/months/{month}/close")
def close(who: Poster, console: Here, month: Month, body: ClosingRequest) -> ClosingResponse:
    """Archive a month and close the books of stores through its last day."""
    window, stores = month_of(month), _stores(console, body.connections)
    who.check_confirmed("this closes books")
    closing = close_month(
        workspace_of(console), stores, window, who.name, despite_open=body.despite_open
    )
    is_closed = closing.archive is not None
    return ClosingResponse(
        ok=is_closed,
        closed_through=closing.through if is_closed else None,
        archive=closing.archive.name if closing.archive is not None else None,
        open=list(closing.obstacles),
    )


@router.post("/months/{month}/reopen")
def reopen(who: Poster, console: Here, month: Month, body: ReopeningRequest) -> ReopenedResponse:
    """Open the books of stores from a month on."""
    window, stores = month_of(month), _stores(console, body.connections)
    who.check_confirmed("this opens closed books")
    reopened = reopen_month(workspace_of(console), stores, window, body.reason, who.name)
    return ReopenedResponse(reopened=reopened, first_open_day=window.start)


def _stores(console: Console, slugs: list[str]) -> list[Connection]:
    named = [connection_named(console, slug).slug for slug in slugs]
    return chosen(workspace_of(console), named)
