"""Documents: what was imported or fetched for a connection, and taking one of them out again."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from connectors.database.registry import Connection
from connectors.errors import BadInput
from console.documents import document_of
from console.web.api.dependencies import Here, Named, Reader, Withdrawer, workspace_of
from console.web.api.problems import not_found
from console.web.api.requests import Limit, Offset, WithdrawalRequest
from console.web.context import Console
from pipelines.stages.withdrawals import (
    DocumentState,
    Origin,
    StoredDocument,
    check_withdrawable,
    find_document,
    stored_documents,
    withdraw_document,
)

router = APIRouter(tags=["documents"])
Id = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="its SHA-256")]


class WithdrawalResponse(BaseModel):
    """A document's withdrawal: when, by whom and why."""

    at: datetime
    by: str
    reason: str


class DocumentResponse(BaseModel):
    """A stored document; `origin` is `file` or `account`."""

    document: str
    file: str
    state: DocumentState
    origin: Origin
    statement: str
    revision: int
    supersedes: str | None
    fetched_at: datetime
    marketplace: str | None
    currency: str
    first_day: date
    last_day: date
    lines: int
    declared: str | None
    sum: str
    settlements: list[str]
    withdrawn: WithdrawalResponse | None


class DocumentPage(BaseModel):
    """One page of documents; `total` counts all of them."""

    documents: list[DocumentResponse]
    total: int


class WithdrawnResponse(BaseModel):
    """A withdrawn document; `fallback` is effective instead.

    `days` are done again as soon as a sensor sees the request.
    """

    document: DocumentResponse
    fallback: str | None
    days: int


@router.get("/connections/{slug}/documents")
def list_documents(
    _who: Reader, console: Here, connection: Named, limit: Limit = 100, offset: Offset = 0
) -> DocumentPage:
    """List every document of a connection, oldest statement first, with those withdrawn."""
    stored = stored_documents(workspace_of(console), connection)
    shown = [
        DocumentResponse.model_validate(document_of(d)) for d in stored[offset : offset + limit]
    ]
    return DocumentPage(documents=shown, total=len(stored))


@router.get("/connections/{slug}/documents/{document}")
def show_document(_who: Reader, console: Here, connection: Named, document: Id) -> DocumentResponse:
    """Return one document."""
    return DocumentResponse.model_validate(document_of(_stored(console, connection, document)))


@router.post("/connections/{slug}/documents/{document}/withdraw", status_code=202)
def withdraw(
    who: Withdrawer, console: Here, connection: Named, document: Id, body: WithdrawalRequest
) -> WithdrawnResponse:
    """Take a document out: its days fall back to the one before, or are open; its bytes stay."""
    check_withdrawable(connection, _stored(console, connection, document))
    # After the other checks: nobody is asked for a password for what is refused anyway.
    who.check_confirmed("this takes entries out of the books")
    opened = workspace_of(console)
    outcome = withdraw_document(opened, connection, document, body.reason, who.name)
    return WithdrawnResponse(
        document=DocumentResponse.model_validate(
            document_of(_stored(console, connection, document))
        ),
        fallback=outcome.fallback and outcome.fallback.document,
        days=len(outcome.days),
    )


def _stored(console: Console, connection: Connection, document: str) -> StoredDocument:
    try:
        return find_document(stored_documents(workspace_of(console), connection), document)
    except BadInput as error:
        raise not_found(str(error)) from error
