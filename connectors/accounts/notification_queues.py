"""Notification queues of connections: verify, subscribe, store and remove them.

A queue belongs to the connection's owner, in an AWS account. Its credentials are sealed separately
from those of the connection; several connections may share a queue.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from connectors.accounts.accounts import Accounts
from connectors.accounts.fields import read_given
from connectors.accounts.vault import OPEN, QUEUE
from connectors.channels import CHANNELS
from connectors.channels.history import can_sync
from connectors.channels.notifications import NotificationSupport, Queue
from connectors.database.registry import Connection
from connectors.database.registry.findings import NOTIFICATIONS
from connectors.errors import BadInput
from connectors.home.redaction import remember


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The state of a queue that was just set: messages waiting in it, and what is sent there."""

    waiting: int
    subscribed: Sequence[str]


@dataclass(frozen=True, slots=True)
class NotificationQueues:
    """The queues of one home's connections."""

    accounts: Accounts

    def switch_on(self, slug: str, typed: Mapping[str, str], actor: str) -> QueueStatus:
        """Verify a queue, subscribe it at the platform and store it in place of an earlier one.

        Raises `BadInput` for wrong fields and for a connection without notifications, and the
        errors of `Remote`. Nothing is stored then.
        """
        connection = self.accounts.registry.connections.get(slug)
        support = notification_support(connection)
        if not can_sync(connection):
            raise BadInput(f"{slug} is {connection.state}: only one that is active can be notified")
        fields = read_given("the queue", support.fields, typed)
        # Before the first use of them: what fails from here on must not name them.
        remember(value for name, value in fields.items() if name in _secrets(support))
        access = self.accounts.access(slug)
        with support.open_queue(replace(access, fields=fields)) as queue:
            # The queue is polled before the platform is asked to send there: a wrong key would lose
            # messages unseen.
            waiting = queue.waiting()
        # Before it is kept: a queue that nothing is sent to would look like one that is quiet.
        subscribed = support.subscribe(access, fields)
        self._keep(slug, support, fields)
        self.accounts.registry.findings.set(slug, NOTIFICATIONS, [])
        self.accounts.registry.audit.record(
            actor, "connection.notified", slug, self.shown(slug) or {}
        )
        return QueueStatus(waiting, subscribed)

    def switch_off(self, slug: str, actor: str) -> bool:
        """Forget a connection's queue; return False if it has none. The platform isn't notified."""
        self.accounts.registry.connections.get(slug)
        if slug not in self.notified():
            return False
        self.accounts.vault.forget(QUEUE + slug)
        self.accounts.registry.findings.set(slug, NOTIFICATIONS, [])
        self.accounts.registry.audit.record(actor, "connection.not_notified", slug, {})
        return True

    def notified(self) -> set[str]:
        """Return the connections that have a queue, without opening any credentials."""
        owners = self.accounts.registry.credentials.owners()
        return {owner.removeprefix(QUEUE) for owner in owners if owner.startswith(QUEUE)}

    def shown(self, slug: str) -> dict[str, str] | None:
        """Return a queue's fields without the secret ones; None if the connection has no queue."""
        stored = self.accounts.vault.read(QUEUE + slug)
        return {n.removeprefix(OPEN): v for n, v in stored.items() if n.startswith(OPEN)} or None

    def address(self, connection: Connection) -> str | None:
        """Return the address that identifies a connection's queue; None if it has none."""
        return (self.shown(connection.slug) or {}).get(notification_support(connection).address)

    @contextmanager
    def opened(self, connection: Connection) -> Iterator[Queue]:
        """Yield an open connection's queue."""
        stored = self.accounts.vault.read(QUEUE + connection.slug)
        fields = {name.removeprefix(OPEN): value for name, value in stored.items()}
        access = replace(self.accounts.access(connection.slug), fields=fields)
        with notification_support(connection).open_queue(access) as queue:
            yield queue

    def _keep(self, slug: str, support: NotificationSupport, fields: Mapping[str, str]) -> None:
        """Keep exactly these fields, in one step."""
        secrets = _secrets(support)
        named = {n if n in secrets else OPEN + n: value for n, value in fields.items()}
        with self.accounts.vault.hold(QUEUE + slug) as locked:
            locked.save({**dict.fromkeys(set(locked.fields) - set(named)), **named})


def notification_support(connection: Connection) -> NotificationSupport:
    """Return a platform's notification support; `BadInput` if it has none."""
    channel = CHANNELS.get(connection.channel)
    if connection.kind == "file" or channel is None or channel.notifications is None:
        raise BadInput(f"{connection.slug} has no notifications that Daybook hears")
    return channel.notifications


def _secrets(support: NotificationSupport) -> set[str]:
    return {field.name for field in support.fields if field.secret}
