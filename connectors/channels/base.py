"""The interface of a sales channel: a list of document formats, and a way to sync.

A format knows its own files: how to identify one, how to read what it declares, and how its rows
are queried. What the channel's source types mean stands in `mappings/channels/<channel>`.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb

from connectors.channels.notifications import NotificationSupport
from connectors.channels.order_files import OrderFile
from connectors.channels.streams import NOBODY, Stream, StreamName
from connectors.channels.sync_context import SyncContext
from connectors.costs import UnitCost
from connectors.documents.control_totals import DocumentFormat
from connectors.documents.manifest import Coverage, Manifest, Statement
from connectors.documents.source_file import DecodedFile, SourceFile
from connectors.errors import BadInput


@dataclass(frozen=True, slots=True)
class LineQuery:
    """The SQL that turns one stored document into lines.

    `rows` gives a SELECT of the document's rows, its UTF-8 text being at a path, plain or `.zst`;
    `lines_sql` is a SELECT over `document_rows`, which these rows are. `variables` are what the
    channel's SQL reads besides connection, document, prefix, time_zone and currency.
    """

    rows: Callable[[Path], str]
    lines_sql: str
    variables: dict[str, object]


def payout_variables(
    shortfall: str = "transfer.payout",
    *,
    key: str | None = None,
    payout: tuple[str, str] = ("settlement / payout", "Payout"),
    negative: tuple[str, str] = ("settlement / shortfall", "Shortfall"),
) -> dict[str, object]:
    """Return the variables for the line that closes a settlement.

    `shortfall` is the category of a negative payout. `payout` and `negative` are the source type
    and the title of the line. Its key is the settlement's id, or `key` and the row where that is
    given.
    """
    return {
        "payout_key": key,
        "payout_type": payout[0],
        "payout_title": payout[1],
        "shortfall": shortfall,
        "shortfall_type": negative[0],
        "shortfall_title": negative[1],
    }


class Format(DocumentFormat, Protocol):
    """One document format of a channel."""

    def identify(self, head: str) -> bool:
        """Return whether a file with these first lines is of this format."""

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a file that was read whole, with its control totals.

        Raises `BadInput` for a file that cannot be taken, and `TotalsMismatch` for one whose lines
        do not sum to what it declares. Leaves the file's rows in the table `document_rows`.
        """

    def query(self, manifest: Manifest, documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored document, given all effective ones, oldest first."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A sales channel that hands out settlements.

    `link_settlements` completes what one document alone cannot know (which payout closes its last
    lines), given the effective documents, oldest first. In a `contiguous` channel a settlement
    begins where the one before it ended. One that `carries` takes a negative settlement into the
    next one; others collect it from the seller's bank or card.

    `read` calls the platform and yields every document of a sync's window that is not stored yet;
    None for a channel that is read from files alone. It ends only after the last page of every
    list, so that what it yielded is all there is. It raises the errors of `Remote`. `read_costs`
    yields the unit cost of every item that has one, dated today; None where the platform has none.
    `streams` are the records that it hands out apart from settlements, `order_files` the exports of
    orders that its sellers download. `most_personal_days` is how long its policy lets personal
    data of buyers be held; `named_customers` are the customers, as its streams know them, that a
    platform's request to erase somebody names.
    `poll_minutes` are between two polls unless its owner chooses; `shortest_poll_minutes` are the
    fewest that the platform's limits leave room for.
    `language` looks at the first lines of a file that no format identifies: it names the language
    of a report that is the channel's all the same.
    """

    name: str
    title: str
    file: str
    default_time_zone: str
    formats: tuple[Format, ...]
    link_settlements: Callable[[Sequence[Manifest]], list[Statement]]
    read: Callable[[SyncContext], Iterator[SourceFile]] | None = None
    read_costs: Callable[[SyncContext], Iterator[UnitCost]] | None = None
    contiguous: bool = False
    carries: bool = False
    notifications: NotificationSupport | None = None
    poll_minutes: int = 5
    shortest_poll_minutes: int = 1
    language: Callable[[str], str | None] | None = None
    streams: tuple[Stream, ...] = ()
    order_files: tuple[OrderFile, ...] = ()
    most_personal_days: int | None = None
    named_customers: Callable[[Mapping[str, Any]], Sequence[str]] | None = None

    @property
    def supports_provisional(self) -> bool:
        """Return whether the platform reports days before a settlement covers them."""
        return any(each.coverage is Coverage.PROVISIONAL for each in self.formats)

    def identify(self, head: str) -> Format | OrderFile | None:
        """Return the format of a file with these first lines; None for a file of another kind."""
        kinds: tuple[Format | OrderFile, ...] = (*self.formats, *self.order_files)
        for each in kinds:
            try:
                is_match = (
                    each.header(head) is not None
                    if isinstance(each, OrderFile)
                    else each.identify(head)
                )
            # Lines that no header could have: a cell without end, a character that no text has.
            except (csv.Error, ValueError):
                continue
            if is_match:
                return each
        return None

    def stream(self, name: StreamName) -> Stream | None:
        """Return one of its streams; None where the platform has no such records apart."""
        return next((stream for stream in self.streams if stream.name == name), None)

    def source_of(self, name: StreamName) -> Stream | None:
        """Return the stream that a choice of records is read from; None where there is none.

        Orders state their payments and their buyers, unless the platform lists these apart.
        """
        orders = self.stream("orders")
        if name == "contacts" and orders is not None and orders.customer == NOBODY:
            orders = None
        within = orders if name in {"payments", "contacts"} else None
        return self.stream(name) or within

    def format_of(self, manifest: Manifest) -> Format:
        """Return the format of a stored document; `BadInput` for one of another version's."""
        for each in self.formats:
            if each.name == manifest.format:
                return each
        raise BadInput(
            f"{manifest.name}: Daybook reads no {self.title} format {manifest.format!r}: import "
            "the file again"
        )

    def query(self, manifest: Manifest, documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored document, as its format makes it."""
        return self.format_of(manifest).query(manifest, documents)


def unlinked_settlements(manifests: Sequence[Manifest]) -> list[Statement]:
    """Return every settlement of the documents, oldest first, where none is in two of them."""
    return [settlement for manifest in manifests for settlement in manifest.settlements]
