"""What a sales channel is to the rest of Daybook.

A channel knows its own files: how to recognise one, how to read what it declares, and how its rows
are read by DuckDB. What its words mean is not here but in `mappings/channels/<channel>`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.channels.notices import Notices
from connectors.channels.visits import Visit
from connectors.documents.manifest import Dialect, Manifest, Member, Statement


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it arrived, out of its container: `text` is a UTF-8 copy of it on disk.

    `opening` are its first lines.
    """

    name: str
    document: str
    encoding: str
    opening: str
    text: Path
    connection: str
    time_zone: str

    @property
    def header(self) -> str:
        """The first line."""
        return self.opening.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a document's rows become lines: what a channel prepares in DuckDB before its SQL runs.

    `lines_sql` is a SELECT over `document_rows`; `variables` are what the channel's SQL reads
    besides connection, document, prefix, time_zone and currency.
    """

    lines_sql: str
    variables: dict[str, object]


@dataclass(frozen=True, slots=True)
class Channel:
    """A sales channel that hands out settlements.

    `recognises` looks at a file's first lines. `inspect` reads one file whole and returns its
    manifest; it raises `BadInput` for a file that cannot be taken and `Unproven` for one whose
    lines do not sum to what it declares. `chain` completes what one document alone cannot know
    (which payout closes its last lines), given the documents in force, oldest first.

    `periods` are the formats of files that tell of a stretch of days, whatever settlements they are
    in: no two of them may tell of one day, nor of a settlement that the API has told of. Of these,
    `sums` tell what whole payouts come to, on the payouts' days. With `meets` a settlement begins
    where the one before it ended. With `foretells` the platform tells of days before a settlement
    covers them, in documents that are provisional. One that `carries` takes a negative settlement
    into the next one; others collect it from the seller's bank or card.

    `read` calls the platform and yields every document of a visit's window that is not held yet;
    None for a channel that is read from files alone. It ends only after the last page of every
    list, so that what it yielded is all there is. It raises the errors of `Remote`. `notices` is
    how the platform tells that there is something new, where Daybook hears it. `language` looks at
    the first lines of a file that is not recognised: it names the language of a report that is
    the channel's all the same.
    """

    name: str
    title: str
    file: str
    default_time_zone: str
    recognises: Callable[[str], bool]
    inspect: Callable[[duckdb.DuckDBPyConnection, Upload], Manifest]
    rows: Callable[[Manifest, Path], str]
    reading: Callable[[Manifest, Sequence[Manifest]], Reading]
    chain: Callable[[Sequence[Manifest]], list[Statement]]
    read: Callable[[Visit], Iterator[Member]] | None = None
    periods: frozenset[str] = frozenset()
    sums: frozenset[str] = frozenset()
    meets: bool = False
    carries: bool = False
    foretells: bool = False
    notices: Notices | None = None
    language: Callable[[str], str | None] | None = None


def macros(dialect: Dialect) -> list[str]:
    """SQL that defines `money`, `instant`, `midnight`, `day`, `place` as one file writes them."""
    group = "." if dialect.decimal_mark == "," else ","
    plain = f"replace(trim(x), '{group}', '')"
    if dialect.decimal_mark == ",":
        plain = f"replace({plain}, ',', '.')"
    return [
        f"CREATE OR REPLACE TEMP MACRO money(x) AS CAST({plain} AS DECIMAL(19,4))",
        f"CREATE OR REPLACE TEMP MACRO instant(x) AS {_instant(dialect)}",
        # A date alone is its midnight.
        "CREATE OR REPLACE TEMP MACRO midnight(x) AS "
        "instant(CASE WHEN length(x) <= 10 THEN x || ' 00:00:00' ELSE x END)",
        "CREATE OR REPLACE TEMP MACRO day(x) AS "
        f"CAST(strptime(x, '{dialect.date_format}') AS DATE)",
        # What an API writes as 12.34 and as 1234 (`coin`: how much 1 is); nothing is rounded away.
        "CREATE OR REPLACE TEMP MACRO exact(x) AS CASE WHEN CAST(x AS DECIMAL(19,4)) = "
        "CAST(x AS DECIMAL(28,9)) THEN CAST(x AS DECIMAL(19,4)) "
        "WHEN x IS NULL THEN NULL ELSE error(concat(x, ' is no amount')) END",
        "CREATE OR REPLACE TEMP MACRO minor(x) AS CAST(CAST(x AS DECIMAL(15,0)) "
        "* CAST(getvariable('coin') AS DECIMAL(5,4)) AS DECIMAL(19,4))",
        # To the coin: where a platform or a rate gives more digits. Nothing else rounds.
        "CREATE OR REPLACE TEMP MACRO coins(x) AS CASE getvariable('coin') "
        "WHEN 1 THEN CAST(round(x, 0) AS DECIMAL(19,4)) "
        "WHEN 0.001 THEN CAST(round(x, 3) AS DECIMAL(19,4)) "
        "WHEN 0.0001 THEN CAST(round(x, 4) AS DECIMAL(19,4)) "
        "ELSE CAST(round(x, 2) AS DECIMAL(19,4)) END",
        # Where a row stands in time when a file dates it to the day only.
        "CREATE OR REPLACE TEMP MACRO place(d, n) AS date_diff('day', DATE '1970-01-01', d)"
        f" * 10000000 {'-' if dialect.newest_first else '+'} n",
    ]


def _instant(dialect: Dialect) -> str:
    """Instants are nineteen characters of local time and a zone; a file may mix PST and PDT."""
    offsets = dialect.zones or {"": 0}
    stamp = f"strptime(substr(x, 1, 19), '{dialect.date_format}')"
    if set(offsets.values()) == {0}:
        return f"{stamp} AT TIME ZONE 'UTC'"
    whens = " ".join(f"WHEN '{zone}' THEN {minutes}" for zone, minutes in offsets.items())
    if "" not in offsets:
        whens += f" WHEN '' THEN {next(iter(offsets.values()))}"
    return (
        f"({stamp} - to_minutes(CASE trim(substr(x, 20)) {whens} ELSE error('zone') END))"
        " AT TIME ZONE 'UTC'"
    )
