"""Platforms that can be connected: the shape that each of them fills in.

A platform is a sales channel or an accounting target. It is authorised by a consent in the seller's
browser, by typed keys, or either. What is platform-specific is in its folder's `authorisation.py`,
as data and small functions; the flow itself is written once, elsewhere.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, Protocol

import httpx2

from connectors.accounts.consent import Question
from connectors.accounts.deliveries import DeliverySupport
from connectors.accounts.tokens import Token
from connectors.errors import BadInput
from connectors.http.tokens import TokenSource

Kind = Literal["marketplace", "cart", "accounting"]
PRODUCTION, SANDBOX = "production", "sandbox"


def _stripped(text: str) -> str:
    return text.strip()


@dataclass(frozen=True, slots=True)
class Field:
    """One field that the user chooses or types.

    `hint` says where to find it. `options` are the values allowed with their titles. `read`
    brings what was typed into the one form that is kept; it raises `BadInput` saying what is wrong.
    """

    name: str
    title: str
    hint: str = ""
    secret: bool = False
    required: bool = True
    options: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[str], str] = _stripped

    def value(self, text: str) -> str:
        """Return the value in the form that is kept; `BadInput` names this field."""
        value = self.read(text)
        if not value:
            raise BadInput(f"{self.name} is empty: {self.hint or self.title}")
        if self.options and value not in self.options:
            allowed = ", ".join(self.options)
            raise BadInput(f"{self.name} cannot be {value!r}: choose one of {allowed}")
        return value


@dataclass(frozen=True, slots=True)
class Account:
    """The account that credentials reach, as the platform describes it.

    `country` is ISO 3166 alpha-2, `currency` ISO 4217, `timezone` IANA; None where the platform
    does not say. `details` are further facts for the card (marketplaces, locations); `fields` are
    what later calls need of this account (a cipher, a tenant).
    """

    id: str
    name: str
    country: str | None = None
    currency: str | None = None
    timezone: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Access:
    """The means to reach one account: its address, its fields and its token.

    `fields` are those of the application, of the account and what was typed, by name. `token`
    hands out an access token that lasts; platforms without tokens never call it. `private_hosts`
    are hosts that an address among the fields may have although they are not public.
    """

    endpoints: Mapping[str, str]
    fields: Mapping[str, str]
    token: TokenSource
    private_hosts: Set[str] = frozenset()

    def url(self, endpoint: str, path: str = "") -> str:
        """Return a URL under an endpoint; `{field}` in the endpoint stands for a field's value."""
        # Before the path is added: a path may hold braces of its own.
        return self.endpoints[endpoint].format_map(self.fields).rstrip("/") + path


@dataclass(frozen=True, slots=True)
class Code:
    """The content of a consent's callback: the code, and fields it named (seller id, realm)."""

    code: str
    fields: Mapping[str, str] = field(default_factory=dict)


class Denied(BadInput):
    """The seller refused consent on the platform's page."""


class Tokens(Protocol):
    """The source of one account's tokens."""

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> Token:
        """Return the first pair, for a consent's code; `GrantRefused` if the code is invalid."""

    def refresh(self, refresh_token: str | None) -> Token:
        """Return the next pair; `GrantRefused` if the grant has ended."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent in the seller's browser.

    `url` is the platform's page for a question and a redirect URI. `read` takes the callback's
    parameters, checks what the platform signed, and raises `Denied` or `BadInput`. `state` is the
    parameter that returns our state. `hands_over` reads the keys that a platform posts instead of
    returning a code.
    """

    url: Callable[[Access, Question, str], str]
    read: Callable[[Access, Mapping[str, str]], Code]
    state: str = "state"
    hands_over: Callable[[Access, Mapping[str, object]], Mapping[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Platform:
    """A sales channel or an accounting target, as far as authorisation goes.

    `endpoints` are its hosts by name, `sandbox` those that differ in its sandbox. `application`
    are the fields of the application registered with it, `account` what a seller chooses before
    authorising, `keys` what is typed where there is no consent. `sign` makes calls authorised;
    `accounts` asks whom the grant reaches: several where a consent covers several. `tokens` is
    None where keys alone sign; with `own_grant` they are bought without anything of a seller's.
    `revoke` revokes the access; it is called while the credentials still exist. `revocation` is the
    platform's page on which the seller removes the access.
    `inactivity_limit` is the life of an unused grant, `consent_lifetime` that of a consent even if
    used, `secret_lifetime` that of the application's secret. `history` is how far back settlements
    are available: a span, a day, or None for no limit. `deliveries` are its webhooks; None where it
    sends none.
    """

    name: str
    title: str
    kind: Kind
    endpoints: Mapping[str, str]
    sign: Callable[[Access], httpx2.Auth]
    accounts: Callable[[Access], list[Account]]
    revocation: str
    sandbox: Mapping[str, str] = field(default_factory=dict)
    application: tuple[Field, ...] = ()
    account: tuple[Field, ...] = ()
    keys: tuple[Field, ...] = ()
    consent: Consent | None = None
    tokens: Callable[[Access], Tokens] | None = None
    own_grant: bool = False
    revoke: Callable[[Access], None] | None = None
    inactivity_limit: timedelta | None = None
    consent_lifetime: timedelta | None = None
    secret_lifetime: timedelta | None = None
    history: timedelta | date | None = None
    deliveries: DeliverySupport | None = None

    def earliest(self, today: date) -> date | None:
        """Return the first day with available settlements; None if there is no limit."""
        return today - self.history if isinstance(self.history, timedelta) else self.history

    @property
    def leaving(self) -> str:
        """Return a sentence on what happens to the access when the account is disconnected."""
        if self.revoke is None:
            return f"{self.title} can't be told: remove Daybook's access yourself, {self.where}"
        return f"{self.title} is told to end Daybook's access; check it {self.where}"

    @property
    def where(self) -> str:
        """Return where the platform lists accesses, as part of a sentence."""
        return f"under {self.revocation}"

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return every field, in the order of the set-up."""
        return (*self.application, *self.account, *self.keys)


def client_fields(where: str) -> tuple[Field, Field]:
    """Return the two fields of a registered application; `where` says where to find them."""
    return (
        Field("client_id", "Client ID", where),
        Field("client_secret", "Client secret", where, secret=True),
    )


def token_fields(where: str, *, access: bool = False) -> tuple[Field, ...]:
    """Return the fields for tokens from a platform's own pages; `where` says where to find them."""
    refresh = Field("refresh_token", "Refresh token", where, secret=True, required=not access)
    lasting = Field("access_token", "Access token that does not end", where, True, required=False)
    return (refresh, lasting) if access else (refresh,)


ENVIRONMENT = Field(
    "environment",
    "Environment",
    "sandbox for the platform's own test accounts",
    required=False,
    options={PRODUCTION: "Production", SANDBOX: "Sandbox"},
)


def read_code(title: str, parameters: Mapping[str, str]) -> str:
    """Return a callback's code (RFC 6749, section 4.1.2); `Denied` if the seller refused."""
    refused = parameters.get("error")
    # RFC 6749, section 4.1.2.1: the resource owner denied the request; every other code is our
    # mistake.
    if refused == "access_denied":
        raise Denied(f"{title}: access was not granted; nothing was connected")
    if refused:
        # Cut: anybody can put a text of any length into a callback's address.
        raise BadInput(f"{title} could not ask for consent ({refused[:80]}): begin again")
    if not parameters.get("code"):
        raise BadInput(f"{title} sent no authorisation code: begin again")
    return parameters["code"]
