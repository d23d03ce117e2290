"""What can be connected, what goes on, and who did what."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from connectors.accounts.platforms import PLATFORMS
from console.channels import described
from console.web.api.answers import Work
from console.web.api.callers import Administrator, Here, Reader
from console.web.api.given import Limit

router = APIRouter(tags=["facts"])


class Field(BaseModel):
    """Something that a platform asks for."""

    name: str
    of: str
    title: str
    hint: str
    secret: bool
    required: bool
    options: dict[str, str]


class Channel(BaseModel):
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
    fields: list[Field]


class Channels(BaseModel):
    """Everything that can be connected."""

    channels: list[Channel]


class Activities(BaseModel):
    """What runs now, and the last thing that ended for each connection."""

    running: list[Work]
    last: list[Work]


class Event(BaseModel):
    """A deed of a user or a program."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


class Deeds(BaseModel):
    """Who did what to what, the newest first."""

    events: list[Event]


@router.get("/channels")
def list_channels(_who: Reader) -> Channels:
    """What can be connected, and how."""
    listed = [Channel.model_validate(described(p)) for p in PLATFORMS.values()]
    return Channels(channels=listed)


@router.get("/activities")
def list_activities(_who: Reader, console: Here) -> Activities:
    """What runs now, and how the last work of each connection ended."""
    running = console.registry.running_activities().values()
    last = console.registry.last_activities().values()
    return Activities(
        running=[Work.of(work) for work in running],
        last=[Work.of(work) for work in last],
    )


@router.get("/audit")
def list_deeds(
    _who: Administrator,
    console: Here,
    limit: Limit = 100,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Deeds:
    """Who did what to what, the newest first."""
    events = console.registry.audit_log(offset + limit)[offset:]
    return Deeds(events=[Event.model_validate(asdict(e)) for e in events])
