"""Triggers tried out: what each action would send for an event of the past. Nothing is sent."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from connectors.database.registry import Connection, StoredEvent
from connectors.errors import BadInput
from connectors.triggers.actions import (
    Action,
    AssignAction,
    MessageAction,
    NoteAction,
    RunJobAction,
    TagAction,
    WebhookAction,
)
from connectors.triggers.content import fields_of, filled, labelled, webhook_body
from connectors.triggers.messages import scheme_of
from connectors.triggers.signed_webhooks import signed_headers
from pipelines.stages.trigger_runs import planned_run
from pipelines.stages.triggers import ADDRESS, SECRET, secrets_of, trigger_named
from pipelines.stages.workspace import Workspace

# The id of a message is made with its delivery, which there is none of.
EXAMPLE_ID = "msg_example"


@dataclass(frozen=True, slots=True)
class ActionPreview:
    """The content that an action would send; `problem` is why it could not."""

    action: str
    type: str
    content: Mapping[str, Any]
    problem: str | None


@dataclass(frozen=True, slots=True)
class TriggerPreview:
    """The result of a trial with an event; `unmet` are filters that the event does not meet."""

    event: StoredEvent
    unmet: tuple[str, ...]
    actions: tuple[ActionPreview, ...]

    @property
    def matches(self) -> bool:
        """Return whether the trigger acts on such an event."""
        return not self.unmet


def preview_trigger(
    workspace: Workspace, name: str, number: int | None, now: datetime
) -> TriggerPreview:
    """Return what a trigger would send for an event, the newest of its kind if none is named.

    `BadInput` where there is no such event, or it is of another kind.
    """
    document = trigger_named(workspace, name).document
    event = _event(workspace, document.event, number)
    met = workspace.registry.triggers.met(document, event.id)
    connection = workspace.registry.connections.find(event.connection or "")
    previews = []
    for action_name, action in document.by_name.items():
        content, problem = {}, None
        try:
            content = _content(workspace, name, action_name, action, event, connection, now)
        except BadInput as error:
            problem = str(error)
        previews.append(ActionPreview(action_name, action.type, content, problem))
    unmet = tuple(filter_name for filter_name, is_met in met.items() if not is_met)
    return TriggerPreview(event, unmet, tuple(previews))


def _event(workspace: Workspace, kind: str, number: int | None) -> StoredEvent:
    if number is None:
        newest = workspace.registry.events.list(kinds=[kind], limit=1, newest=True)
        if not newest:
            raise BadInput(f"no event {kind} was recorded yet: try it out after the first one")
        return newest[0]
    event = workspace.registry.events.get(number)
    if event.kind != kind:
        raise BadInput(f"the event {number} is {event.kind}, and the trigger is about {kind}")
    return event


def _content(
    workspace: Workspace,
    name: str,
    action_name: str,
    action: Action,
    event: StoredEvent,
    connection: Connection | None,
    now: datetime,
) -> dict[str, Any]:
    fields = fields_of(event, connection.channel if connection else None)
    texts = filled(action, fields)
    match action:
        case RunJobAction():
            return asdict(planned_run(action, event, connection))
        case WebhookAction():
            body = webhook_body(fields)
            secret = secrets_of(workspace, name, action_name).get(SECRET)
            if secret is None:
                raise BadInput("the webhook has no secret: add the trigger again")
            headers = signed_headers(secret, EXAMPLE_ID, body, now)
            return {"url": action.url, "headers": headers, "body": body.decode()}
        case MessageAction():
            address = secrets_of(workspace, name, action_name).get(ADDRESS)
            # Of an address only the service is shown: the rest may be a token.
            service = f"{scheme_of(address)}://" if address else None
            return {"service": service, **texts}
        case TagAction() | NoteAction():
            subject = labelled(action, fields)
            if subject is None:
                raise BadInput(f"the event names no {action.on}")
            return {"on": action.on, "subject": subject, **texts}
        case AssignAction():
            return {"queue": action.queue, **texts}
