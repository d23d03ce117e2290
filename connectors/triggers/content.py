"""The content of deliveries: the fields of an event, filled templates, the body of a webhook."""

import json
from typing import Any

from connectors.database.registry.event_records import StoredEvent
from connectors.triggers.actions import SUBJECTS, Action, NoteAction, TagAction
from connectors.triggers.kinds import event_kind
from connectors.triggers.templates import render


def fields_of(event: StoredEvent, channel: str | None) -> dict[str, Any]:
    """Return the documented fields of an event, those of every event first."""
    return {
        "event_id": event.id,
        "kind": event.kind,
        "connection": event.connection or "",
        "channel": channel or "",
        "subject": event.subject,
        "occurred_at": event.occurred_at.isoformat(),
        # An event of an earlier release may lack a field that templates name by now.
        **dict.fromkeys(event_kind(event.kind).fields),
        **event.fields,
    }


def filled(action: Action, fields: dict[str, Any]) -> dict[str, str]:
    """Return an action's templates filled with an event's fields; `BadInput` where one cannot."""
    return {name: render(text, fields, name) for name, text in action.templates}


def webhook_body(fields: dict[str, Any]) -> bytes:
    """Return an event as Standard Webhooks recommends: its type, its time and its data.

    The same event makes the same bytes on every attempt.
    """
    data = {name: value for name, value in fields.items() if name not in {"kind", "occurred_at"}}
    document = {"type": fields["kind"], "timestamp": fields["occurred_at"], "data": data}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def labelled(action: TagAction | NoteAction, fields: dict[str, Any]) -> str | None:
    """Return the order or contact that a tag or note is for; None where the event names none."""
    subject = fields[SUBJECTS[action.on]]
    return None if subject is None else str(subject)
