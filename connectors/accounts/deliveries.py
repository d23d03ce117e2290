"""Webhooks of a platform: who sent one, and what it tells of.

A delivery brings no data. It says where something happened, and the account is asked for it. What
is lost, comes twice, late or in another order therefore costs nothing: polls bring it all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from connectors.accounts.subscriptions import SubscriptionSupport
from connectors.errors import BadInput

if TYPE_CHECKING:
    from connectors.accounts.platform import Access

KIB: Final = 1024
# What a topic is about: a stream of a channel, or its settlements.
About = Literal["settlements", "orders", "payments", "products", "contacts"]
# One sync serves the events of a while: orders come one by one, all day.
GATHERED: Final = timedelta(minutes=30)
# An instant that is signed may be this far off: Standard Webhooks' own tolerance.
TOLERANCE: Final = timedelta(minutes=5)


class Forged(BadInput):
    """A delivery that its platform did not sign, or did not send lately."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A delivery as it arrived.

    `headers` have their names in small letters, `body` is the very bytes, `url` the address that
    was registered with the platform. `secrets` are those it may be signed with, the newest first,
    `fields` those of the application and the account. `public_key` gives the platform's key of an
    id, as PEM; it raises `Forged` for an unknown one.
    """

    headers: Mapping[str, str]
    body: bytes
    url: str
    secrets: Sequence[str]
    fields: Mapping[str, str]
    now: datetime
    public_key: Callable[[str], str]

    def header(self, name: str) -> str:
        """Return a header's value; empty where there is none."""
        return self.headers.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event of a delivery that its platform signed.

    `event_id` is the platform's own, by which it is taken once. `account` is the id of the account
    that it is of, None where the platform does not say. `body` is the event's own part.
    """

    event_id: str
    topic: str
    account: str | None
    occurred_at: datetime | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic's subject, and how long a sync for it may wait, so that one serves many."""

    about: About
    within: timedelta = GATHERED


# The access to an account ended: a sync at once sees it, and the card says so.
ACCESS_ENDED: Final = Topic("settlements", timedelta(0))


@dataclass(frozen=True, slots=True)
class DeliverySupport:
    """A platform's webhooks.

    `read` returns the events of a delivery, none of one that only tests the address; it raises
    `Forged`, or `BadInput` for a body that is none of the platform's. `signed_by` names the field
    of the application whose value signs; None where each connection has a secret of its own.
    `topics` are those that ask for something, by the platform's word; others are noted alone.
    `privacy` are topics about personal data, with whom such a body is about. `changed_entries`
    returns the references of an organisation's entries that an event is about. `answer_challenge`
    answers a code by which the platform tests the address, given the secret and the address;
    `is_ping` tells a test that is not signed.
    `public_key` asks the platform for its key of an id. `longest` is the size of a body, in bytes.
    `where` says where a webhook and its secret are set by hand; `subscriptions` are the calls that
    set it, None where the platform has none.
    """

    read: Callable[[Incoming], Sequence[WebhookEvent]]
    where: str
    topics: Mapping[str, Topic]
    signed_by: str | None = None
    privacy: Mapping[str, Callable[[Mapping[str, Any]], str]] = field(default_factory=dict)
    changed_entries: Callable[[bytes], frozenset[str]] | None = None
    answer_challenge: Callable[[str, str, str], Mapping[str, str]] | None = None
    public_key: "Callable[[Access, str], str] | None" = None
    is_ping: Callable[[Mapping[str, str], bytes], bool] | None = None
    longest: int = 64 * KIB
    subscriptions: SubscriptionSupport | None = None


def parse_object(body: bytes, title: str) -> dict[str, Any]:
    """Return a body's JSON object; `BadInput` for any other body."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"this is no webhook of {title}") from error
    if not isinstance(document, dict):
        raise BadInput(f"this is no webhook of {title}")
    return document


def parse_instant(value: object) -> datetime | None:
    """Return an instant in ISO 8601 with a zone; None for anything else."""
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None


def check_lately(incoming: Incoming, seconds: str, title: str) -> None:
    """Raise `Forged` unless a signed time, in seconds of the epoch, is of these minutes."""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 12):
        raise Forged(f"{title} names no time")
    age = incoming.now.timestamp() - int(seconds)
    if abs(age) > TOLERANCE.total_seconds():
        raise Forged(f"{title} sent this at another time")
