"""Bodies of requests: every text bounded, every day written one way, no unknown field."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    StringConstraints,
    with_config,
)
from typing_extensions import TypedDict

from connectors.accounts.platforms import PLATFORMS
from connectors.accounts.setup import Step, StreamName
from connectors.database.registry import Role
from connectors.database.registry.models import SLUG_PATTERN
from connectors.errors import BadInput
from connectors.lake.windows import ONE_DAY, Window
from console.web.sessions import SHORTEST_PASSWORD
from pipelines.stages.mapping_changes import assignable_categories

Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
# PostgreSQL keeps no NUL; what people read is one line.
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]{1,200}$")
]
# As one part of an address: no slash, and not the dots that lead out of it.
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20\x7f./\\][^\x00-\x1f\x7f/\\]{0,79}$")]
Value = Annotated[str, StringConstraints(pattern=r"^[^\x00]{0,10000}$")]
Fields = dict[str, Value]
PlatformName = Annotated[str, Field(json_schema_extra={"enum": sorted(PLATFORMS)})]
# Bounded: hashing a password of a megabyte would cost us, and not the guesser.
Secret = Annotated[SecretStr, Field(min_length=1, max_length=1000)]
NewSecret = Annotated[SecretStr, Field(min_length=SHORTEST_PASSWORD, max_length=1000)]
Limit = Annotated[int, Query(ge=1, le=500)]
# As the database numbers its rows.
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


def _day(value: Any) -> Any:
    # A number would pass for seconds since 1970.
    # `fromisoformat` alone takes 20260331 and 2026-W14-2 too, since Python 3.11.
    if isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return date.fromisoformat(value)
    if value is None or isinstance(value, date):
        return value
    raise ValueError("write a day like 2026-03-31")


def _category(name: str) -> str:
    if name not in assignable_categories():
        raise ValueError(f"there is no category {name!r}")
    return name


CategoryName = Annotated[
    str,
    AfterValidator(_category),
    Field(json_schema_extra={"enum": sorted(assignable_categories())}),
]
Day = Annotated[date, BeforeValidator(_day)]
From = Annotated[Day | None, Query(alias="from", description="the first day")]
To = Annotated[Day | None, Query(alias="to", description="the last day")]


def window_of(first: date | None, last: date | None) -> Window | None:
    """Return the days from `first` to `last`, which may be open; `BadInput` when crossed."""
    if first is None and last is None:
        return None
    start = first or date.min
    # `date.max` has no day after it.
    end = min(last or date.max, date.max - ONE_DAY) + ONE_DAY
    if start >= end:
        raise BadInput(f"from {start} is after to {end - ONE_DAY}")
    return Window(start, end)


class RequestBody(BaseModel):
    """A body: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")


class NewConnection(RequestBody):
    """An account, connected with credentials."""

    platform: PlatformName
    name: Line
    slug: Slug | None = None
    timezone: Line | None = None
    credentials: Fields
    account: Line | None = None


class NewPending(RequestBody):
    """A set-up that a consent finishes."""

    platform: PlatformName
    name: Line
    slug: Slug | None = None


@with_config(ConfigDict(extra="forbid", strict=True))
class StreamChange(TypedDict, total=False):
    """Changes to one stream of records: what was before, and what comes from now on."""

    history: bool
    ongoing: bool


# A TypedDict, because a field left out is not one that is null: that clears it. Strict, because
# "yes" and 1 would pass for true.
@with_config(ConfigDict(extra="forbid", strict=True))
class ImportsChange(TypedDict, total=False):
    """Changes to imports; a field left out stays as it is."""

    history_from: Annotated[date | None, BeforeValidator(_day)]
    ongoing: bool
    provisional: bool
    streams: dict[StreamName, StreamChange]
    customer_roles: Annotated[tuple[Line, ...], Field(strict=False)]
    personal_data: bool
    personal_days: Annotated[int | None, Field(ge=1, le=3650)]
    poll_minutes: Annotated[int | None, Field(ge=1, le=1440)]


@with_config(ConfigDict(extra="forbid"))
class SetupChange(TypedDict, total=False):
    """Changes to a set-up; a field left out stays. `target` is `books` or an organisation."""

    step: Step
    imports: ImportsChange
    target: Slug


class ConnectionChange(RequestBody):
    """Changes to a connection; a field left out stays as it is."""

    name: Line | None = None
    setup: SetupChange | None = None


class CheckRequest(RequestBody):
    """For a connection whose credentials reach several accounts, or tell no time zone."""

    account: Line | None = None
    timezone: Line | None = None


class ConsentRequest(RequestBody):
    """The seller's choices before authorising: a region, a shop."""

    fields: Fields = {}


class AccountChoiceRequest(RequestBody):
    """One of the accounts that a consent covers."""

    account: Line
    timezone: Line | None = None


class ReconnectionRequest(RequestBody):
    """New credentials for the account that a connection has."""

    credentials: Fields
    account: Line | None = None


class PostingChange(RequestBody):
    """The first business day whose entries are posted; null posts none."""

    since: Annotated[date | None, BeforeValidator(_day)]


class TargetChange(RequestBody):
    """`books`, or the slug of a connected accounting organisation."""

    target: Slug


class EntryRequest(RequestBody):
    """Entries of a store at a target: one by its id, or those of days, whose ends may be open.

    Without a target it is the store's own.
    """

    target: Slug | None = None
    entry: Line | None = None
    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None


class ApprovalRequest(EntryRequest):
    """Drafts to be approved, or the day from which on none are; `automatic_from` null turns off."""

    automatic_from: Annotated[date | None, BeforeValidator(_day)] = None
    despite_other_entries: StrictBool = False


class EntryChoiceRequest(EntryRequest):
    """The place of late entries: left out, or on the first open day; the reason is kept."""

    choice: Literal["left_out", "first_open_day"]
    reason: Line


class RollBackRequest(EntryRequest):
    """Entries to be taken out, of a settlement too; the reason is kept."""

    settlement: Line | None = None
    reason: Line


class ReleaseRequest(EntryRequest):
    """Entries to be posted again."""

    reason: Line | None = None


class ClosingRequest(RequestBody):
    """Stores whose month is closed, all without them; also with open points if so."""

    connections: list[Slug] = []
    despite_open: StrictBool = False


class ReopeningRequest(RequestBody):
    """Stores whose books are opened again, all without them; the reason is kept."""

    connections: list[Slug] = []
    reason: Line


class SyncWindow(RequestBody):
    """Both ends are meant; without either, it is what is outstanding."""

    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None


class WithdrawalRequest(RequestBody):
    """The reason of a withdrawal, which is stored with the document."""

    reason: Line


class SourceTypeRequest(RequestBody):
    """A source type exactly as `GET /mappings/source-types` lists it, and where it belongs."""

    source_type: Value
    category: CategoryName


class ApplicationRequest(RequestBody):
    """The fields of an application that is registered with a platform."""

    fields: Fields


class PasswordRequest(RequestBody):
    """A password, given again."""

    password: Secret


class NewPassword(RequestBody):
    """A password from now on."""

    password: NewSecret


class NewUser(RequestBody):
    """A new user."""

    name: Name
    password: NewSecret
    role: Role


class RoleChange(RequestBody):
    """The role that a user has from now on."""

    role: Role


class NewToken(RequestBody):
    """The purpose of a program's token."""

    label: Name
