"""The set-up of a connection: its imports, its target, and the step it has reached.

Stored with the connection, so that a closed browser continues where it stopped.
"""

from datetime import date
from typing import Final, Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mappings.journal.tax.profile import TaxProfile
from mappings.model import BOOKS

Step = Literal[
    "name", "account", "authorise", "choose", "timezone", "imports", "accounting", "done"
]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
# The steps of authorisation, and those among them that only some accounts need.
AUTHORISING: Final[frozenset[Step]] = frozenset({"account", "authorise", "choose", "timezone"})
OCCASIONAL: Final[frozenset[Step]] = frozenset({"choose", "timezone"})
# Records that channels hand out apart from settlements, each a choice of its own.
StreamName = Literal["orders", "payments", "products", "contacts"]
STREAMS: Final[tuple[StreamName, ...]] = get_args(StreamName)
# Credentials are of the registered application, or of one of the seller's `own`.
Way = Literal["consent", "credentials", "own"]


class StreamChoice(BaseModel):
    """The choice for one stream of records: what was before, and what comes.

    `history` takes everything from the first business day on, `ongoing` what is made or changed
    after `since`, when that was chosen; None is off.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    history: bool = False
    ongoing: bool = False
    since: AwareDatetime | None = None

    @property
    def is_on(self) -> bool:
        """Return whether anything is imported."""
        return self.history or self.ongoing


class Imports(BaseModel):
    """From when on settlements are fetched, and whether that goes on.

    `history_from` is the first business day; None takes what the platform still has. `ongoing`
    says whether new days are fetched as they come, `provisional` whether what a channel tells of
    days ahead of their settlement is booked until a settlement covers them. `poll_minutes` are
    between two polls for what is new; None leaves them to the channel.

    `streams` are the records that are imported beside settlements, by name; one that is not named
    is off. Customers are accounts with one of `customer_roles`, where the platform has roles; an
    empty list takes all. `personal_data` says whether names and addresses of buyers are held,
    sealed, for `personal_days`; None is as long as the platform's policy allows, else a year.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    history_from: date | None = None
    ongoing: bool = True
    provisional: bool = False
    poll_minutes: int | None = Field(default=None, ge=1, le=1440)
    streams: dict[StreamName, StreamChoice] = Field(default_factory=dict)
    customer_roles: tuple[str, ...] = ("customer", "subscriber")
    personal_data: bool = False
    personal_days: int | None = Field(default=None, ge=1, le=3650)

    def stream(self, name: StreamName) -> StreamChoice:
        """Return what was chosen for a stream."""
        return self.streams.get(name, StreamChoice())


class Posting(BaseModel):
    """The entries that an accounting organisation gets: those of business days from `since` on.

    None is off, as it is until somebody turns it on: history that comes in stays data alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: date | None = None


class Setup(BaseModel):
    """The answers of the set-up; `step` is the first one that is not answered yet.

    `target` is where entries go: `books`, or the slug of a connected accounting organisation.
    `posting` is that organisation's own switch, which `connectors.accounts.posting_switch` turns.
    `tax` is a store's tax profile, None while its lines are not taxed.

    `way`, `fields` (no secret is among them) and `account` (the one meant where credentials reach
    several) are what was chosen to authorise it, kept until it is authorised. `store` is whose
    set-up goes on when this organisation is connected.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: Step = "name"
    imports: Imports = Field(default_factory=Imports)
    target: str = BOOKS
    posting: Posting = Field(default_factory=Posting)
    tax: TaxProfile | None = None
    way: Way | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    account: str | None = None
    store: str | None = None
