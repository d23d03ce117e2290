"""Events, and what triggers made of them: deliveries, labels, and tasks of a team."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from connectors.errors import BadInput
from connectors.triggers.kinds import event_kinds
from console.trigger_documents import kind_document
from console.web.api.dependencies import Connector, Here, Reader, Syncer
from console.web.api.problems import not_found
from console.web.api.requests import Limit, Line, Number, Offset, RequestBody, Slug
from console.web.api.triggers import NamedTrigger

router = APIRouter(tags=["triggers"])
State = Literal["waiting", "sending", "sent", "failed", "dead", "skipped"]
TaskState = Literal["open", "taken", "finished"]
Kind = Annotated[
    str | None,
    Query(description="one kind of event", json_schema_extra={"enum": [*event_kinds()]}),
]


def _task(task: Annotated[Number, Path()], console: Here) -> int:
    if console.registry.tasks.find(task) is None:
        raise not_found(f"there is no task {task}")
    return task


TaskNumber = Annotated[int, Depends(_task)]


class EventResponse(BaseModel):
    """An event with the documented fields of its kind."""

    id: int
    kind: str
    connection: str | None
    subject: str
    occurred_at: datetime
    recorded_at: datetime
    fields: dict[str, Any]


class EventsPage(BaseModel):
    """Events, the newest first, or after a number, the oldest first."""

    events: list[EventResponse]


class EventFieldResponse(BaseModel):
    """A field that templates may name."""

    name: str
    type: str
    meaning: str
    example: Any


class KindResponse(BaseModel):
    """A kind of event; `when` completes the sentence "When ..."."""

    kind: str
    when: str
    fields: list[EventFieldResponse]


class KindsResponse(BaseModel):
    """Every kind of event."""

    kinds: list[KindResponse]


class DeliveryResponse(BaseModel):
    """An action of a trigger for an event, tried next at `next_at` while it waits or failed."""

    id: int
    trigger: str
    action: str
    event: int
    type: str
    message_id: str
    state: State
    attempts: int
    revision: int
    next_at: datetime
    reason: str | None
    response_status: int | None
    created_at: datetime
    updated_at: datetime


class DeliveriesPage(BaseModel):
    """Deliveries, the newest first."""

    deliveries: list[DeliveryResponse]


class ReplayRequest(RequestBody):
    """The deliveries that are sent again: one, or all in a state."""

    delivery: Number | None = None
    state: Literal["dead", "skipped", "sent"] = "dead"


class ReplayResponse(BaseModel):
    """The number of deliveries that are sent again."""

    deliveries: int


class LabelResponse(BaseModel):
    """A tag or note on an order or a contact."""

    id: int
    connection: str
    subject_type: Literal["order", "contact"]
    subject: str
    type: Literal["tag", "note"]
    text: str
    created_at: datetime
    created_by: str


class LabelsPage(BaseModel):
    """Labels, the newest first."""

    labels: list[LabelResponse]


class TaskResponse(BaseModel):
    """A task of a queue."""

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


class TasksPage(BaseModel):
    """Tasks, the oldest first."""

    tasks: list[TaskResponse]


class FinishRequest(RequestBody):
    """A note on what came of a task."""

    note: Line | None = None


@router.get("/events")
def list_events(
    _who: Reader,
    console: Here,
    kind: Kind = None,
    after: Annotated[Number | None, Query(description="those after this one, oldest first")] = None,
    limit: Limit = 100,
) -> EventsPage:
    """List what happened, the newest first; with `after` in order, so that none is missed."""
    if kind is not None and kind not in event_kinds():
        raise BadInput(f"kind: {kind!r} is no kind of event")
    listed = console.registry.events.list(
        after or 0, [kind] if kind else [], limit, newest=after is None
    )
    return EventsPage(events=[EventResponse.model_validate(asdict(event)) for event in listed])


@router.get("/event-kinds")
def list_event_kinds(_who: Reader) -> KindsResponse:
    """List the kinds of events with the fields that filters and templates may name."""
    kinds = map(kind_document, event_kinds().values())
    return KindsResponse(kinds=[KindResponse.model_validate(kind) for kind in kinds])


@router.get("/deliveries")
def list_deliveries(
    _who: Reader,
    console: Here,
    trigger: Slug | None = None,
    state: State | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> DeliveriesPage:
    """List deliveries, the newest first, with their attempts and reasons."""
    states = [state] if state else []
    listed = console.registry.deliveries.list(trigger, states, limit, offset)
    return DeliveriesPage(
        deliveries=[DeliveryResponse.model_validate(asdict(each)) for each in listed]
    )


@router.post("/triggers/{name}/replay")
def replay_deliveries(
    who: Connector, console: Here, trigger: NamedTrigger, body: ReplayRequest
) -> ReplayResponse:
    """Send deliveries of a trigger again, those that were given up where nothing is named."""
    states = [] if body.delivery is not None else [body.state]
    number = console.registry.deliveries.replay(
        trigger.document.name, who.name, body.delivery, states
    )
    return ReplayResponse(deliveries=number)


@router.get("/labels")
def list_labels(
    _who: Reader,
    console: Here,
    connection: Slug | None = None,
    subject: Line | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> LabelsPage:
    """List the tags and notes that triggers put on orders and contacts, the newest first."""
    listed = console.registry.labels.list(connection, subject, limit, offset)
    return LabelsPage(labels=[LabelResponse.model_validate(asdict(label)) for label in listed])


@router.get("/tasks")
def list_tasks(
    _who: Reader,
    console: Here,
    queue: Slug | None = None,
    state: TaskState | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> TasksPage:
    """List tasks, the oldest first; those that are to be done where no state is named."""
    states = [state] if state else ["open", "taken"]
    listed = console.registry.tasks.list(queue, states, limit, offset)
    return TasksPage(tasks=[TaskResponse.model_validate(asdict(task)) for task in listed])


@router.post("/tasks/{task}/take")
def take_task(who: Syncer, console: Here, task: TaskNumber) -> TaskResponse:
    """Take a task, so that nobody else does it."""
    taken = console.registry.tasks.take(task, who.name)
    return TaskResponse.model_validate(asdict(taken))


@router.post("/tasks/{task}/finish")
def finish_task(who: Syncer, console: Here, task: TaskNumber, body: FinishRequest) -> TaskResponse:
    """Finish a task."""
    finished = console.registry.tasks.finish(task, who.name, body.note)
    return TaskResponse.model_validate(asdict(finished))
