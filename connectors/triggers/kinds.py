"""Kinds of events: when each happens, and its fields, as `kinds.yaml` declares them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from connectors.errors import BadInput

FieldType = Literal["text", "money", "list", "flag", "day", "moment", "number"]


@dataclass(frozen=True, slots=True)
class EventField:
    """A documented field: its type, its meaning and an example."""

    name: str
    type: FieldType
    meaning: str
    example: Any


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event: `when` completes the sentence "When ...", `fields` are its own."""

    name: str
    when: str
    fields: Mapping[str, EventField]

    @property
    def documented(self) -> Mapping[str, EventField]:
        """Return what templates may name: the fields of every event, and its own."""
        return {**{field.name: field for field in EVERY}, **self.fields}


# What every event has, whatever its kind.
EVERY: Final = (
    EventField("event_id", "number", "Daybook's number of the event", 4711),
    EventField("kind", "text", "the kind of the event", "order_submitted"),
    EventField("connection", "text", "the slug of the store; empty where there is none", "shop"),
    EventField("channel", "text", "the platform of the store", "shopify"),
    EventField("subject", "text", "what makes the event one of its kind in the store", "555123"),
    EventField("occurred_at", "moment", "when it happened", "2026-04-15T08:30:00+00:00"),
)


@cache
def event_kinds() -> Mapping[str, EventKind]:
    """Return every kind by its name, in the order of the file."""
    # Imported on use: opening the registry is part of every command.
    import yaml

    document = yaml.safe_load((Path(__file__).parent / "kinds.yaml").read_text("utf-8"))
    fields = {name: EventField(name, *row) for name, row in document["fields"].items()}
    return {
        name: EventKind(name, kind["when"], {field: fields[field] for field in kind["fields"]})
        for name, kind in document["kinds"].items()
    }


def event_kind(name: str) -> EventKind:
    """Return one kind; `BadInput` names the known ones where there is none of that name."""
    kind = event_kinds().get(name)
    if kind is None:
        raise BadInput(f"{name!r} is no kind of event; there are: {', '.join(event_kinds())}")
    return kind
