"""Triggers: what is done when something happens, tried out, and sent again."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, StrictBool

from connectors.database.registry.models import SLUG_PATTERN
from connectors.errors import BadInput
from connectors.triggers.actions import Action
from connectors.triggers.conditions import Filters
from connectors.triggers.document import MOST_ACTIONS
from console.trigger_documents import preview_document, trigger_document
from console.web.api.dependencies import Connector, Here, Reader, workspace_of
from console.web.api.problems import not_found
from console.web.api.requests import Number, RequestBody, Secret
from pipelines.stages.trigger_preview import preview_trigger
from pipelines.stages.triggers import (
    TriggerStatus,
    disable_trigger,
    enable_trigger,
    list_triggers,
    remove_trigger,
    save_trigger,
    trigger_named,
)

router = APIRouter(tags=["triggers"])
TriggerName = Annotated[str, Path(pattern=SLUG_PATTERN)]


class TriggerRequest(RequestBody):
    """A trigger: the event, its filters, and the actions.

    An action's `address` or `secret` is sealed and never told; left out, it stays as it is.
    """

    event: str
    filters: Filters = Filters()
    actions: Annotated[list[Action], Field(min_length=1, max_length=MOST_ACTIONS)]
    once_a_day: StrictBool = False
    max_age_days: Annotated[int, Field(ge=1, le=3650)] = 30


class AddressRequest(RequestBody):
    """The Apprise URL that messages go to; null leaves it as it is."""

    address: Secret | None = None


class TrialRequest(RequestBody):
    """The event to try a trigger with; null is the newest of its kind."""

    event: Number | None = None


class TriggerResponse(BaseModel):
    """A trigger without its secrets; `deliveries` counts them by state.

    `missing_address` are actions that need an address before it is switched on, `stopped` those
    that their receiver ended, with the reason.
    """

    name: str
    event: str
    enabled: bool
    shipped: bool
    sentence: str
    filters: dict[str, Any]
    actions: list[dict[str, Any]]
    once_a_day: bool
    max_age_days: int
    missing_address: list[str]
    stopped: dict[str, str]
    deliveries: dict[str, int]
    changed_by: str | None


class SavedTriggerResponse(BaseModel):
    """A trigger that was saved; `secrets` were made for its webhooks and are told this once."""

    trigger: TriggerResponse
    secrets: dict[str, str]


class TriggersResponse(BaseModel):
    """Every trigger, those that come with Daybook among them."""

    triggers: list[TriggerResponse]


class ActionPreviewResponse(BaseModel):
    """The content that an action would send; `problem` says why it could not."""

    action: str
    type: str
    content: dict[str, Any]
    problem: str | None


class PreviewResponse(BaseModel):
    """The result of a trial: nothing was sent. `unmet` are filters that the event does not meet."""

    event: dict[str, Any]
    matches: bool
    unmet: list[str]
    actions: list[ActionPreviewResponse]


def _existing(name: TriggerName, console: Here) -> TriggerStatus:
    try:
        return trigger_named(workspace_of(console), name)
    except BadInput as error:
        raise not_found(str(error)) from error


NamedTrigger = Annotated[TriggerStatus, Depends(_existing)]


@router.get("/triggers")
def list_all_triggers(_who: Reader, console: Here) -> TriggersResponse:
    """List the triggers by name, each with the sentence that it makes."""
    counts = console.registry.deliveries.counts()
    listed = list_triggers(workspace_of(console))
    return TriggersResponse(
        triggers=[_response(each, counts.get(each.document.name)) for each in listed]
    )


@router.get("/triggers/{name}")
def get_trigger(_who: Reader, console: Here, trigger: NamedTrigger) -> TriggerResponse:
    """Return one trigger."""
    counts = console.registry.deliveries.counts()
    return _response(trigger, counts.get(trigger.document.name))


@router.put("/triggers/{name}")
def put_trigger(
    who: Connector, console: Here, name: TriggerName, body: TriggerRequest
) -> SavedTriggerResponse:
    """Add a trigger, switched on, or replace the one of its name."""
    document = {"name": name, **dict(body)}
    saved = save_trigger(workspace_of(console), document, who.name)
    return SavedTriggerResponse(trigger=_response(saved.status), secrets=dict(saved.secrets))


@router.delete("/triggers/{name}", status_code=204)
def delete_trigger(who: Connector, console: Here, trigger: NamedTrigger) -> None:
    """Delete a trigger with its history; one that comes with Daybook is off again."""
    remove_trigger(workspace_of(console), trigger.document.name, who.name)


@router.post("/triggers/{name}/enable")
def enable_one_trigger(
    who: Connector, console: Here, trigger: NamedTrigger, body: AddressRequest
) -> TriggerResponse:
    """Switch a trigger on, from the next event on."""
    address = body.address.get_secret_value() if body.address else None
    name = trigger.document.name
    return _response(enable_trigger(workspace_of(console), name, who.name, address))


@router.post("/triggers/{name}/disable")
def disable_one_trigger(who: Connector, console: Here, trigger: NamedTrigger) -> TriggerResponse:
    """Switch a trigger off; what waits to be sent is skipped."""
    return _response(disable_trigger(workspace_of(console), trigger.document.name, who.name))


@router.post("/triggers/{name}/test")
def try_trigger_out(
    _who: Connector, console: Here, trigger: NamedTrigger, body: TrialRequest
) -> PreviewResponse:
    """Return what a trigger would send for an event of the past; nothing is sent."""
    now, name = datetime.now(UTC), trigger.document.name
    preview = preview_trigger(workspace_of(console), name, body.event, now)
    return PreviewResponse.model_validate(preview_document(preview))


def _response(status: TriggerStatus, counts: dict[str, int] | None = None) -> TriggerResponse:
    return TriggerResponse.model_validate(trigger_document(status, counts))
