"""What can be connected, what goes on, and who did what."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from connectors.accounts.platforms import PLATFORMS
from console.channels import described
from console.web.api.dependencies import Administrator, Here, Reader
from console.web.api.requests import Limit
from console.web.api.responses import ActivityResponse

router = APIRouter(tags=["facts"])


class FieldResponse(BaseModel):
    """Something that a platform asks for."""

    name: str
    of: str
    title: str
    hint: str
    secret: bool
    required: bool
    options: dict[str, str]


class ChannelResponse(BaseModel):
    """Something that can be connected.

    Disconnecting ends its access where it is `revoked_by_call`; else its owner does, under
    `revocation`.
    """

    name: str
    title: str
    kind: str
    file: str | None
    connects_by: list[str]
    revoked_by_call: bool
    revocation: str
    endpoints: dict[str, str]
    sandbox: dict[str, str]
    fields: list[FieldResponse]


class ChannelList(BaseModel):
    """Everything that can be connected."""

    channels: list[ChannelResponse]


class ActivityList(BaseModel):
    """What runs now, and the last thing that ended for each connection."""

    running: list[ActivityResponse]
    last: list[ActivityResponse]


class AuditEntry(BaseModel):
    """A deed of a user or a program."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


class AuditLog(BaseModel):
    """Who did what to what, the newest first."""

    events: list[AuditEntry]


@router.get("/channels")
def list_channels(_who: Reader) -> ChannelList:
    """What can be connected, and how."""
    listed = [ChannelResponse.model_validate(described(p)) for p in PLATFORMS.values()]
    return ChannelList(channels=listed)


@router.get("/activities")
def list_activities(_who: Reader, console: Here) -> ActivityList:
    """What runs now, and how the last work of each connection ended."""
    running = console.registry.running_activities().values()
    last = console.registry.last_activities().values()
    return ActivityList(
        running=[ActivityResponse.of(work) for work in running],
        last=[ActivityResponse.of(work) for work in last],
    )


@router.get("/audit")
def list_audit_entries(
    _who: Administrator,
    console: Here,
    limit: Limit = 100,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> AuditLog:
    """Who did what to what, the newest first."""
    events = console.registry.audit_log(offset + limit)[offset:]
    return AuditLog(events=[AuditEntry.model_validate(asdict(e)) for e in events])
