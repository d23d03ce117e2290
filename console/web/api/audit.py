"""The audit log: every action of a user or a program."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from console.web.api.dependencies import Administrator, Here
from console.web.api.requests import Limit

router = APIRouter(tags=["audit"])


class AuditEntry(BaseModel):
    """An action of a user or a program."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


class AuditPage(BaseModel):
    """Audit events, the newest first."""

    events: list[AuditEntry]


@router.get("/audit")
def list_audit_entries(
    _who: Administrator,
    console: Here,
    limit: Limit = 100,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> AuditPage:
    """Return who did what to what, the newest first."""
    events = console.registry.audit.list(offset + limit)[offset:]
    return AuditPage(events=[AuditEntry.model_validate(asdict(e)) for e in events])
