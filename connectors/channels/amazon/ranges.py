"""Amazon's transaction reports on disk: Monthly Unified Transaction and Date Range, in CSV.

Format facts are those of programs that read sellers' files (no file that can be passed on was
found): lines of definitions, then a header in the site's language, every field quoted; one row an
event with an amount a column, whose sum is the row's total. One file holds rows of several
settlements; a `Transfer` row says what was paid out of one. Rows that are `Deferred` are in no
settlement yet: they come again, released, and are left out here.
"""

import re
from collections.abc import Sequence
from datetime import datetime

import duckdb

from connectors.channels.amazon import locales, stamps
from connectors.channels.amazon.marketplaces import KNOWN
from connectors.channels.amazon.range_rows import header, money_columns, relation
from connectors.channels.base import Reading, Upload, macros
from connectors.channels.statements import open_settlement
from connectors.documents.control_totals import Profile, business_day, from_microseconds, profile
from connectors.documents.dialects import date_format, decimal_marks, zones
from connectors.documents.manifest import Dialect, Manifest, Statement
from connectors.documents.tables import check_above, check_columns, check_rows, load
from connectors.errors import BadInput, Unproven
from connectors.lake.windows import midnight
from mappings.channels import sql

RANGE = "amazon.range"
_REQUIRED = ("date/time", "settlement id", "type", "product sales", "total")
_CURRENCIES = {shop.currency for shop in KNOWN.values()}
_AGAIN = "download the report again, unedited"


def reading(manifest: Manifest, _documents: Sequence[Manifest]) -> Reading:
    """Every line says itself which settlement it is in."""
    return Reading(
        lines_sql=sql("amazon", "lines_range"),
        variables={
            "settlement_id": open_settlement(manifest.currency),
            "period_end": manifest.period_end,
        },
    )


def inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    """Read a report whole and prove it row by row."""
    dialect = _load(con, upload)
    currency = _currency(con, upload)
    money = [*money_columns(locales.columns(dialect.columns)), "total"]
    for name, value in (("settlement_id", open_settlement(currency)), ("period_end", None)):
        con.execute(f"SET VARIABLE {name} = $1", [value])
    unproven: Unproven | None = None
    for mark in decimal_marks(con, upload.name, money):
        dialect = dialect.model_copy(update={"decimal_mark": mark})
        for macro in macros(dialect):
            con.execute(macro)
        unproven = _unproven(con, upload)
        if unproven is None:
            break
    if unproven is not None:
        raise unproven
    return _manifest(con, upload, dialect, currency)


def _manifest(
    con: duckdb.DuckDBPyConnection, upload: Upload, dialect: Dialect, currency: str
) -> Manifest:
    found = profile(con, upload, sql("amazon", "lines_range"))
    settlements = _settlements(con, upload, currency, found)
    statement, period = _statement(con, upload, currency, found)
    manifest = found.with_payouts(settlements).manifest(
        upload,
        channel="amazon",
        format=RANGE,
        statement=statement,
        currency=currency,
        declared=None,
        dialect=dialect,
        period=period,
        settlements=settlements,
    )
    left_out = con.execute(
        "SELECT count(*) FILTER (deferred), count(*) FILTER (NOT deferred AND type IS DISTINCT "
        "FROM 'Transfer' AND row NOT IN (SELECT row FROM profiled)) FROM document_rows"
    ).fetchall()
    deferred, silent = left_out[0]
    return manifest.model_copy(update={"rows_deferred": deferred, "rows_without_amount": silent})


def _load(con: duckdb.DuckDBPyConnection, upload: Upload) -> Dialect:
    found = header(upload.opening)
    if found is None:
        raise BadInput(f"{upload.name}: has no header of a transaction report; {_AGAIN}")
    above, written = found
    check_above(upload, above, len(written), _AGAIN)
    names = locales.columns(written)
    check_columns(upload, names, _REQUIRED, _AGAIN)
    dialect = Dialect(
        encoding=upload.encoding,
        columns=written,
        decimal_mark=".",
        date_format=stamps.FORMS[0],
        preamble=above,
    )
    rows = check_rows(upload, len(written), _AGAIN, above=above)
    query, broken = relation(dialect, upload.text), "is not a row of a transaction report"
    load(con, upload, query, broken, _AGAIN, rows)
    _check_rows(con, upload)
    form = date_format(con, upload.name, ["date/time"], stamps.FORMS)
    return dialect.model_copy(
        update={"date_format": form, "zones": zones(con, upload.name, ["date/time"])}
    )


def _check_rows(con: duckdb.DuckDBPyConnection, upload: Upload) -> None:
    if con.execute("SELECT count(*) FROM document_rows").fetchone() == (0,):
        raise BadInput(f"{upload.name}: the report has a header and no rows; download it again")
    short = con.execute(
        'SELECT row FROM document_rows WHERE "date/time" IS NULL OR total IS NULL '
        "ORDER BY row LIMIT 1"
    ).fetchone()
    if short is not None:
        raise BadInput(f"{upload.name}: row {short[0]} is incomplete: it is cut off; {_AGAIN}")
    nameless = con.execute(
        "SELECT row FROM document_rows WHERE type = 'Transfer' AND NOT deferred "
        'AND "settlement id" IS NULL ORDER BY row LIMIT 1'
    ).fetchone()
    if nameless is not None:
        raise BadInput(f"{upload.name}: row {nameless[0]} pays out no settlement; {_AGAIN}")


def _currency(con: duckdb.DuckDBPyConnection, upload: Upload) -> str:
    """The currency that the lines above the header name, else that of the rows' one site."""
    above = upload.opening.split("\n")[: (header(upload.opening) or (0, ()))[0]]
    for line in above:
        named = [word for word in re.findall(r"\b[A-Z]{3}\b", line) if word in _CURRENCIES]
        if named:
            return str(named[0])
    sites = con.execute("SELECT DISTINCT lower(marketplace) FROM document_rows").fetchall()
    by_site = {shop.name.casefold(): shop.currency for shop in KNOWN.values()}
    found = sorted({by_site[name] for (name,) in sites if name in by_site})
    if len(found) == 1:
        return found[0]
    if not found:
        raise BadInput(f"{upload.name}: names no currency; keep the lines above its header")
    raise BadInput(
        f"{upload.name}: holds {len(found)} currencies ({', '.join(found)}); import them apart"
    )


def _unproven(con: duckdb.DuckDBPyConnection, upload: Upload) -> Unproven | None:
    """The amounts of every row make its total, or the first row where they do not."""
    wrong = con.execute(
        "SELECT row, coalesce(list_sum(list_transform(amounts, lambda a: money(a.text))), 0) AS "
        "found, money(total) FROM document_rows WHERE found <> money(total) ORDER BY row LIMIT 1"
    ).fetchone()
    if wrong is None:
        return None
    row, found, total = wrong
    return Unproven(
        f"{upload.name}: row {row}: its amounts make {found:f} but total is {total:f}; {_AGAIN}",
        declared=f"{total:f}",
        found=f"{found:f}",
    )


def _settlements(
    con: duckdb.DuckDBPyConnection, upload: Upload, currency: str, found: Profile
) -> tuple[Statement, ...]:
    """What the file holds of each settlement, and what was paid out of it."""
    parts = con.execute(
        "WITH events AS ("
        " SELECT coalesce(settlement_id, getvariable('settlement_id')) AS name,"
        " posted_at AS posted, amount, NULL AS paid, NULL AS row FROM profiled UNION ALL"
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
                marketplace=found.marketplace,
                currency=currency,
                period_start=from_microseconds(start),
                period_end=from_microseconds(end + 1),
                declared=None,
                lines=lines,
                total=total,
                deposit_at=deposit,
                deposit_day=None if deposit is None else business_day(deposit, upload.time_zone),
                payout=paid,
                row=row,
            )
        )
    return tuple(statements)


def _statement(
    con: duckdb.DuckDBPyConnection, upload: Upload, currency: str, found: Profile
) -> tuple[str, tuple[datetime, datetime]]:
    """What the report is a statement of, and the instants it covers: a month from its first day,
    any other range from its first row; to the day of the last row."""
    # The site keeps its own days; the connection's may be others.
    row = con.execute(
        'SELECT min(day(substr("date/time", 1, 19))), max(day(substr("date/time", 1, 19))), '
        'epoch_us(min(instant("date/time"))), epoch_us(max(instant("date/time"))) '
        "FROM document_rows"
    ).fetchone()
    assert row is not None
    first, last = row[0], row[1]
    begin, end = (business_day(from_microseconds(us), upload.time_zone) for us in row[2:])
    month = f"{first:%Y-%m}" if f"{first:%Y-%m}" == f"{last:%Y-%m}" else None
    if month is not None:
        begin = min(begin, first.replace(day=1))
    site = f"{found.marketplace.lower()} " if found.marketplace else ""
    period = (
        midnight(begin, upload.time_zone),
        midnight(end, upload.time_zone, after=1),
    )
    return f"{site}{month or f'{first}..{last}'} {currency}", period
