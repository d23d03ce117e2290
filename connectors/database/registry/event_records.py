"""Records of events, triggers, deliveries, labels and tasks: frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

DeliveryState = Literal["waiting", "sending", "sent", "failed", "dead", "skipped"]
TaskState = Literal["open", "taken", "finished"]


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened to a connection; `subject` is what makes it one of its kind.

    `fields` are documented ones of its kind (`connectors.triggers.kinds`): amounts as `Decimal` or
    text, days and instants as such or in ISO 8601. Those left out are null.
    """

    subject: str
    occurred_at: datetime
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class StoredEvent:
    """An event that was recorded; its fields as JSON has them: amounts and days are text."""

    id: int
    kind: str
    connection: str | None
    subject: str
    occurred_at: datetime
    recorded_at: datetime
    fields: dict[str, Any]


@dataclass(frozen=True)
class StoredTrigger:
    """A trigger as it is stored; `document` is that of `connectors.triggers.document`.

    It acts on events after the number `after_event`. `stopped` are actions that their receiver
    ended, with the reason.
    """

    name: str
    kind: str
    document: dict[str, Any]
    enabled: bool
    after_event: int
    stopped: dict[str, str]
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True)
class StoredDelivery:
    """An action of a trigger for an event: how often it was tried, how it stands, and why.

    It is tried next at `next_at` where it is waiting or failed. `revision` counts how often
    somebody had it sent again; `message_id` stays through all of it.
    """

    id: int
    trigger: str
    action: str
    event: int
    type: str
    message_id: str
    state: DeliveryState
    attempts: int
    revision: int
    next_at: datetime
    reason: str | None
    response_status: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Label:
    """A tag or note on an order (by its id) or a contact (by the customer's key) of a store."""

    id: int
    connection: str
    subject_type: Literal["order", "contact"]
    subject: str
    type: Literal["tag", "note"]
    text: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True)
class QueuedTask:
    """A task of a queue that a team works off; `event` is the one that it is about."""

    id: int
    queue: str
    title: str
    connection: str | None
    event: int
    state: TaskState
    created_at: datetime
    taken_by: str | None
    taken_at: datetime | None
    finished_by: str | None
    finished_at: datetime | None
    note: str | None


@dataclass(frozen=True, slots=True)
class LabelText:
    """The words of a tag or note, and the order or contact that gets it."""

    subject_type: Literal["order", "contact"]
    subject: str
    text: str
