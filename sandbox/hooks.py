"""Subscriptions to an emulated platform's webhooks, and their deliveries: true, or as they fail.

Platforms promise delivery at least once, in any order, and stop after a number of failures.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from sandbox.webhooks import Event, Hook, Sending, signed

Send = Callable[[str, Sending], int]


@dataclass
class HookRecord:
    """A subscription of an account; one that is not active sends nothing."""

    id: str
    account: str
    topics: frozenset[str]
    url: str
    secret: str
    is_active: bool = True
    failures: int = 0


class Hooks:
    """The subscriptions of one platform; `failures_allowed` in a row end one."""

    def __init__(self, platform: str, *, client_id: str = "", failures_allowed: int = 7) -> None:
        self.platform, self._client_id = platform, client_id
        self._failures_allowed = failures_allowed
        self.records: dict[str, HookRecord] = {}
        self._numbers = itertools.count(1)

    def add(self, account: str, topics: Iterable[str], url: str, secret: str) -> HookRecord:
        """Subscribe an address to topics of an account."""
        record = HookRecord(str(next(self._numbers)), account, frozenset(topics), url, secret)
        self.records[record.id] = record
        return record

    def of(self, account: str) -> list[HookRecord]:
        """Return the subscriptions of an account, oldest first."""
        return [record for record in self.records.values() if record.account == account]

    def deliver(
        self,
        events: Sequence[Event],
        send: Send,
        *,
        copies: int = 1,
        shuffled: Random | None = None,
        lost: Callable[[Event], bool] = lambda _event: False,
    ) -> list[int]:
        """Tell everybody who listens of some events; return the statuses of the answers.

        Each goes out so many times, in an order of `shuffled`, but for those that are `lost`.
        """
        queue = [event for event in events for _ in range(copies) if not lost(event)]
        if shuffled is not None:
            shuffled.shuffle(queue)
        return [
            self._send(record, event, send)
            for event in queue
            for record in list(self.records.values())
            if record.is_active and event.topic in record.topics
        ]

    def _send(self, record: HookRecord, event: Event, send: Send) -> int:
        hook = Hook(record.url, record.secret, self._client_id)
        status = send(record.url, signed(self.platform, event, hook))
        record.failures = 0 if 200 <= status < 300 else record.failures + 1
        record.is_active = record.failures < self._failures_allowed
        return status
