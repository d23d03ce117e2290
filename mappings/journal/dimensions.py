"""Tracking: the dimension values of some lines, such as Xero's categories or QuickBooks' classes.

Assignments are read from first to last, and the first of each dimension that fits a line decides.
A line that none fits has no value of that dimension.
"""

import re
from collections.abc import Mapping
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, model_validator

from mappings.journal.overrides import Text, When
from mappings.taxonomy import categories, chart

# Xero has two categories, QuickBooks class and location.
MOST_DIMENSIONS: Final = 2
MARKETPLACE: Final = "{marketplace}"
_PLACEHOLDERS: Final = ("{connection}", MARKETPLACE, "{channel}")
_BRACED = re.compile(r"\{[^{}]*\}|[{}]")
_EARNED: Final = ("Income", "Expenses")


class Assignment(BaseModel):
    """A value of one dimension for some lines, or for every line of income and expense.

    `dimension` is the name of a Xero category, or `class` or `location` in QuickBooks. `value` is
    an option or a class by its name; `{connection}`, `{channel}` and `{marketplace}` stand for the
    line's own, and without a marketplace the assignment does not fit. Lines of balance sheet
    accounts have a value only where `when` names their categories, and clearing has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: Text
    value: Text
    when: When | None = None

    @model_validator(mode="after")
    def _known_placeholders(self) -> Self:
        for text in _BRACED.findall(self.value):
            if text not in _PLACEHOLDERS:
                raise ValueError(f"{text!r} stands for nothing: use {', '.join(_PLACEHOLDERS)}")
        return self

    def categories_of(self, roles: Mapping[str, str]) -> list[str]:
        """Return the categories it is about; `roles` are those that a mapping gives categories."""
        if self.when is not None and self.when.categories:
            return self.when.names
        accounts = chart("books")
        return [
            name
            for name, category in categories().items()
            if accounts[roles.get(name, category.role)].startswith(_EARNED)
        ]


def dimension_key(name: str) -> str:
    """Return what two spellings of one dimension or value have in common."""
    return name.strip().casefold()
