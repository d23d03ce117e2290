"""Exports of orders that sellers download: the columns of one, and the forms of its cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from connectors.documents.tables import records

# Exports of spreadsheet programs and of sites outside America part cells by other marks.
_DELIMITERS = (",", "\t", ";")
_LINES_ABOVE = 10


@dataclass(frozen=True, slots=True)
class OrderHeader:
    """The place of an export's header: the lines above it, its names, what parts them."""

    above: int
    names: tuple[str, ...]
    delimiter: str


@dataclass(frozen=True, slots=True)
class OrderFile:
    """One export of orders of a channel.

    `columns` are the columns that are read, each with the names that it has in files; no other
    cell goes further than the text of the file. A header has all `marks`, which are columns that
    no other export has together; `required` ones are in every file, `filled` ones in every row.
    `amounts` may be written with the sign of their currency, and `sign` is the one whose sign says
    it where no column does. `instants` are dates in one of `forms`, or of `forms_abroad` in time
    zones outside America; without a zone they are in the connection's own, or in one of `zones`,
    the names that files have for IANA's. `footer` matches the lines below the last row. `inferred`
    are words for states that no column says: one that another file says stays. `customer` is who
    bought, as SQL, and `person` are the columns of their personal data by field.

    What the columns mean stands in `mappings/channels/<channel>/orders_<name>.sql`.
    """

    name: str
    title: str
    columns: Mapping[str, tuple[str, ...]]
    marks: Sequence[str]
    required: Sequence[str]
    filled: Sequence[str]
    amounts: Sequence[str]
    instants: Sequence[str]
    forms: Sequence[str]
    sign: str | None = None
    footer: str | None = None
    inferred: Sequence[str] = ()
    forms_abroad: Sequence[str] = ()
    zones: Mapping[str, str] = field(default_factory=dict)
    customer: str | None = None
    person: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def header(self, head: str) -> OrderHeader | None:
        """Return the header among a file's first lines; None where the file is another one."""
        for delimiter in _DELIMITERS:
            for above, cells in enumerate(islice(records(head, delimiter), _LINES_ABOVE)):
                places = self.places(cells)
                if all(mark in places for mark in self.marks):
                    return OrderHeader(above, tuple(cell.strip() for cell in cells), delimiter)
        return None

    def places(self, names: Sequence[str]) -> dict[str, int]:
        """Return where each column stands in a header; the first of its names counts."""
        plain = [name.strip().casefold() for name in names]
        listed = {
            column: next((plain.index(n.casefold()) for n in titles if n.casefold() in plain), None)
            for column, titles in self.columns.items()
        }
        return {column: place for column, place in listed.items() if place is not None}
