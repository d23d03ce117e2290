"""Triggers and events as documents, which the command line and the API share."""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from connectors.triggers.actions import Action, WebhookAction
from connectors.triggers.kinds import EventKind
from pipelines.stages.trigger_preview import TriggerPreview
from pipelines.stages.triggers import TriggerStatus


def trigger_document(status: TriggerStatus, counts: dict[str, int] | None = None) -> dict[str, Any]:
    """Return a trigger without its secrets, with the sentence that it makes.

    `deliveries` counts them by state.
    """
    document = status.document
    return {
        "name": document.name,
        "event": document.event,
        "enabled": status.enabled,
        "shipped": status.shipped,
        "sentence": document.sentence,
        "filters": document.filters.model_dump(mode="json", exclude_defaults=True),
        "actions": [_action(name, action) for name, action in document.by_name.items()],
        "once_a_day": document.once_a_day,
        "max_age_days": document.max_age_days,
        "missing_address": list(status.missing),
        "stopped": dict(status.stopped),
        "deliveries": counts or {},
        "changed_by": status.changed_by,
    }


def _action(name: str, action: Action) -> dict[str, Any]:
    document = action.model_dump(mode="json", exclude_none=True, exclude={"name"})
    if isinstance(action, WebhookAction):
        # The path is often the receiver's only secret.
        parts = urlsplit(action.url)
        document["url"] = f"{parts.scheme}://{parts.netloc}/" + ("..." if parts.path[1:] else "")
    return {"name": name, **document}


def preview_document(preview: TriggerPreview) -> dict[str, Any]:
    """Return what a trigger would send."""
    return {
        "event": asdict(preview.event),
        "matches": preview.matches,
        "unmet": list(preview.unmet),
        "actions": [asdict(action) for action in preview.actions],
    }


def kind_document(kind: EventKind) -> dict[str, Any]:
    """Return a kind of event with the documented fields of its templates."""
    fields = [asdict(field) for field in kind.documented.values()]
    return {"kind": kind.name, "when": kind.when, "fields": fields}
