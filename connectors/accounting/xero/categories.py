"""Tracking categories of a Xero organisation, and what journal lines say of them.

Facts: Xero's OpenAPI document (accounting). A line has two categories at most; Xero finds them by
the names of category and option. What it does with a name that it does not know is UNCONFIRMED:
integrations met lines that came back untracked, so names are looked up before anything is sent.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import orjson

from connectors.accounting.dimensions import Dimension, DimensionValue, check_tracking
from connectors.errors import ConfigError
from mappings.journal.dimensions import dimension_key
from mappings.model import JournalEntry, JournalLine

Record = Mapping[str, Any]


class XeroTracking:
    """An organisation's tracking categories, read once."""

    def __init__(self, call: Callable[..., Any], title: str) -> None:
        """Read nothing yet."""
        self._call, self._title = call, title

    @cached_property
    def _categories(self) -> list[Record]:
        query = {"includeArchived": "true"}
        answer = self._call("GET", "/TrackingCategories", params=query)
        categories: list[Record] = answer["TrackingCategories"]
        return categories

    def dimensions(self) -> list[Dimension]:
        """Return the categories with their options."""
        return [
            Dimension(category["Name"], _values(category), _refusal(category))
            for category in self._categories
        ]

    def create(self, dimension: str, value: str) -> DimensionValue:
        """Make an option; `ConfigError` for a category that there is not.

        `Permanent` where Xero refuses it.
        """
        key = dimension_key(dimension)
        matches = (each for each in self._categories if dimension_key(each["Name"]) == key)
        category = next(matches, None)
        if category is None:
            raise ConfigError(
                f"{self._title} has no tracking category {dimension}: make it there, under "
                "Accounting, Advanced, Tracking categories"
            )
        answer = self._call(
            "PUT",
            f"/TrackingCategories/{category['TrackingCategoryID']}/Options",
            content=orjson.dumps({"Name": value}),
            headers={"Content-Type": "application/json"},
        )
        # What was read lacks it.
        self.__dict__.pop("_categories", None)
        return DimensionValue(answer["Options"][0]["Name"])

    def check(self, entry: JournalEntry) -> None:
        """Raise `Permanent` for an entry with a category or option that is not there."""
        # Most entries have none, and every call counts against the limits.
        if any(line.tracking for line in entry.lines):
            check_tracking(entry, self.dimensions(), self._title)


def tracking_of(line: JournalLine) -> dict[str, Any]:
    """Return what a line says of its tracking; nothing where it has none."""
    if not line.tracking:
        return {}
    return {"Tracking": [{"Name": name, "Option": option} for name, option in line.tracking]}


def expected_tracking(line: JournalLine) -> frozenset[tuple[str, str]]:
    """Return a line's categories and options as `held_tracking` does."""
    return frozenset((dimension_key(n), dimension_key(option)) for n, option in line.tracking)


def held_tracking(line: Record) -> frozenset[tuple[str, str]]:
    """Return the categories and options of a line that Xero holds, in any spelling."""
    return frozenset(
        (dimension_key(each.get("Name") or ""), dimension_key(each.get("Option") or ""))
        for each in line.get("Tracking") or ()
    )


def _values(category: Record) -> tuple[DimensionValue, ...]:
    return tuple(
        DimensionValue(option["Name"], _refusal(option)) for option in category.get("Options", ())
    )


def _refusal(record: Record) -> str | None:
    is_active = record.get("Status", "ACTIVE") == "ACTIVE"
    return None if is_active else "is archived: restore it there, or choose another"
