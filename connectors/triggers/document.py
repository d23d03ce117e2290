"""A trigger as a document: the event, the filters, the actions, and the sentence they make."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.errors import BadInput
from connectors.triggers.actions import SUBJECTS, Action, NoteAction, Slug, TagAction
from connectors.triggers.conditions import Filters
from connectors.triggers.kinds import event_kind
from connectors.triggers.templates import check_template

MOST_ACTIONS: Final = 10
_ACTION_TYPES: Final = frozenset({"run_job", "webhook", "message", "tag", "note", "assign"})


class TriggerDocument(BaseModel):
    """The actions to be done when an event of a kind happens.

    With `once_a_day` an action is done at most once in 24 hours for a store. Events that happened
    more than `max_age_days` before they were recorded (imported history) are passed over.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Slug
    event: str
    filters: Filters = Filters()
    actions: Annotated[tuple[Action, ...], Field(min_length=1, max_length=MOST_ACTIONS)]
    once_a_day: bool = False
    max_age_days: Annotated[int, Field(ge=1, le=3650)] = 30

    @property
    def by_name(self) -> Mapping[str, Action]:
        """Return the actions by their names."""
        return {action.name or action.type: action for action in self.actions}

    @property
    def sentence(self) -> str:
        """Return the trigger in plain English."""
        condition = " ".join(["When", event_kind(self.event).when, *self.filters.phrases()])
        phrases = [action.phrase for action in self.actions]
        listed = f"{', '.join(phrases[:-1])} and {phrases[-1]}" if phrases[1:] else phrases[0]
        often = ", at most once a day for a store" if self.once_a_day else ""
        return f"{condition}, {listed}{often}."

    @property
    def stored(self) -> dict[str, Any]:
        """Return it as JSON without its secrets; what is left out is as it is by default."""
        return self.model_dump(mode="json", exclude_defaults=True)


def read_trigger(document: Any) -> TriggerDocument:
    """Return a trigger from a document as JSON has it; `BadInput` says what is wrong in one line.

    Templates are filled with the examples of the documented fields.
    """
    try:
        trigger = TriggerDocument.model_validate(document)
    except ValidationError as error:
        raise BadInput(_line(error)) from error
    _check(trigger)
    return trigger


def stored_trigger(document: Mapping[str, Any]) -> TriggerDocument:
    """Return a trigger that was stored; `BadInput` where this release cannot read it."""
    return _stored(json.dumps(document, sort_keys=True))


@lru_cache(maxsize=4096)
def _stored(text: str) -> TriggerDocument:
    # Sensors read every trigger every few seconds.
    return read_trigger(json.loads(text))


def _check(trigger: TriggerDocument) -> None:
    kind = event_kind(trigger.event)
    problem = trigger.filters.problem(kind)
    if problem is not None:
        raise BadInput(problem)
    if len(trigger.by_name) < len(trigger.actions):
        raise BadInput("actions: give each of several actions of one type a name of its own")
    for name, action in trigger.by_name.items():
        for field, text in action.templates:
            check_template(text, kind, f"actions.{name}.{field}")
        if isinstance(action, TagAction | NoteAction) and SUBJECTS[action.on] not in kind.fields:
            raise BadInput(f"actions.{name}.on: an event {kind.name} is about no {action.on}")


@cache
def shipped_triggers() -> Mapping[str, TriggerDocument]:
    """Return the triggers that come with Daybook, by name: they wait for an address."""
    import yaml

    documents = yaml.safe_load((Path(__file__).parent / "shipped.yaml").read_text("utf-8"))
    return {document["name"]: read_trigger(document) for document in documents}


def _line(error: ValidationError) -> str:
    """Return the first problem with its place; never the value, which may be a secret."""
    first = error.errors(include_url=False, include_input=False)[0]
    # The tag of a union stands in the place although nobody wrote it.
    parts = [str(part) for part in first["loc"]]
    where = ".".join(part for part in parts if part not in _ACTION_TYPES) or "the trigger"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
