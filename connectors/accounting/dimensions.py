"""Dimensions of an organisation's books: what lines are tracked by, beside accounts and taxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.errors import Permanent
from mappings.journal.dimensions import dimension_key
from mappings.model import JournalEntry


@dataclass(frozen=True, slots=True)
class DimensionValue:
    """An option, class or location; `refusal` says why no line may have it, None where one may."""

    name: str
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something that an organisation tracks lines by, with its values in their order.

    `values` is None where only the program that imports files knows them. `refusal` as that of a
    value.
    """

    name: str
    values: tuple[DimensionValue, ...] | None
    refusal: str | None = None


def dimension_problem(dimensions: Sequence[Dimension], name: str) -> str | None:
    """Return why lines cannot be tracked by a dimension, with the cure; None where they can."""
    if not dimensions:
        return "the organisation takes no tracking: leave it out of the mapping"
    dimension = _of_name(dimensions, name)
    if dimension is None:
        listed = ", ".join(each.name for each in dimensions)
        return f"the organisation has no dimension {name}: choose {listed}, or make it there"
    return None if dimension.refusal is None else f"{dimension.name} {dimension.refusal}"


def value_problem(dimensions: Sequence[Dimension], name: str, value: str) -> str | None:
    """Return why a line cannot have a value of a dimension that there is; None where it can."""
    dimension = _of_name(dimensions, name)
    if dimension is None or dimension.values is None:
        return None
    match = next((v for v in dimension.values if _is_same(v.name, value)), None)
    if match is None:
        return (
            f"{dimension.name} has no value {value}: make it there, or with `daybook mappings "
            "tracking --create`"
        )
    return None if match.refusal is None else f"{value} of {dimension.name} {match.refusal}"


def check_tracking(entry: JournalEntry, dimensions: Sequence[Dimension], books: str) -> None:
    """Raise `Permanent` for an entry with tracking that the organisation does not take.

    A platform may drop what it does not know without a word, and the line would be untracked.
    """
    for name, value in _pairs(entry):
        problem = dimension_problem(dimensions, name) or value_problem(dimensions, name, value)
        if problem is not None:
            raise Permanent(f"{entry.entry_id} cannot be posted to {books}: {problem}")


def check_untracked(entry: JournalEntry, books: str) -> None:
    """Raise `Permanent` for an entry with tracking, where books have no place for any."""
    if any(line.tracking for line in entry.lines):
        raise Permanent(
            f"{entry.entry_id} is tracked, and {books} have no place for that: leave tracking out "
            "of the mapping"
        )


def _of_name(dimensions: Sequence[Dimension], name: str) -> Dimension | None:
    return next((each for each in dimensions if _is_same(each.name, name)), None)


def _is_same(one: str, other: str) -> bool:
    return dimension_key(one) == dimension_key(other)


def _pairs(entry: JournalEntry) -> Iterator[tuple[str, str]]:
    yield from dict.fromkeys(pair for line in entry.lines for pair in line.tracking)
