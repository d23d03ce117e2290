"""The inbox of webhooks: verify deliveries, and store what they tell of before they are answered.

Deliveries that arrive together are stored by one statement: a platform that sends thousands at once
has each answered within a second. The bodies name buyers, and are sealed.
"""

import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from connectors.accounts.accounts import Accounts
from connectors.accounts.deliveries import (
    DeliverySupport,
    Forged,
    Incoming,
    WebhookEvent,
    parse_object,
)
from connectors.accounts.hint_bodies import HintBodies, seal_body
from connectors.accounts.platforms import PLATFORMS
from connectors.accounts.signers import Signer, Signers
from connectors.accounts.webhook_subscriptions import webhook_address
from connectors.database.registry import Connection, ReceivedHint
from connectors.database.registry.hints import Purpose
from connectors.database.registry.models import SLUG_PATTERN
from connectors.errors import BadInput, ConfigError
from pipelines.stages.workspace import Workspace

_LONGEST_NAME: Final = 300
RECHECK_SECONDS = 1.0
LOG_SECONDS: Final = 60.0
_LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request to a webhook's address; the names of `headers` are in small letters."""

    platform: str
    slug: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Event:
    """An event of a verified delivery, with what the audit log keeps of it."""

    hint: ReceivedHint
    evidence: Mapping[str, str] | None


class WebhookInbox:
    """The inbox of one process; threads may share it."""

    def __init__(self, workspace: Workspace) -> None:
        """Receive for the connections of a workspace."""
        self._public_url, self._registry = workspace.settings.public_url, workspace.registry
        accounts = Accounts(workspace.settings, workspace.registry)
        self._signers, self._bodies = Signers(accounts), HintBodies(accounts.vault)
        self._logged_at = -LOG_SECONDS

    def receive(self, arrivals: Sequence[Arrival], now: datetime) -> list[bool]:
        """Store what these deliveries tell of; return for each whether it is genuine.

        So is one whose events are here already. Everything is committed when this returns. Nobody
        is told why a delivery is not genuine.
        """
        connections: dict[str, Connection | None] = {}
        events: dict[tuple[str, str], _Event] = {}
        genuine = []
        # Read once for all, and not for what is forged.
        body_key = cache(self._bodies.key)
        for arrival in arrivals:
            if arrival.slug not in connections:
                connections[arrival.slug] = self._find(arrival.slug)
            try:
                read = self._events(arrival, connections[arrival.slug], body_key, now)
            # A secret that does not open proves nothing, either.
            except (BadInput, ConfigError) as error:
                genuine.append(False)
                self._log(arrival, error)
                continue
            genuine.append(True)
            # One statement may not hold an event twice.
            events |= {(e.hint.platform, e.hint.event_id): e for e in read}
        evidence = {key: e.evidence for key, e in events.items() if e.evidence is not None}
        self._registry.hints.accept((event.hint for event in events.values()), evidence)
        return genuine

    def challenge(self, platform: str, slug: str, code: str) -> Mapping[str, str]:
        """Return the answer to a platform's test of an address; `BadInput` where there is none."""
        support = _support(platform)
        connection = _connected(platform, self._find(slug))
        if support.answer_challenge is None or not code:
            raise Forged("no test is answered here")
        signer = self._signers.read(connection, support)
        if not signer.secrets:
            raise Forged("no token was made for this address")
        address = webhook_address(self._public_url, platform, slug)
        return support.answer_challenge(code, signer.secrets[0], address)

    def _log(self, arrival: Arrival, error: Exception) -> None:
        # For who sets a webhook up; not more often, as anybody may send anything.
        if time.monotonic() - self._logged_at >= LOG_SECONDS:
            self._logged_at = time.monotonic()
            where = (arrival.platform, arrival.slug)
            _LOGGER.warning("a webhook for %.20r %.40r was refused: %s", *where, error)

    def _find(self, slug: str) -> Connection | None:
        # Anybody may ask for any address; what can be no slug costs no query.
        return self._registry.connections.find(slug) if re.fullmatch(SLUG_PATTERN, slug) else None

    def _events(
        self,
        arrival: Arrival,
        connection: Connection | None,
        body_key: Callable[[], bytes],
        now: datetime,
    ) -> list[_Event]:
        support = _support(arrival.platform)
        if support.is_ping is not None and support.is_ping(arrival.headers, arrival.body):
            return []
        connection = _connected(arrival.platform, connection)
        signer, deliveries = self._verified(support, connection, arrival, now)
        events = []
        for delivery in deliveries:
            owner = self._account_of(connection, signer, delivery)
            # An application's events come together, also those of accounts that are not connected.
            if owner is not None and _is_heard(support, owner, delivery.topic):
                events.append(_event(support, owner, delivery, body_key()))
        if deliveries and not events:
            raise Forged("no such account is connected")
        return events

    def _verified(
        self, support: DeliverySupport, connection: Connection, arrival: Arrival, now: datetime
    ) -> tuple[Signer, Sequence[WebhookEvent]]:
        cached = self._signers.cached(connection)
        if cached is not None:
            try:
                return cached, support.read(self._incoming(cached, arrival, now))
            except Forged:
                # Another secret may have been set a moment ago. Not at once, or whoever forges
                # would have the vault opened as often.
                if self._signers.age(cached) < RECHECK_SECONDS:
                    raise
        signer = self._signers.read(connection, support)
        return signer, support.read(self._incoming(signer, arrival, now))

    def _incoming(self, signer: Signer, arrival: Arrival, now: datetime) -> Incoming:
        return Incoming(
            headers=arrival.headers,
            body=arrival.body,
            url=webhook_address(self._public_url, arrival.platform, arrival.slug),
            secrets=signer.secrets,
            fields=signer.fields,
            now=now,
            public_key=signer.public_key,
        )

    def _account_of(
        self, connection: Connection, signer: Signer, delivery: WebhookEvent
    ) -> Connection | None:
        """Return the connection that an event is of: an application's come to one address."""
        if delivery.account is None or delivery.account == connection.account_id:
            return connection
        for other in self._registry.connections.list():
            same = (other.channel, other.account_id) == (connection.channel, delivery.account)
            # A secret of one application proves nothing about the accounts of another.
            if same and self._application(other) == signer.fields.get("client_id", ""):
                return other
        return None

    def _application(self, connection: Connection) -> str | None:
        support = _support(connection.channel)
        signer = self._signers.cached(connection) or self._signers.read(connection, support)
        return signer.fields.get("client_id")


def _support(platform: str) -> DeliverySupport:
    support = PLATFORMS[platform].deliveries if platform in PLATFORMS else None
    if support is None:
        raise Forged("no webhook is heard here")
    return support


def _connected(platform: str, connection: Connection | None) -> Connection:
    is_account = connection is not None and connection.account_id is not None
    if connection is None or not is_account or connection.channel != platform:
        raise Forged("no such account is connected")
    return connection


def _event(
    support: DeliverySupport, connection: Connection, delivery: WebhookEvent, key: bytes
) -> _Event:
    names = (delivery.event_id, delivery.topic)
    # PostgreSQL stores no NUL, and one bad row would take the others of its statement along.
    if any(len(name) > _LONGEST_NAME or "\0" in name for name in names):
        raise BadInput("an event is named by some letters")
    purpose = _purpose(support, delivery.topic)
    evidence = None
    if purpose == "privacy":
        evidence = {"topic": delivery.topic, "subject": _subject(support, delivery, key)}
    hint = ReceivedHint(
        platform=connection.channel,
        event_id=delivery.event_id,
        connection=connection.slug,
        topic=delivery.topic,
        purpose=purpose,
        source="webhook",
        occurred_at=delivery.occurred_at,
        body=seal_body(key, connection.channel, delivery.event_id, delivery.body),
    )
    return _Event(hint, evidence)


def _is_heard(support: DeliverySupport, connection: Connection, topic: str) -> bool:
    # What concerns people must be done also after a store was disconnected.
    return connection.state != "disconnected" or topic in support.privacy


def _purpose(support: DeliverySupport, topic: str) -> Purpose:
    if topic in support.privacy:
        return "privacy"
    return "sync" if support.changed_entries is None else "entries"


def _subject(support: DeliverySupport, delivery: WebhookEvent, key: bytes) -> str:
    """Return a hash of whom a request about personal data concerns.

    Keyed, as ids of customers are short numbers that anybody could try one by one.
    """
    subject = support.privacy[delivery.topic](parse_object(delivery.body, "this platform"))
    return hmac.new(key, subject.encode(), hashlib.sha256).hexdigest()
