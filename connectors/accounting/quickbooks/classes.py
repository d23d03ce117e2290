"""Classes and locations of a QuickBooks company, and what journal lines say of them.

Facts: Intuit's XSD of minor version 75. A location is a Department. Both are switched on in the
company's settings, and named by mappings as QuickBooks shows them (`FullyQualifiedName`). A company
that assigns one class to a whole transaction takes classes of lines too; that is UNCONFIRMED.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

from connectors.accounting.dimensions import Dimension, DimensionValue, check_tracking
from connectors.errors import ConfigError
from mappings.journal.dimensions import dimension_key
from mappings.model import JournalEntry, JournalLine

CLASS: Final = "class"
LOCATION: Final = "location"
# The entity, the member of a line, and the preferences that switch it on, by dimension.
_KINDS: Final = {
    CLASS: ("Class", "ClassRef", ("ClassTrackingPerTxnLine", "ClassTrackingPerTxn")),
    LOCATION: ("Department", "DepartmentRef", ("TrackDepartments",)),
}
_EVERY: Final = " where Active in (true, false)"
Record = Mapping[str, Any]


class QuickBooksTracking:
    """A company's classes and locations, read once; reads are metered."""

    def __init__(
        self,
        listed: Callable[[str, str], list[Record]],
        preferences: Callable[[], Record],
        call: Callable[..., Any],
        title: str,
    ) -> None:
        """Read nothing yet; `listed` returns every entity of a kind under a condition."""
        self._listed, self._preferences = listed, preferences
        self._call, self._title = call, title

    @cached_property
    def _records(self) -> dict[str, list[Record]]:
        return {name: self._listed(entity, _EVERY) for name, (entity, _, _) in _KINDS.items()}

    def dimensions(self) -> list[Dimension]:
        """Return class and location, each refused where the company does not track by it."""
        settings = self._preferences().get("AccountingInfoPrefs", {})
        return [
            Dimension(name, tuple(map(_value, records)), _off(name, settings))
            for name, records in self._records.items()
        ]

    def create(self, dimension: str, value: str) -> DimensionValue:
        """Make a class or location; `ConfigError` for another dimension or a name with a colon."""
        key = dimension_key(dimension)
        if key not in _KINDS:
            raise ConfigError(f"{self._title} tracks lines by class and location, not {dimension}")
        if ":" in value:
            raise ConfigError(f"make {value} in {self._title}: its colon names one within another")
        entity = _KINDS[key][0]
        answer = self._call("POST", f"/{entity.lower()}", content={"Name": value})
        # What was read lacks it.
        self.__dict__.pop("_records", None)
        return _value(answer[entity])

    def check(self, entry: JournalEntry) -> None:
        """Raise `Permanent` for an entry with a class or location that the company lacks."""
        if any(line.tracking for line in entry.lines):
            check_tracking(entry, self.dimensions(), self._title)

    def ids(self, line: JournalLine) -> tuple[str | None, str | None]:
        """Return the ids of a line's class and location, None where it has none.

        For a name that the company lacks, a text that is no id.
        """
        names = {dimension_key(name): value for name, value in line.tracking}
        first, second = (self._id(kind, names.get(kind)) for kind in _KINDS)
        return first, second

    def detail(self, line: JournalLine) -> dict[str, Any]:
        """Return what a line says of its tracking; nothing where it has none."""
        ids = zip(_KINDS.values(), self.ids(line), strict=True)
        return {member: {"value": number} for (_, member, _), number in ids if number is not None}

    def _id(self, kind: str, name: str | None) -> str | None:
        if name is None:
            return None
        key = dimension_key(name)
        matches = (r for r in self._records[kind] if dimension_key(_value(r).name) == key)
        return next((str(record["Id"]) for record in matches), f"no {kind} {name}")


def _value(record: Record) -> DimensionValue:
    is_active = record.get("Active", True)
    refusal = None if is_active else "is inactive: make it active there, or choose another"
    return DimensionValue(record.get("FullyQualifiedName") or record["Name"], refusal)


def _off(name: str, settings: Record) -> str | None:
    if any(settings.get(preference) for preference in _KINDS[name][2]):
        return None
    return "is not tracked: turn that on in QuickBooks, under Account and settings, Advanced"
