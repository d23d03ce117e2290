"""How a channel tells that there is something new: through a queue that the owner has elsewhere.

A message brings no data. It says whose money moved, and the account is visited for it. What is
lost, comes twice or comes late therefore costs nothing: the daily visit finds it all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from connectors.accounts.platform import Access, Field


@dataclass(frozen=True, slots=True)
class Message:
    """One message as the queue hands it out; `receipt` lets go of it."""

    id: str
    body: str
    receipt: str


class Queue(Protocol):
    """The owner's queue. Every call raises the errors of `Remote`."""

    def waiting(self) -> int:
        """How many messages there are, about."""

    def received(self) -> Sequence[Message]:
        """Some messages, none where there are none; each comes again unless it is let go."""

    def let_go(self, messages: Sequence[Message]) -> None:
        """Have these messages deleted."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a message says.

    `kind` is the platform's word for it, `seller` whom it is about, `marketplace` where. A visit
    for it may wait as long as `within`, so that one visit serves many; None where there is nothing
    to fetch, and `why` says so. `posted` is when the money moved. `foreseen` is false for a kind
    that nobody knows.
    """

    kind: str
    seller: str | None = None
    marketplace: str | None = None
    within: timedelta | None = None
    posted: datetime | None = None
    why: str = ""
    foreseen: bool = True


@dataclass(frozen=True, slots=True)
class Notices:
    """What a channel has to do with notifications.

    `fields` are what is typed about the queue, `address` is the one of them that tells queues
    apart. `opened` reaches the queue, given an `Access` with
    these fields. `subscribe` has the platform send there, given the account's access and the
    queue's fields; it says in words what stands then. `read` understands a message's body; it
    raises `BadInput` for one that it does not. `concerns` says whether a notice is about the
    account with an id.
    """

    fields: tuple[Field, ...]
    address: str
    opened: Callable[[Access], AbstractContextManager[Queue]]
    subscribe: Callable[[Access, Mapping[str, str]], Sequence[str]]
    read: Callable[[str], Notice]
    concerns: Callable[[Notice, str], bool]
