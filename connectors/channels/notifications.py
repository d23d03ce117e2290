"""Notifications of a channel: the owner's queue that the platform sends messages to.

A message brings no data. It says whose money moved, and the account is synced for it. What is
lost, comes twice or comes late therefore costs nothing: the daily sync brings it all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from connectors.accounts.platform import Access, Field


@dataclass(frozen=True, slots=True)
class Message:
    """One message as the queue hands it out; `receipt` deletes it."""

    id: str
    body: str
    receipt: str


class Queue(Protocol):
    """The owner's queue. Every call raises the errors of `Remote`."""

    def waiting(self) -> int:
        """Return how many messages there are, about."""

    def poll(self) -> Sequence[Message]:
        """Return some messages, none where there are none; each comes again unless deleted."""

    def delete(self, messages: Sequence[Message]) -> None:
        """Delete these messages."""


@dataclass(frozen=True, slots=True)
class Notification:
    """The content of a message.

    `kind` is the platform's word for it, `seller` whom it is about, `marketplace` where. A sync
    for it may wait as long as `within`, so that one sync serves many; None where there is nothing
    to fetch, and `reason` says so. One that `is_about_orders` has these imported at once, and no
    settlement. `posted` is when the money moved. `is_known` is false for a kind
    that nobody knows.
    """

    kind: str
    seller: str | None = None
    marketplace: str | None = None
    within: timedelta | None = None
    posted: datetime | None = None
    reason: str = ""
    is_known: bool = True
    is_about_orders: bool = False


@dataclass(frozen=True, slots=True)
class NotificationSupport:
    """A channel's way to notify.

    `fields` are what is typed about the queue, `address` is the one of them that tells queues
    apart. `open_queue` reaches the queue, given an `Access` with these fields. `subscribe` has the
    platform send there, given the account's access and the queue's fields; it returns in words what
    stands then. `parse` reads a message's body; it raises `BadInput` for one that it cannot.
    `is_about` tells whether a notification is about the account with an id.
    """

    fields: tuple[Field, ...]
    address: str
    open_queue: Callable[[Access], AbstractContextManager[Queue]]
    subscribe: Callable[[Access, Mapping[str, str]], Sequence[str]]
    parse: Callable[[str], Notification]
    is_about: Callable[[Notification, str], bool]
