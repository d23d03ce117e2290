"""Streams of a channel: orders, payments, products and contacts, read apart from settlements.

A record is the platform's own JSON object. What is stored of one are the fields that its stream
names, and no others: personal data that nobody asked for never reaches the disk.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from connectors.accounts.setup import STREAMS, StreamName
from connectors.channels.sync_context import SyncContext

Record: TypeAlias = Mapping[str, Any]
# Pages of records that were made or changed since an instant (UTC), in any order. It raises the
# errors of `Remote`, and ends only after the last page: what it yielded is all there is.
ReadRecords: TypeAlias = Callable[[SyncContext, datetime], Iterator[Sequence[Record]]]


__all__ = ["NOBODY", "STREAMS", "Person", "ReadRecords", "Record", "Stream", "StreamName"]


# Of records that do not say whose they are.
NOBODY: Final = "NULL"


@dataclass(frozen=True, slots=True)
class Person:
    """The personal data of a buyer: what they are called, and where they can be reached."""

    customer: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of one channel: how it is read, and what is stored of a record.

    `fields` are the fields that are read, as the structure that DuckDB's `from_json` takes. `key`,
    `created`, `modified`, `customer` and `is_guest` are SQL over them: the record's own id, two
    instants, the platform's id of who bought (a pseudonym is stored in its place), and whether they
    bought without an account. Fields in `transient` are read for these and for `derived` alone, and
    are never stored; `derived` are further fields that are stored, as SQL, such as a country.
    A `windowed` one reads no further than the context's `now`, so that a long history is read a
    stretch at a time. `person` takes the personal data out of a record, for owners who chose to
    have it.

    What the fields mean stands in `mappings/channels/<channel>/<name>.sql`.
    """

    name: StreamName
    read: ReadRecords
    fields: Mapping[str, Any]
    key: str
    modified: str
    created: str = "NULL"
    customer: str = NOBODY
    is_guest: str = "false"
    transient: frozenset[str] = frozenset()
    windowed: bool = False
    derived: Mapping[str, str] = field(default_factory=dict)
    person: Callable[[Record], Person | None] | None = None

    @property
    def stored(self) -> dict[str, Any]:
        """Return the structure of what is stored of a record."""
        fields = {name: self.fields[name] for name in self.fields if name not in self.transient}
        return fields | dict.fromkeys(self.derived, "VARCHAR")
