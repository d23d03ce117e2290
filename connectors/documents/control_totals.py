"""Control totals: the sums of a document's lines, taken on arrival and kept in its manifest.

Every channel's lines pass through here once. Later stages compute the same figures independently
and are checked against these.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import duckdb

from connectors.documents.manifest import (
    Coverage,
    DayTotals,
    Dialect,
    Manifest,
    SourceType,
    Statement,
)
from connectors.documents.source_file import DecodedFile
from mappings.channels.source_types import fixed_source_types_sql

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_microseconds(value: int) -> datetime:
    """Return the instant that many microseconds after 1970, UTC."""
    return _EPOCH + timedelta(microseconds=value)


def business_day(instant: datetime, time_zone: str) -> date:
    """Return the calendar day of an instant in a connection's own zone."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def last_business_day(end: datetime, time_zone: str) -> date:
    """Return the last calendar day of a period that ends at, and without, `end`."""
    # DuckDB's instants have microseconds: this is the last one before the end.
    return business_day(end - timedelta(microseconds=1), time_zone)


class DocumentFormat(Protocol):
    """The identity of a document format; `name` is unique among its channel's."""

    @property
    def name(self) -> str:
        """Return the name that manifests are stored with."""

    @property
    def coverage(self) -> Coverage:
        """Return the claim that its documents make on their days."""


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """Totals of a document's money lines: all, by source type, by business day."""

    lines: int
    total: Decimal
    source_types: tuple[SourceType, ...]
    days: dict[date, DayTotals]
    marketplace: str | None
    rows_without_amount: int = 0

    def manifest(
        self,
        file: DecodedFile,
        *,
        channel: str,
        format: DocumentFormat,
        statement: str,
        currency: str,
        declared: Decimal | None,
        dialect: Dialect,
        period: tuple[datetime, datetime],
        settlements: tuple[Statement, ...],
    ) -> Manifest:
        """Return the manifest of the document with these totals."""
        period_start, period_end = period
        return Manifest(
            document=file.document,
            connection=file.connection,
            channel=channel,
            format=format.name,
            coverage=format.coverage,
            name=file.name,
            fetched_at=datetime.now(UTC),
            statement=statement,
            currency=currency,
            marketplace=self.marketplace,
            period_start=period_start,
            period_end=period_end,
            first_day=business_day(period_start, file.time_zone),
            last_day=last_business_day(period_end, file.time_zone),
            lines=self.lines,
            rows_without_amount=self.rows_without_amount,
            total=self.total,
            declared=declared,
            dialect=dialect,
            source_types=self.source_types,
            days=dict(sorted(self.days.items())),
            settlements=settlements,
        )

    def with_payouts(self, settlements: Iterable[Statement]) -> "ControlTotals":
        """Return the same with the line that closes each settlement counted on its deposit day."""
        days = dict(self.days)
        for settlement in settlements:
            if settlement.deposit_day is None or settlement.payout is None:
                continue
            day = days.get(settlement.deposit_day, DayTotals(lines=0, amount=Decimal(0)))
            days[settlement.deposit_day] = day.model_copy(
                update={
                    "payouts": day.payouts + (settlement.payout != 0),
                    "paid": day.paid + settlement.payout,
                }
            )
        return replace(self, days=days)


# A line without an instant belongs to the settlement as a whole, and so to the end of its period.
_DAY = "CAST(coalesce(posted_at, getvariable('period_end')) AT TIME ZONE $zone AS DATE)"


def take_control_totals(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, lines_sql: str
) -> ControlTotals:
    """Sum the lines of `document_rows`; the macros of the file's dialect must be defined.

    A line without an instant counts on the day of the variable `period_end`.
    """
    lines = fixed_source_types_sql(lines_sql)
    # Materialised: four queries follow, and the lines' own query parses the whole file.
    con.execute(f"CREATE OR REPLACE TEMP TABLE counted_lines AS {lines}")
    days = _rows(
        con,
        f"SELECT {_DAY}, count(*)::BIGINT, sum(amount), coalesce(sum(quantity), 0)::BIGINT "
        "FROM counted_lines GROUP BY 1 ORDER BY 1",
        {"zone": file.time_zone},
    )
    source_types = _rows(
        con,
        "SELECT source_type, count(*)::BIGINT, sum(amount) FROM counted_lines "
        "GROUP BY 1 ORDER BY 1",
    )
    sites = _rows(
        con,
        "SELECT marketplace, count(*) AS n FROM counted_lines WHERE marketplace IS NOT NULL "
        # A file may hold a few lines of another site; the second key makes the choice repeatable.
        "GROUP BY 1 ORDER BY n DESC, 1 LIMIT 1",
    )
    return ControlTotals(
        lines=sum(row[1] for row in days),
        total=sum((row[2] for row in days), Decimal(0)),
        source_types=tuple(SourceType(name=s[0], lines=s[1], amount=s[2]) for s in source_types),
        days={d[0]: DayTotals(lines=d[1], amount=d[2], units=d[3]) for d in days},
        marketplace=sites[0][0] if sites else None,
    )


def with_digests(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, totals: ControlTotals
) -> ControlTotals:
    """Return the same totals, each day with a digest of its lines without their row numbers."""
    digests = _rows(
        con,
        f"SELECT {_DAY}, md5(string_agg(md5(line), '' ORDER BY line)) FROM ("
        "SELECT posted_at, to_json(each)::VARCHAR AS line "
        # Without `row`: an inserted line moves the others, and their content is what counts.
        "FROM (SELECT * EXCLUDE (row) FROM counted_lines) AS each) GROUP BY 1",
        {"zone": file.time_zone},
    )
    days = {day: totals.days[day].model_copy(update={"digest": digest}) for day, digest in digests}
    return replace(totals, days=days)


def _rows(
    con: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, object] | None = None
) -> list[Any]:
    return con.execute(query, parameters or {}).fetchall()
