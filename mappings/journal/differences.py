"""Differences between two mapping configurations, field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mappings.journal.config import MappingConfig


@dataclass(frozen=True, slots=True)
class Difference:
    """A field by its dotted name, as it is and as it would be; None where it is not there."""

    field: str
    before: str | None
    after: str | None


def differences(before: MappingConfig, after: MappingConfig) -> list[Difference]:
    """Return every field that differs, in the order of their names."""
    ours, theirs = (dict(_fields(config.model_dump(mode="json"))) for config in (before, after))
    return [
        Difference(field, ours.get(field), theirs.get(field))
        for field in sorted(ours.keys() | theirs.keys())
        if ours.get(field) != theirs.get(field)
    ]


def _fields(document: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(document, Mapping):
        for key, value in document.items():
            yield from _fields(value, f"{name}.{key}" if name else str(key))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from _fields(value, f"{name}.{number}")
    elif document is not None:
        yield name, str(document)
