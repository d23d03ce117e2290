"""Amazon's transaction reports on disk: Monthly Unified Transaction and Date Range, in CSV.

Format facts come from programs that read sellers' files (no file that may be redistributed was
found): lines of definitions, then a header in the site's language, every field quoted; one row an
event with an amount a column, whose sum is the row's total. One file holds rows of several
settlements; a `Transfer` row says what was paid out of one. Rows that are `Deferred` are in no
settlement yet: they come again, released, and are left out here.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial

import duckdb

from connectors.channels.amazon import locales, stamps
from connectors.channels.amazon.marketplaces import KNOWN
from connectors.channels.amazon.report_rows import header, money_columns, relation
from connectors.channels.amazon.settlement_report import PAYOUTS
from connectors.channels.api_formats import open_settlement
from connectors.channels.base import LineQuery
from connectors.documents.control_totals import (
    ControlTotals,
    business_day,
    from_microseconds,
    take_control_totals,
)
from connectors.documents.dialects import date_format, decimal_marks, zones
from connectors.documents.macros import define
from connectors.documents.manifest import Coverage, Dialect, Manifest, Statement
from connectors.documents.row_totals import row_mismatch
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import check_above, check_columns, check_rows, load
from connectors.errors import BadInput, TotalsMismatch
from connectors.lake.windows import midnight
from mappings.channels.queries import sql

_REQUIRED = ("date/time", "settlement id", "type", "product sales", "total")
_CURRENCIES = {shop.currency for shop in KNOWN.values()}
_LINES = "lines_range"
_AGAIN = "download the report again, unedited"


class SellerCentralReport:
    """The Monthly Unified Transaction and Date Range reports."""

    name = "transaction_report"
    coverage = Coverage.DATE_RANGE

    def identify(self, head: str) -> bool:
        """Return whether the header of a transaction report is among the first lines."""
        return header(head) is not None

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a report that was read whole and verified row by row."""
        dialect = _load(con, file)
        currency = _currency(con, file)
        money = [*money_columns(locales.columns(dialect.columns)), "total"]
        # No total is declared for the file: every row's own total decides on the mark.
        mismatch: TotalsMismatch | None = None
        for mark in decimal_marks(con, file.name, money):
            dialect = dialect.model_copy(update={"decimal_mark": mark})
            define(con, dialect, settlement_id=open_settlement(currency), period_end=None)
            mismatch = _mismatch(con, file)
            if mismatch is None:
                break
        if mismatch is not None:
            raise mismatch
        return self._manifest(con, file, dialect, currency)

    def query(self, manifest: Manifest, _documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored report, whose lines name their settlements."""
        return LineQuery(
            rows=partial(relation, manifest.dialect),
            lines_sql=sql("amazon", _LINES),
            variables={
                "settlement_id": open_settlement(manifest.currency),
                "period_end": manifest.period_end,
                **PAYOUTS,
            },
        )

    def _manifest(
        self, con: duckdb.DuckDBPyConnection, file: DecodedFile, dialect: Dialect, currency: str
    ) -> Manifest:
        totals = take_control_totals(con, file, sql("amazon", _LINES))
        settlements = _settlements(con, file, currency, totals)
        statement, period = _statement(con, file, currency, totals)
        manifest = totals.with_payouts(settlements).manifest(
            file,
            channel="amazon",
            format=self,
            statement=statement,
            currency=currency,
            declared=None,
            dialect=dialect,
            period=period,
            settlements=settlements,
        )
        left_out = con.execute(
            "SELECT count(*) FILTER (deferred), count(*) FILTER (NOT deferred AND type IS DISTINCT "
            "FROM 'Transfer' AND row NOT IN (SELECT row FROM counted_lines)) FROM document_rows"
        ).fetchall()
        deferred, silent = left_out[0]
        return manifest.model_copy(
            update={"rows_deferred": deferred, "rows_without_amount": silent}
        )


def _load(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Dialect:
    position = header(file.head)
    if position is None:
        raise BadInput(f"{file.name}: has no header of a transaction report; {_AGAIN}")
    above, written = position
    check_above(file, above, len(written), _AGAIN)
    names = locales.columns(written)
    check_columns(file, names, _REQUIRED, _AGAIN)
    dialect = Dialect(
        encoding=file.encoding,
        columns=written,
        decimal_mark=".",
        date_format=stamps.FORMS[0],
        preamble=above,
    )
    rows = check_rows(file, len(written), _AGAIN, above=above)
    query, broken = relation(dialect, file.text), "is not a row of a transaction report"
    load(con, file, query, broken, _AGAIN, rows)
    _check_rows(con, file)
    form = date_format(con, file.name, ["date/time"], stamps.FORMS)
    return dialect.model_copy(
        update={"date_format": form, "zones": zones(con, file.name, ["date/time"])}
    )


def _check_rows(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> None:
    if con.execute("SELECT count(*) FROM document_rows").fetchone() == (0,):
        raise BadInput(f"{file.name}: the report has a header and no rows; download it again")
    short = con.execute(
        'SELECT row FROM document_rows WHERE "date/time" IS NULL OR total IS NULL '
        "ORDER BY row LIMIT 1"
    ).fetchone()
    if short is not None:
        raise BadInput(f"{file.name}: row {short[0]} is incomplete: it is cut off; {_AGAIN}")
    # A transfer without a settlement id would close the open settlement.
    nameless = con.execute(
        "SELECT row FROM document_rows WHERE type = 'Transfer' AND NOT deferred "
        'AND "settlement id" IS NULL ORDER BY row LIMIT 1'
    ).fetchone()
    if nameless is not None:
        raise BadInput(f"{file.name}: row {nameless[0]} pays out no settlement; {_AGAIN}")


def _currency(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> str:
    """Return the currency that the lines above the header name, else that of the rows' one site."""
    above = file.head.split("\n")[: (header(file.head) or (0, ()))[0]]
    for line in above:
        named = [word for word in re.findall(r"\b[A-Z]{3}\b", line) if word in _CURRENCIES]
        if named:
            return str(named[0])
    sites = con.execute("SELECT DISTINCT lower(marketplace) FROM document_rows").fetchall()
    by_site = {shop.name.casefold(): shop.currency for shop in KNOWN.values()}
    # Each site settles in one currency, which replaces a missing definition line.
    currencies = sorted({by_site[name] for (name,) in sites if name in by_site})
    if len(currencies) == 1:
        return currencies[0]
    if not currencies:
        raise BadInput(f"{file.name}: names no currency; keep the lines above its header")
    raise BadInput(
        f"{file.name}: holds {len(currencies)} currencies ({', '.join(currencies)}); import "
        "them apart"
    )


def _mismatch(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> TotalsMismatch | None:
    """Return what is wrong with the first row whose amounts do not make its total."""
    return row_mismatch(
        con,
        file,
        "SELECT row, coalesce(list_sum(list_transform(amounts, lambda a: money(a.text))), 0) AS "
        "computed, money(total) AS declared FROM document_rows WHERE computed <> declared "
        "ORDER BY row LIMIT 1",
        f"row {{row}}: its amounts make {{computed}} but total is {{declared}}; {_AGAIN}",
    )


def _settlements(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, currency: str, totals: ControlTotals
) -> tuple[Statement, ...]:
    """Return what the file holds of each settlement, and what was paid out of it."""
    parts = con.execute(
        "WITH events AS ("
        " SELECT coalesce(settlement_id, getvariable('settlement_id')) AS name,"
        " posted_at AS posted, amount, NULL AS paid, NULL AS row FROM counted_lines UNION ALL"
        ' SELECT "settlement id", instant("date/time"), NULL, -money(total), row'
        " FROM document_rows WHERE type = 'Transfer' AND NOT deferred AND money(total) <= 0"
        ") SELECT name, epoch_us(min(posted)), epoch_us(max(posted)), count(amount)::INTEGER,"
        " coalesce(sum(amount), 0)::DECIMAL(19,4), sum(paid)::DECIMAL(19,4),"
        " epoch_us(max(posted) FILTER (paid IS NOT NULL)), coalesce(max(row), 0)::INTEGER"
        " FROM events GROUP BY name ORDER BY 2, 1"
    ).fetchall()
    statements = []
    for name, start, end, lines, total, paid, paid_at, row in parts:
        deposit = None if paid_at is None else from_microseconds(paid_at)
        statements.append(
            Statement(
                settlement_id=name,
                marketplace=totals.marketplace,
                currency=currency,
                period_start=from_microseconds(start),
                # Ends are exclusive: the last event itself belongs to the period.
                period_end=from_microseconds(end + 1),
                lines=lines,
                total=total,
                deposit_at=deposit,
                deposit_day=None if deposit is None else business_day(deposit, file.time_zone),
                payout=paid,
                row=row,
            )
        )
    return tuple(statements)


def _statement(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, currency: str, totals: ControlTotals
) -> tuple[str, tuple[datetime, datetime]]:
    """Return the report's statement and the instants that it covers.

    A month counts from its first day, any other range from its first row; both to the last row's.
    """
    # The report's days are the site's; the connection's time zone may differ.
    row = con.execute(
        'SELECT min(day(substr("date/time", 1, 19))), max(day(substr("date/time", 1, 19))), '
        'epoch_us(min(instant("date/time"))), epoch_us(max(instant("date/time"))) '
        "FROM document_rows"
    ).fetchone()
    assert row is not None
    first, last = row[0], row[1]
    begin, end = (business_day(from_microseconds(us), file.time_zone) for us in row[2:])
    month = f"{first:%Y-%m}" if f"{first:%Y-%m}" == f"{last:%Y-%m}" else None
    if month is not None:
        begin = min(begin, first.replace(day=1))
    site = f"{totals.marketplace.lower()} " if totals.marketplace else ""
    period = (
        midnight(begin, file.time_zone),
        midnight(end, file.time_zone, after=1),
    )
    return f"{site}{month or f'{first}..{last}'} {currency}", period


FORMAT = SellerCentralReport()
