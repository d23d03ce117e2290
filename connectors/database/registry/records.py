"""Records of the registry: frozen values, never rows that are tied to a session.

The fields of a record are columns of its table, in the order they are read.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

ConnectionState = Literal["pending", "active", "needs_reauth", "paused", "disconnected"]
ConnectionKind = Literal["file", "api"]
ActivityOutcome = Literal["done", "failed"]
Role = Literal["viewer", "operator", "bookkeeper", "admin"]
DayStateName = Literal["open", "empty", "done", "failed"]
PublicationState = Literal[
    "held",
    "draft",
    "left_out",
    "planned",
    "sending",
    "unknown",
    "posted",
    "failed",
    "superseded",
    "voided",
]
# Why a revision is not sent although its entry is whole: its owner approves it, releases it after
# it was rolled back, or chooses for an entry of a closed day.
Wait = Literal["approval", "release", "open_period", "chart"]
Choice = Literal["approved", "backfilled", "rolled_back", "left_out", "first_open_day"]


@dataclass(frozen=True)
class Connection:
    """One account on a platform, or the files of one.

    `account` is how the platform names it (name, country, currency, timezone, details), `fields`
    what was chosen for it that is no secret, `reason` why it needs its owner, in words.
    `setup` is what it brings in and how far its set-up has come (`connectors.accounts.setup`).
    `deadlines` are what ends for it, the soonest first: `expires_at` (ISO 8601), `what`, `remedy`.
    `findings` are what its settlements lack, each in words and with what to do.
    """

    slug: str
    channel: str
    name: str
    timezone: str
    kind: ConnectionKind
    state: ConnectionState
    account_id: str | None
    account: dict[str, Any]
    fields: dict[str, str]
    reason: str | None
    setup: dict[str, Any]
    deadlines: list[dict[str, str]]
    findings: list[str]
    created_at: datetime


@dataclass(frozen=True)
class InboxEvent:
    """An event that touched days of a connection: a document, or a request."""

    id: int
    at: datetime
    connection: str
    kind: Literal["document", "request"]
    document: str | None
    days: list[date]
    is_backfill: bool = False


@dataclass(frozen=True)
class MappingVersion:
    """One saved mapping configuration for a target; `connection` is None for the default.

    `effective_from` is the first business day it holds for, None for every day; `reason` is its
    author's own words.
    """

    id: int
    target: str
    connection: str | None
    version: int
    document: dict[str, Any]
    digest: str
    effective_from: date | None
    reason: str | None
    created_at: datetime
    created_by: str

    def is_in_effect(self, day: date) -> bool:
        """Return whether the version holds for a business day, unless a newer one does."""
        return self.effective_from is None or self.effective_from <= day


class PlannedEntry(NamedTuple):
    """A journal entry that a target should hold; `held_reason` keeps it from being sent.

    `entry_id` is its identity, whatever its content: `je:store:2026-03-02:GBP`.
    `is_backfilled` says that its day was only requested again: it never posts by itself. It is not
    sent before `due_at`.
    """

    connection: str
    business_date: date
    currency: str
    entry_id: str
    content_hash: str
    held_reason: str | None = None
    is_backfilled: bool = False
    due_at: datetime | None = None


@dataclass(frozen=True)
class PlanOutcome:
    """The numbers of entries that were new, changed and left alone, and of those held now."""

    new: int
    updated: int
    unchanged: int
    held: int


@dataclass(frozen=True)
class Publication:
    """The record that one revision of an entry was, or must be, posted to one target.

    `withdrawn_at` is since when no journal supports what the target holds. `content` is what was
    sent, where the target is an organisation; the books hold it themselves. `waits_for` is what a
    draft or a held entry needs of its owner beside its mapping. `standing` is what the last check
    found of it in the organisation where that is no longer as it was posted. Before `due_at` it is
    not sent; None is at once.
    """

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
    withdrawn_at: datetime | None = None
    content: dict[str, Any] | None = None
    waits_for: Wait | None = None
    standing: Literal["edited", "gone", "matched"] | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class EntryChoice:
    """The choice of an entry's owner about posting it to one target, with who made it and why."""

    target: str
    connection: str
    entry_id: str
    choice: Choice
    reason: str | None
    chosen_by: str
    chosen_at: datetime


@dataclass(frozen=True)
class ClosedBooks:
    """The last business day of a store whose books are closed, by whom and why."""

    connection: str
    through: date
    reason: str | None
    closed_by: str
    closed_at: datetime


@dataclass(frozen=True)
class StoredBankLine:
    """A line of a bank account; money that arrived is positive.

    `connection` and `settlement_id` name the payout that it is, None where none is known.
    """

    account: str
    line_id: str
    booked_on: date
    amount: Decimal
    currency: str
    text: str
    connection: str | None
    settlement_id: str | None


@dataclass(frozen=True)
class DayState:
    """The state of a connection's day, and its reason."""

    connection: str
    day: date
    state: DayStateName
    reason: str | None
    updated_at: datetime


@dataclass(frozen=True)
class DaySummary:
    """Counts of a connection's done, open and failed days, and why the first failed one failed.

    Its data is complete through that day: no gap lies before it.
    """

    connection: str
    done: int
    open: int
    failed: int
    complete_through: date | None
    reason: str | None


@dataclass(frozen=True)
class Activity:
    """Something done for a connection over `days` days: `what` is `data` or `publish`.

    `run` is the id of the Dagster run that did it, where there was one.
    """

    id: int
    connection: str
    what: str
    days: int
    started_at: datetime
    ended_at: datetime | None
    outcome: ActivityOutcome | None
    message: str | None
    run: str | None = None


@dataclass(frozen=True)
class ScheduledSync:
    """The next sync of a connection; `days` wait for it, for the `reason` there."""

    connection: str
    at: datetime
    days: list[date]
    reason: str | None


@dataclass(frozen=True)
class User:
    """A user of the console."""

    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True)
class SignedIn:
    """The user who acts, and when they last gave their password; None for a program's token."""

    name: str
    role: Role
    confirmed_at: datetime | None


@dataclass(frozen=True)
class ApiToken:
    """A program's token, without its value."""

    user: str
    label: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class AuditEvent:
    """One action of one actor on one subject."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
