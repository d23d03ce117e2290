"""What a document's lines add up to, read when it arrives and kept in its manifest.

Every channel's lines pass through here once. Later stages arrive at the same figures by their own
way and are checked against these.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from connectors.channels.base import Upload
from connectors.documents.manifest import DayTotals, Dialect, Manifest, SourceType, Statement
from mappings.channels.source_types import fixed_source_types_sql

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_microseconds(value: int) -> datetime:
    """The instant that many microseconds after 1970, UTC."""
    return _EPOCH + timedelta(microseconds=value)


def business_day(instant: datetime, time_zone: str) -> date:
    """The calendar day of an instant in a connection's own zone."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def last_business_day(end: datetime, time_zone: str) -> date:
    """The last calendar day of a period that ends at, and without, `end`."""
    return business_day(end - timedelta(microseconds=1), time_zone)


@dataclass(frozen=True, slots=True)
class Profile:
    """Totals of a document's money lines: all, by source type, by business day."""

    lines: int
    total: Decimal
    source_types: tuple[SourceType, ...]
    days: dict[date, DayTotals]
    marketplace: str | None
    rows_without_amount: int = 0

    def manifest(
        self,
        upload: Upload,
        *,
        channel: str,
        format: str,
        statement: str,
        currency: str,
        declared: Decimal | None,
        dialect: Dialect,
        period: tuple[datetime, datetime],
        settlements: tuple[Statement, ...],
    ) -> Manifest:
        """The manifest of the document these totals were read off."""
        period_start, period_end = period
        return Manifest(
            document=upload.document,
            connection=upload.connection,
            channel=channel,
            format=format,
            name=upload.name,
            fetched_at=datetime.now(UTC),
            statement=statement,
            currency=currency,
            marketplace=self.marketplace,
            period_start=period_start,
            period_end=period_end,
            first_day=business_day(period_start, upload.time_zone),
            last_day=last_business_day(period_end, upload.time_zone),
            lines=self.lines,
            rows_without_amount=self.rows_without_amount,
            total=self.total,
            declared=declared,
            dialect=dialect,
            source_types=self.source_types,
            days=dict(sorted(self.days.items())),
            settlements=settlements,
        )

    def with_payouts(self, settlements: Iterable[Statement]) -> "Profile":
        """The same with the line that closes each settlement counted on its deposit day."""
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


_DAY = "CAST(coalesce(posted_at, getvariable('period_end')) AT TIME ZONE $zone AS DATE)"


def profile(con: duckdb.DuckDBPyConnection, upload: Upload, lines_sql: str) -> Profile:
    """Sum the lines of `document_rows`; the macros of the file's dialect must be defined.

    A line without an instant counts on the day of the variable `period_end`.
    """
    lines = fixed_source_types_sql(lines_sql)
    con.execute(f"CREATE OR REPLACE TEMP TABLE profiled AS {lines}")
    days = _rows(
        con,
        f"SELECT {_DAY}, count(*)::BIGINT, sum(amount), coalesce(sum(quantity), 0)::BIGINT "
        "FROM profiled GROUP BY 1 ORDER BY 1",
        {"zone": upload.time_zone},
    )
    words = _rows(
        con,
        "SELECT source_type, count(*)::BIGINT, sum(amount) FROM profiled GROUP BY 1 ORDER BY 1",
    )
    sites = _rows(
        con,
        "SELECT marketplace, count(*) AS n FROM profiled WHERE marketplace IS NOT NULL "
        "GROUP BY 1 ORDER BY n DESC, 1 LIMIT 1",
    )
    return Profile(
        lines=sum(row[1] for row in days),
        total=sum((row[2] for row in days), Decimal(0)),
        source_types=tuple(SourceType(name=w[0], lines=w[1], amount=w[2]) for w in words),
        days={d[0]: DayTotals(lines=d[1], amount=d[2], units=d[3]) for d in days},
        marketplace=sites[0][0] if sites else None,
    )


def with_digests(con: duckdb.DuckDBPyConnection, upload: Upload, found: Profile) -> Profile:
    """The same, each day with a digest over its lines; where they stand in the document is none
    of what they say."""
    digests = _rows(
        con,
        f"SELECT {_DAY}, md5(string_agg(md5(said), '' ORDER BY said)) FROM ("
        "SELECT posted_at, to_json(line)::VARCHAR AS said "
        "FROM (SELECT * EXCLUDE (row) FROM profiled) AS line) GROUP BY 1",
        {"zone": upload.time_zone},
    )
    days = {day: found.days[day].model_copy(update={"digest": digest}) for day, digest in digests}
    return replace(found, days=days)


def _rows(
    con: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, object] | None = None
) -> list[Any]:
    return con.execute(query, parameters or {}).fetchall()
