"""What the registry hands out: frozen values, never rows that are tied to a session.

The fields of a record are columns of its table, in the order they are read.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

ConnectionState = Literal["pending", "active", "needs_reauth", "paused", "disconnected"]
ConnectionKind = Literal["file", "api"]
DayStateName = Literal["open", "empty", "done", "failed"]
PublicationState = Literal[
    "held", "planned", "sending", "unknown", "posted", "failed", "superseded", "voided"
]


@dataclass(frozen=True)
class Connection:
    """One seller account on a channel, or the files of one."""

    slug: str
    channel: str
    name: str
    timezone: str
    kind: ConnectionKind
    state: ConnectionState
    account_id: str | None
    created_at: datetime


@dataclass(frozen=True)
class InboxEvent:
    """Something that touched days of a connection: a document, or somebody's request."""

    id: int
    at: datetime
    connection: str
    kind: Literal["document", "request"]
    document: str | None
    days: list[date]
    handled_at: datetime | None


@dataclass(frozen=True)
class MappingVersion:
    """One saved mapping configuration; `connection` is None for the house's default."""

    id: int
    connection: str | None
    version: int
    document: dict[str, Any]
    digest: str
    created_at: datetime
    created_by: str


class PlannedEntry(NamedTuple):
    """A journal entry that a target should hold; `held_reason` keeps it from being sent."""

    connection: str
    business_date: date
    currency: str
    entry_id: str
    content_hash: str
    held_reason: str | None = None


@dataclass(frozen=True)
class PlanOutcome:
    """How many of the given entries were new, changed, left alone; how many are held now."""

    new: int
    updated: int
    unchanged: int
    held: int


@dataclass(frozen=True)
class Publication:
    """The record that one revision of an entry was, or must be, posted to one target."""

    id: int
    target: str
    connection: str
    business_date: date
    currency: str
    revision: int
    entry_id: str
    content_hash: str
    state: PublicationState
    reference: str | None
    message: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class DayState:
    """Why a day of a connection is what it is, for people and for its card."""

    connection: str
    day: date
    state: DayStateName
    reason: str | None
    updated_at: datetime


@dataclass(frozen=True)
class AuditEvent:
    """Who did what to what."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
