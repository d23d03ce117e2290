"""Notification queues: a message brings its account's next sync forward, and is deleted.

The sync is scheduled before the message is deleted. A message that cannot be parsed stays: the
platform delivers it again, and the owner's queue moves it to its dead letter queue. While an
account is being synced its queue is left alone, since the sync schedules the next one at its end.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from zoneinfo import ZoneInfo

from connectors.accounts.accounts import Accounts
from connectors.accounts.hint_bodies import HintBodies, seal_body
from connectors.accounts.notification_queues import NotificationQueues, notification_support
from connectors.channels.history import can_sync, today_of
from connectors.channels.notifications import Message, Notification, Queue
from connectors.database.registry import Connection, ReceivedHint
from connectors.database.registry.findings import NOTIFICATIONS
from connectors.errors import BadInput, DaybookError
from pipelines.stages.hints import BROUGHT_FORWARD
from pipelines.stages.workspace import Workspace

# The time of one poll, within a sensor's tick; remaining queues are polled by the next one.
ROUND_SECONDS = 15.0
# A queue that fills as quickly as it is read must not take a poll's whole time.
ANSWERS = 20
_MEANWHILE = "until it answers, new settlements come with the daily sync"


@dataclass
class PollResult:
    """The result of a poll: messages deleted, syncs brought forward, queues that do not answer.

    `unread` counts messages that cannot be parsed. `last` is the queue that was polled last.
    """

    messages: int = 0
    unread: int = 0
    advanced: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    last: str = ""


def poll_queues(
    workspace: Workspace, now: datetime, log: logging.Logger, after: str = ""
) -> PollResult:
    """Poll every connection's queue, beginning with the one after `after`.

    A queue that several connections share is polled once. One that fails is a finding of its
    connection and holds up no other.
    """
    polling = _Poll(workspace, now, log)
    queues = polling.queues()
    names = sorted(queues)
    until = monotonic() + ROUND_SECONDS
    # Round robin: where time runs out, it is not always the same queues that wait.
    for name in [*(n for n in names if n > after), *(n for n in names if n <= after)]:
        if monotonic() > until:
            break
        polling.poll(queues[name])
        polling.result.last = name
    return polling.result


class _Poll:
    """One poll of the queues."""

    def __init__(self, workspace: Workspace, now: datetime, log: logging.Logger) -> None:
        self._registry, self._now, self._log = workspace.registry, now, log
        self._queues = NotificationQueues(Accounts(workspace.settings, workspace.registry))
        self._bodies = HintBodies(self._queues.accounts.vault)
        self._hints: list[ReceivedHint] = []
        # The connections of which an order was told of.
        self._ordered: set[str] = set()
        self.result = PollResult()

    def queues(self) -> dict[str, list[Connection]]:
        """Return the connections that share each queue, by channel and address."""
        connections: dict[str, list[Connection]] = defaultdict(list)
        notified = self._queues.notified()
        if not notified:
            return connections
        for connection in self._registry.connections.list():
            if connection.slug in notified:
                address = self._queues.address(connection)
                connections[f"{connection.channel} {address}"].append(connection)
        return connections

    def poll(self, sharing: Sequence[Connection]) -> None:
        """Poll one queue with the first of its connections whose access to it works."""
        if self._is_syncing(sharing):
            return
        for connection in filter(can_sync, sharing):
            try:
                with self._queues.opened(connection) as queue:
                    self._empty(queue, sharing)
            except DaybookError as error:
                self.result.silent.add(connection.slug)
                reason = f"{error}; {_MEANWHILE}"
                self._registry.findings.set(connection.slug, NOTIFICATIONS, [reason])
                self._log.warning("%s: %s%s", connection.slug, NOTIFICATIONS, reason)
            else:
                if any(f.startswith(NOTIFICATIONS) for f in connection.findings):
                    self._registry.findings.set(connection.slug, NOTIFICATIONS, [])
                return

    def _is_syncing(self, connections: Iterable[Connection]) -> bool:
        """Return whether work on one of the connections goes on just now."""
        return bool(self._registry.activities.running().keys() & {c.slug for c in connections})

    def _empty(self, queue: Queue, sharing: Sequence[Connection]) -> None:
        for _ in range(ANSWERS):
            messages = queue.poll()
            # A sync that began meanwhile would schedule its next one over ours.
            if not messages or self._is_syncing(sharing):
                return
            sync_at: dict[str, datetime] = {}
            handled = [message for message in messages if self._handle(message, sharing, sync_at)]
            for slug, at in sync_at.items():
                if self._registry.sync_schedule.advance(slug, at):
                    self.result.advanced.add(slug)
            # Before the messages go: who is killed in between hears of them again.
            if self._ordered:
                self._registry.record_imports.ask(self._ordered, self._now)
                self._ordered = set()
            if handled:
                self._registry.hints.accept(self._hints)
                self._hints = []
                queue.delete(handled)
                self.result.messages += len(handled)

    def _handle(
        self, message: Message, sharing: Sequence[Connection], sync_at: dict[str, datetime]
    ) -> bool:
        """Note in `sync_at` which connections to sync by when; return whether to delete it."""
        support = notification_support(sharing[0])
        try:
            notification = support.parse(message.body)
        except BadInput as error:
            self.result.unread += 1
            self._log.warning(
                "message %s cannot be read: %s; it stays for the dead-letter queue",
                message.id,
                error,
            )
            return False
        if notification.within is None:
            level = logging.DEBUG if notification.is_known else logging.INFO
            self._log.log(
                level, "message %s, %.80r: %s", message.id, notification.kind, notification.reason
            )
            return True
        # Sellers of one application share its queue, so the message names the seller.
        connections = [c for c in sharing if support.is_about(notification, c.account_id or "")]
        if not connections:
            self._log.info(
                "message %s, %s: seller %.40r has no connection with this queue",
                *(message.id, notification.kind, notification.seller),
            )
        if connections:
            self._hints.append(self._hint(message, notification, connections[0]))
        if notification.is_about_orders:
            self._ordered |= {connection.slug for connection in connections}
            return True
        for connection in connections:
            if not self._is_of_today(connection, notification):
                at = self._now + notification.within
                sync_at[connection.slug] = min(at, sync_at.get(connection.slug, at))
        return True

    def _hint(
        self, message: Message, notification: Notification, connection: Connection
    ) -> ReceivedHint:
        """Return what the inbox keeps of a message, which is handled by now."""
        platform = connection.channel
        body = seal_body(self._bodies.key(), platform, message.id, message.body.encode())
        return ReceivedHint(
            platform=platform,
            event_id=message.id,
            connection=connection.slug,
            topic=notification.kind,
            purpose="sync",
            source="queue",
            occurred_at=notification.posted,
            body=body,
            outcome=BROUGHT_FORWARD,
        )

    def _is_of_today(self, connection: Connection, notification: Notification) -> bool:
        """Return whether a notification is of a day that is not over: the daily sync has it."""
        if notification.posted is None:
            return False
        day = notification.posted.astimezone(ZoneInfo(connection.timezone)).date()
        return day >= today_of(connection, self._now)
