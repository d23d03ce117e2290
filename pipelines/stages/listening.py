"""Queues of notifications: a message brings its account's next visit forward, and is let go.

The sync is scheduled before the message goes. A message that nobody can read is not let go: it
comes again, and the owner's queue moves it to its dead letter queue. While an account is visited
its queue waits: the visit schedules the next sync at its end.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from zoneinfo import ZoneInfo

from connectors.accounts.accounts import Accounts
from connectors.accounts.notification_queues import NotificationQueues, notices_of
from connectors.channels.history import can_sync, today_of
from connectors.channels.notifications import Message, Notification, Queue
from connectors.database.registry import Connection
from connectors.database.registry.findings import NOTIFICATIONS
from connectors.errors import BadInput, DaybookError
from pipelines.stages.workspace import Workspace

# A round is a sensor's tick: what is left is for the next one.
ROUND_SECONDS = 15.0
ANSWERS = 20
_MEANWHILE = "until it answers, new settlements come with the daily visit"


@dataclass
class Heard:
    """What a round brought: messages let go, visits brought forward, queues that do not answer.

    `unread` counts messages that nobody can read. `last` is the queue that was asked last.
    """

    messages: int = 0
    unread: int = 0
    advanced: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    last: str = ""


def listen(workspace: Workspace, now: datetime, log: logging.Logger, after: str = "") -> Heard:
    """Ask every connection's queue, beginning with the one after `after`.

    A queue that several connections share is asked once. One that fails is a finding of its
    connection and holds up no other.
    """
    listening = _Round(workspace, now, log)
    queues = listening.queues()
    names = sorted(queues)
    until = monotonic() + ROUND_SECONDS
    for name in [*(n for n in names if n > after), *(n for n in names if n <= after)]:
        if monotonic() > until:
            break
        listening.ask(queues[name])
        listening.heard.last = name
    return listening.heard


class _Round:
    """One round over the queues."""

    def __init__(self, workspace: Workspace, now: datetime, log: logging.Logger) -> None:
        self._registry, self._now, self._log = workspace.registry, now, log
        self._notifying = NotificationQueues(Accounts(workspace.settings, workspace.registry))
        self.heard = Heard()

    def queues(self) -> dict[str, list[Connection]]:
        """The connections that share each queue, by channel and address."""
        found: dict[str, list[Connection]] = defaultdict(list)
        notified = self._notifying.notified()
        if not notified:
            return found
        for connection in self._registry.connections.list():
            if connection.slug in notified:
                address = self._notifying.address(connection)
                found[f"{connection.channel} {address}"].append(connection)
        return found

    def ask(self, sharing: Sequence[Connection]) -> None:
        """Hear what one queue has, with the first access to it that is good."""
        if self._visited(sharing):
            return
        for connection in filter(can_sync, sharing):
            try:
                with self._notifying.opened(connection) as queue:
                    self._hear(queue, sharing)
            except DaybookError as error:
                self.heard.silent.add(connection.slug)
                said = f"{error}; {_MEANWHILE}"
                self._registry.findings.set(connection.slug, NOTIFICATIONS, [said])
                self._log.warning("%s: %s%s", connection.slug, NOTIFICATIONS, said)
            else:
                if any(f.startswith(NOTIFICATIONS) for f in connection.findings):
                    self._registry.findings.set(connection.slug, NOTIFICATIONS, [])
                return

    def _visited(self, concerned: Iterable[Connection]) -> bool:
        """Whether work on an account goes on just now."""
        return bool(self._registry.activities.running().keys() & {c.slug for c in concerned})

    def _hear(self, queue: Queue, sharing: Sequence[Connection]) -> None:
        for _ in range(ANSWERS):
            messages = queue.poll()
            # A visit that began meanwhile would schedule its next sync over ours.
            if not messages or self._visited(sharing):
                return
            wanted: dict[str, datetime] = {}
            done = [message for message in messages if self._heed(message, sharing, wanted)]
            for slug, at in wanted.items():
                if self._registry.sync_schedule.advance(slug, at):
                    self.heard.advanced.add(slug)
            if done:
                queue.delete(done)
                self.heard.messages += len(done)

    def _heed(
        self, message: Message, sharing: Sequence[Connection], wanted: dict[str, datetime]
    ) -> bool:
        """Note in `wanted` whom a message has visited by when; whether it may go then."""
        notices = notices_of(sharing[0])
        try:
            notice = notices.parse(message.body)
        except BadInput as error:
            self.heard.unread += 1
            self._log.warning(
                "message %s cannot be read: %s; it stays for the dead letter queue",
                message.id,
                error,
            )
            return False
        if notice.within is None:
            level = logging.DEBUG if notice.is_known else logging.INFO
            self._log.log(level, "message %s, %.80r: %s", message.id, notice.kind, notice.reason)
            return True
        concerned = [c for c in sharing if notices.is_about(notice, c.account_id or "")]
        if not concerned:
            self._log.info(
                "message %s, %s: seller %.40r has no connection with this queue",
                *(message.id, notice.kind, notice.seller),
            )
        for connection in concerned:
            if not self._comes_anyway(connection, notice):
                at = self._now + notice.within
                wanted[connection.slug] = min(at, wanted.get(connection.slug, at))
        return True

    def _comes_anyway(self, connection: Connection, notice: Notification) -> bool:
        """Whether a notice is of a day that is not over: the daily visit brings that one."""
        if notice.posted is None:
            return False
        day = notice.posted.astimezone(ZoneInfo(connection.timezone)).date()
        return day >= today_of(connection, self._now)
