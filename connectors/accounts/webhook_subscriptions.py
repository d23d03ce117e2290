"""Webhooks of connections: subscribed at the platform, looked after, shown and ended.

What was subscribed is stored beside the secret. Subscriptions of other programs, and of other
connections, are left alone.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.accounts.broker import GrantRefused
from connectors.accounts.credentials import Credentials
from connectors.accounts.deliveries import DeliverySupport
from connectors.accounts.platforms import PLATFORMS
from connectors.accounts.subscriptions import LIMITS, Subscriber, Subscription, SubscriptionSupport
from connectors.accounts.vault import OPEN, WEBHOOKS
from connectors.accounts.webhook_secrets import WebhookSecrets
from connectors.database.registry import Connection
from connectors.database.registry.findings import NOTIFICATIONS
from connectors.database.registry.rate_limits import SharedRateLimiter
from connectors.errors import BadInput, DaybookError
from connectors.home.redaction import redacted
from connectors.home.settings import Settings
from connectors.http.shape import readable

# Less than a day, so that a daily sync never comes a minute too early.
CHECKED_EVERY: Final = timedelta(hours=20)
_RECORD: Final = f"{OPEN}subscription"
_MEANWHILE: Final = "until then, what is new comes with the next poll or sync"


@dataclass(frozen=True, slots=True)
class WebhookStatus:
    """The webhooks of a connection.

    `address` is where its platform sends them, None without a public address. `topics` are those
    that were subscribed by the API, `checked_at` when that was last looked at, `problem` why it
    could not be. `by_hand` says where a webhook is set up without the API.
    """

    address: str | None
    by_hand: str
    has_secret: bool
    topics: Sequence[str] = ()
    checked_at: datetime | None = None
    problem: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Subscribed:
    """Topics that were subscribed, for which address, as they were last looked at."""

    address: str = ""
    topics: list[str] = field(default_factory=list)
    checked_at: str = ""
    problem: str | None = None


def webhook_address(public_url: str, platform: str, slug: str) -> str:
    """Return the address that a platform sends a connection's webhooks to."""
    return f"{public_url}/hooks/{platform}/{slug}"


def reachable_url(settings: Settings) -> str | None:
    """Return the console's address as platforms reach it; None where they do not."""
    # The emulators of a sandbox are on this machine, too.
    return settings.public_url if settings.is_sandbox else settings.public_address


@dataclass(frozen=True, slots=True)
class WebhookSubscriptions:
    """The webhooks of one home's connections."""

    credentials: Credentials

    def status(self, slug: str) -> WebhookStatus:
        """Return what stands; `BadInput` for a connection whose platform sends no webhooks."""
        connection, support = self._supported(slug)
        record = self._record(slug)
        url = reachable_url(self.credentials.settings)
        return WebhookStatus(
            address=url and webhook_address(url, connection.channel, slug),
            by_hand=support.where,
            has_secret=self._secrets.current(slug) is not None,
            topics=record.topics,
            checked_at=datetime.fromisoformat(record.checked_at) if record.checked_at else None,
            problem=record.problem,
            received_at=self.credentials.registry.hints.latest(slug),
        )

    def set_secret(self, slug: str, secret: str, actor: str) -> None:
        """Use the secret that a platform shows with a webhook; the one before is good for a day."""
        self._check_own(slug)
        if not 8 <= len(secret.strip()) <= 200:
            raise BadInput("a webhook's secret has 8 to 200 characters: copy the whole of it")
        self._secrets.set(slug, secret.strip())
        self.credentials.registry.audit.record(actor, "webhook.secret", slug, {})

    def make_secret(self, slug: str, actor: str) -> str:
        """Make a secret to type at the platform, and use it; it is returned this once."""
        self._check_own(slug)
        secret = secrets.token_urlsafe(32)
        self.set_secret(slug, secret, actor)
        return secret

    def subscribe(self, slug: str, actor: str, now: datetime | None = None) -> WebhookStatus:
        """Subscribe to what is missing, and end what does not work any more; return what stands.

        Raises `BadInput` where nothing reaches this console or the platform has no call for it, and
        the errors of `Remote`.
        """
        connection, support = self._supported(slug)
        address = self._address(connection)
        calls, title = support.subscriptions, PLATFORMS[connection.channel].title
        if calls is None:
            raise BadInput(
                f"{title} has no call for webhooks: enter {address} under {support.where}, and "
                f"give the secret that it shows: `daybook connections webhooks {slug} --secret`"
            )
        if connection.state != "active":
            raise BadInput(f"{slug} is {connection.state}: only an active account has webhooks")
        before, is_known = self._record(slug), support.signed_by is not None
        subscriber = self._subscriber(connection)
        if is_known and not subscriber.access.fields.get(support.signed_by or ""):
            raise BadInput(
                f"{slug} has no {support.signed_by}, which {title} signs webhooks with: give it "
                f"with `daybook connections reconnect {slug}`"
            )
        secret = self._secrets.current(slug)
        if secret is None and not is_known and not calls.makes_secret:
            # Stored first: the platform tests the address while it makes the subscription.
            self._secrets.set(slug, secrets.token_urlsafe(32))
        renewal = _Renewal(subscriber, calls, address, before.address)
        with readable(title):
            current = self._secrets.current(slug) or ""
            made = renewal.renew(current, is_provable=is_known or secret is not None)
        if made is not None:
            self._secrets.set(slug, made)
        record = _Subscribed(address, sorted(calls.topics), _stamp(now))
        self._save(slug, record)
        if before.topics != record.topics or before.address != address:
            detail = {"address": address, "topics": record.topics}
            self.credentials.registry.audit.record(actor, "webhook.subscribed", slug, detail)
        return self.status(slug)

    def unsubscribe(self, slug: str, actor: str) -> bool:
        """End what was subscribed, and forget the secret; return False where there is nothing.

        Raises the errors of `Remote`; the secret is forgotten all the same.
        """
        connection, support = self._supported(slug)
        record, has_secret = self._record(slug), self._secrets.current(slug) is not None
        try:
            if record.topics and support.subscriptions is not None:
                subscriber = self._subscriber(connection)
                with readable(PLATFORMS[connection.channel].title):
                    renewal = _Renewal(subscriber, support.subscriptions, record.address)
                    renewal.end(renewal.own())
        finally:
            self._secrets.forget(slug)
        if record.topics or has_secret:
            self.credentials.registry.audit.record(actor, "webhook.unsubscribed", slug, {})
        return bool(record.topics or has_secret)

    def keep_up(self, slug: str, now: datetime) -> None:
        """Look after a connection's webhooks once a day; what fails is shown, and fails nothing.

        A connection that has none gets them where its platform lets Daybook make them.
        """
        connection = self.credentials.registry.connections.get(slug)
        support = PLATFORMS[connection.channel].deliveries
        is_reachable = reachable_url(self.credentials.settings) is not None
        if not is_reachable or support is None or support.subscriptions is None:
            return
        record = self._record(slug)
        if record.checked_at and now - datetime.fromisoformat(record.checked_at) < CHECKED_EVERY:
            return
        findings = self.credentials.registry.findings
        try:
            self.subscribe(slug, "daybook", now)
        except (DaybookError, GrantRefused) as error:
            reason = redacted(str(error))
            self._save(slug, replace(record, checked_at=_stamp(now), problem=reason))
            # Whoever never had webhooks lacks nothing; a read-only key cannot make any.
            if record.topics:
                findings.set(slug, NOTIFICATIONS, [f"{reason}; {_MEANWHILE}"])
        else:
            if any(f.startswith(NOTIFICATIONS) for f in connection.findings):
                findings.set(slug, NOTIFICATIONS, [])

    @property
    def _secrets(self) -> WebhookSecrets:
        return WebhookSecrets(self.credentials.vault)

    def _supported(self, slug: str) -> tuple[Connection, DeliverySupport]:
        connection = self.credentials.registry.connections.get(slug)
        support = PLATFORMS[connection.channel].deliveries
        if connection.kind == "file" or support is None:
            raise BadInput(f"{slug} has no webhooks that Daybook hears")
        return connection, support

    def _check_own(self, slug: str) -> None:
        _, support = self._supported(slug)
        if support.signed_by is not None:
            raise BadInput(
                f"{slug} has no secret of its own: its webhooks are signed by the application's "
                f"{support.signed_by}, see `daybook applications set`"
            )

    def _subscriber(self, connection: Connection) -> Subscriber:
        access = self.credentials.access(connection.slug)
        application = f"{connection.channel}:{self.credentials.application_id(connection.slug)}"
        limiter = SharedRateLimiter(
            self.credentials.registry.rate_limits,
            application,
            connection.account_id or "",
            LIMITS,
        )
        return Subscriber(access, PLATFORMS[connection.channel].sign(access), limiter)

    def _address(self, connection: Connection) -> str:
        url = reachable_url(self.credentials.settings)
        if url is None:
            raise BadInput(
                "webhooks need a public https address: set DAYBOOK_PUBLIC_URL to this console's"
            )
        return webhook_address(url, connection.channel, connection.slug)

    def _record(self, slug: str) -> _Subscribed:
        stored = self.credentials.vault.read(WEBHOOKS + slug).get(_RECORD)
        return _Subscribed(**json.loads(stored)) if stored else _Subscribed()

    def _save(self, slug: str, record: _Subscribed) -> None:
        self.credentials.vault.save(WEBHOOKS + slug, {_RECORD: json.dumps(asdict(record))})


@dataclass(frozen=True, slots=True)
class _Renewal:
    """One look at a platform's subscriptions, for an address that may have been another one."""

    subscriber: Subscriber
    calls: SubscriptionSupport
    address: str
    former: str = ""

    def own(self) -> list[Subscription]:
        """Return our subscriptions among all that the platform lists."""
        urls = {self.address, self.former} - {""}
        return [each for each in self.calls.existing(self.subscriber) if each.url in urls]

    def end(self, subscriptions: Iterable[Subscription]) -> None:
        """End some subscriptions."""
        for each in subscriptions:
            self.calls.delete(self.subscriber, each)

    def renew(self, secret: str, *, is_provable: bool) -> str | None:
        """Subscribe to the topics that are missing; return the secret that the platform made.

        Those that send elsewhere or no more are ended, and all where nobody has the secret.
        """
        own, address = self.own(), self.address
        standing = [e for e in own if e.url == address and e.is_active and is_provable]
        self.end(each for each in own if each not in standing)
        missing = sorted(self.calls.topics - {topic for each in standing for topic in each.topics})
        if not missing:
            return None
        return self.calls.create(self.subscriber, missing, address, secret)


def _stamp(now: datetime | None) -> str:
    return (now or datetime.now(UTC)).isoformat()
