"""Bodies of responses: amounts as text, days and instants as ISO 8601, never a secret."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Self

from pydantic import BaseModel

from connectors.accounts.setup import Setup
from connectors.database.registry import Activity, Connection
from connectors.database.registry.records import (
    ActivityOutcome,
    ConnectionKind,
    ConnectionState,
    DayStateName,
)
from console import cards
from console.cards import Action, Status


class ActivityResponse(BaseModel):
    """Something done for a connection; it runs while `ended_at` is null."""

    connection: str
    what: str
    days: int
    started_at: datetime
    ended_at: datetime | None
    outcome: ActivityOutcome | None
    message: str | None
    run: str | None = None

    @classmethod
    def of(cls, activity: Activity) -> Self:
        """Return the response of an activity."""
        return cls.model_validate(asdict(activity))


class DeadlineResponse(BaseModel):
    """A deadline of an account within a month, and its `remedy`."""

    expires_at: datetime
    what: str
    remedy: str


class AccountResponse(BaseModel):
    """Whom a connection reaches, as the platform names it; `details` are its further facts."""

    id: str
    name: str | None
    country: str | None
    currency: str | None
    timezone: str | None
    details: dict[str, Any]

    @classmethod
    def of(cls, connection: Connection) -> Self | None:
        """Return the account of a connection; None before it is authorised."""
        if connection.account_id is None:
            return None
        details = dict(connection.account)
        plain = {
            name: details.pop(name, None) for name in ("name", "country", "currency", "timezone")
        }
        return cls(id=connection.account_id, details=details, **plain)


class CardResponse(BaseModel):
    """A connection: its account, status, last outcome and what runs now.

    `failure` is the work behind an error, and its `run` the Dagster run that did it.

    `unmapped_source_types` hold entries and are unmapped: `GET /mappings/source-types` lists them.
    """

    slug: str
    name: str
    channel: str
    title: str
    kind: ConnectionKind
    timezone: str
    state: ConnectionState
    status: Status
    why: str | None
    action: Action | None
    account: AccountResponse | None
    fields: dict[str, str]
    setup: Setup
    last: ActivityResponse | None
    running: ActivityResponse | None
    complete_through: date | None
    days_done: int
    days_due: int
    next_sync_at: datetime | None
    wait_reason: str | None
    findings: list[str]
    warnings: list[DeadlineResponse]
    unmapped_source_types: int
    failure: ActivityResponse | None
    created_at: datetime

    @classmethod
    def of(cls, card: cards.Card) -> Self:
        """Return the response of a card."""
        connection = card.connection
        return cls(
            slug=connection.slug,
            name=connection.name,
            channel=connection.channel,
            title=card.title,
            kind=connection.kind,
            timezone=connection.timezone,
            state=connection.state,
            status=card.status,
            why=card.why,
            action=card.action,
            account=AccountResponse.of(connection),
            fields=connection.fields,
            setup=card.setup,
            last=ActivityResponse.of(card.last) if card.last else None,
            running=ActivityResponse.of(card.running) if card.running else None,
            complete_through=card.complete_through,
            days_done=card.days_done,
            days_due=card.days_due,
            next_sync_at=card.next_sync_at,
            wait_reason=card.wait_reason,
            findings=connection.findings,
            warnings=[
                DeadlineResponse(expires_at=w.expires_at, what=w.what, remedy=w.remedy)
                for w in card.warnings
            ],
            unmapped_source_types=card.unmapped_source_types,
            failure=ActivityResponse.of(card.failure) if card.failure else None,
            created_at=connection.created_at,
        )


class CardPage(BaseModel):
    """One page of what was asked for; `total` counts all of it."""

    connections: list[CardResponse]
    total: int


class ConsentPage(BaseModel):
    """The page to send the seller's browser to, within ten minutes."""

    url: str


class AccountChoice(BaseModel):
    """An account that a consent covers; one without a `timezone` is chosen together with one."""

    id: str
    name: str
    country: str | None
    currency: str | None
    timezone: str | None


class AccountChoices(BaseModel):
    """The accounts that a consent covers."""

    choices: list[AccountChoice]


class DisconnectedResponse(BaseModel):
    """A disconnected connection; `problem` is what its platform could not be told.

    `leaving` says what became of the access there, and where its owner looks after it.
    """

    connection: CardResponse
    problem: str | None
    leaving: str


class RemovedResponse(BaseModel):
    """A connection that is gone; its `entries` stay in the books, or were `withdrawn` from them."""

    connection: str
    entries: list[str]
    withdrawn: bool


class SyncResponse(BaseModel):
    """Days that will be done as soon as a sensor sees the request; it is null where none are."""

    connection: str
    request: int | None
    days: int
    fetch: bool


class RetryResponse(BaseModel):
    """Work that is tried again as soon as a sensor sees it: days, and entries for the books."""

    connection: str
    request: int | None
    days: int
    entries: int
    fetch: bool


class DayResponse(BaseModel):
    """The state of a day, and its reason."""

    day: date
    state: DayStateName
    reason: str | None
    updated_at: datetime


class DayPage(BaseModel):
    """One page of the days of a connection."""

    days: list[DayResponse]
    total: int
