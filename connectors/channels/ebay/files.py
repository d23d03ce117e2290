"""eBay's transaction report on disk: what it says and how that is proven.

Format facts are read off a real report and off programs that read sellers' reports: UTF-8, comma,
up to eleven lines above the header, `--` for nothing, decimal points, dates without a time. The
columns between `eBay collected tax` and `Gross transaction amount` are fees, and vary. Gross and
fees make the net on every row. Rows of a payout sum to it; the row of type Payout, of a negative
net, says when it left. An order of several items is one row with its net and a row an item without.
UNCONFIRMED: British dates, the names of the dates above the header, payouts that came back.
"""

from dataclasses import replace
from datetime import date

import duckdb

from connectors.channels.base import Reading, Upload, macros
from connectors.channels.ebay import report
from connectors.channels.statements import open_settlement
from connectors.documents.control_totals import Profile, profile
from connectors.documents.dialects import date_format, decimal_marks
from connectors.documents.manifest import Dialect, Manifest, Statement
from connectors.documents.tables import (
    check_above,
    check_columns,
    check_once,
    check_rows,
    check_whole,
    load,
)
from connectors.errors import BadInput, Unproven
from connectors.lake.windows import midnight
from mappings.channels import sql
from mappings.money import coin

FORMAT = "ebay.report"
_AGAIN = "download the report again, unedited"
# The rows that say what left for the bank; they close settlements and are no lines.
_PAYOUTS = "SELECT * FROM document_rows WHERE lower(type) = 'payout'"


def reading(manifest: Manifest) -> Reading:
    """How a stored report is read; a payout of less than nothing is one that came back."""
    return Reading(
        lines_sql=sql("ebay", "lines_report"),
        variables={
            "coin": coin(manifest.currency),
            "settlement_id": open_settlement(manifest.currency),
            "period_end": manifest.period_end,
            "shortfall": "transfer.payout",
        },
    )


def inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    """Read a report whole and prove it row by row."""
    header = _header(upload)
    columns = header.columns
    dialect = Dialect(
        encoding=upload.encoding,
        columns=columns,
        decimal_mark=".",
        date_format=report.DATES[0],
        preamble=header.above,
        delimiter=header.delimiter,
    )
    _load(con, upload, dialect)
    currency = _currency(con, upload)
    _check_rates(con, upload, currency)
    money = report.money_columns(columns)
    dialect = dialect.model_copy(
        update={
            "decimal_mark": decimal_marks(con, upload.name, list(money))[0],
            "date_format": date_format(con, upload.name, ["day", "payout_day"], report.DATES),
        }
    )
    for macro in macros(dialect):
        con.execute(macro)
    variables = {"currency": currency, "coin": coin(currency), "time_zone": upload.time_zone}
    for name, value in variables.items():
        con.execute(f"SET VARIABLE {name} = $1", [value])
    found = profile(con, upload, sql("ebay", "lines_report"))
    _prove(con, upload)
    return _manifest(con, upload, dialect, currency, found)


def _manifest(
    con: duckdb.DuckDBPyConnection,
    upload: Upload,
    dialect: Dialect,
    currency: str,
    found: Profile,
) -> Manifest:
    first, last = _days(con, upload)
    settlements = _settlements(con, upload, currency)
    found = replace(found, rows_without_amount=_rows_without_line(con))
    return found.with_payouts(settlements).manifest(
        upload,
        channel="ebay",
        format=FORMAT,
        statement=f"report:{first}..{last}:{currency}",
        currency=currency,
        declared=None,
        dialect=dialect,
        period=(midnight(first, upload.time_zone), midnight(last, upload.time_zone, after=1)),
        settlements=settlements,
    )


def _header(upload: Upload) -> report.Header:
    found = report.header(upload.opening)
    if found is None:
        raise BadInput(f"{upload.name}: has no header of a transaction report; {_AGAIN}")
    check_above(upload, found.above, len(found.columns), _AGAIN, found.delimiter)
    check_columns(upload, found.columns, report.REQUIRED, _AGAIN)
    return found


def _load(con: duckdb.DuckDBPyConnection, upload: Upload, dialect: Dialect) -> None:
    rows = check_rows(
        upload, len(dialect.columns), _AGAIN, delimiter=dialect.delimiter, above=dialect.preamble
    )
    broken = f"does not have the header's {len(dialect.columns)} fields"
    load(con, upload, report.relation(dialect, upload.text), broken, _AGAIN, rows)
    if con.execute("SELECT count(*) FROM document_rows").fetchone() == (0,):
        raise BadInput(
            f"{upload.name}: the report has a header and no rows; choose days with sales"
        )
    check_whole(con, upload, "type IS NULL OR (net IS NOT NULL AND day IS NULL)", _AGAIN)
    nameless = con.execute(
        f"SELECT row FROM ({_PAYOUTS}) WHERE payout_id IS NULL OR net IS NULL ORDER BY row LIMIT 1"
    ).fetchone()
    if nameless is not None:
        raise BadInput(
            f"{upload.name}: row {nameless[0]} is a payout without its Payout ID or Net amount; "
            f"{_AGAIN}"
        )
    # A payout leaves once; what came back has its number too, and the other sign.
    check_once(
        con,
        upload,
        "Payout ID",
        ["payout_id", "starts_with(net, '-')"],
        _AGAIN,
        where="lower(type) = 'payout'",
    )


def _currency(con: duckdb.DuckDBPyConnection, upload: Upload) -> str:
    found = con.execute(
        "SELECT DISTINCT payout_currency FROM document_rows WHERE payout_currency IS NOT NULL "
        "ORDER BY 1"
    ).fetchall()
    if len(found) == 1:
        return str(found[0][0])
    if not found:
        raise BadInput(f"{upload.name}: no row names its payout currency; {_AGAIN}")
    names = ", ".join(str(name) for (name,) in found)
    raise BadInput(
        f"{upload.name}: holds {len(found)} currencies ({names}); download the transactions of one "
        "payout currency at a time"
    )


def _check_rates(con: duckdb.DuckDBPyConnection, upload: Upload, currency: str) -> None:
    unrated = con.execute(
        "SELECT row FROM document_rows WHERE net IS NOT NULL AND lower(type) <> 'payout' "
        "AND transaction_currency <> $1 AND exchange_rate IS NULL ORDER BY row LIMIT 1",
        [currency],
    ).fetchone()
    if unrated is not None:
        raise BadInput(
            f"{upload.name}: row {unrated[0]} is in another currency and has no Exchange rate; "
            f"{_AGAIN}"
        )


def _prove(con: duckdb.DuckDBPyConnection, upload: Upload) -> None:
    """Gross and fees are the net of every row, and so are the items of an order's row."""
    lost = con.execute(
        "SELECT row, order_id FROM profiled WHERE unit IS NULL ORDER BY row LIMIT 1"
    ).fetchone()
    if lost is not None:
        raise BadInput(
            f"{upload.name}: row {lost[0]} is an item of order {lost[1]}, whose own row is not in "
            f"the file; {_AGAIN}"
        )
    wrong = con.execute(
        "SELECT unit, items, net, (net - left_over)::DECIMAL(19,4) FROM profiled "
        "WHERE abs(left_over) > allowed ORDER BY unit LIMIT 1"
    ).fetchone()
    if wrong is None:
        return
    row, items, net, made = wrong
    parts = f"its {items} items make" if items else "Gross transaction amount and fees make"
    raise Unproven(
        f"{upload.name}: row {row}: {parts} {made:f} but Net amount is {net:f}; {_AGAIN}",
        declared=f"{net:f}",
        found=f"{made:f}",
    )


def _rows_without_line(con: duckdb.DuckDBPyConnection) -> int:
    """Rows that bring nothing; not payouts, nor orders whose items are the lines."""
    row = con.execute(
        "SELECT count(*) FROM document_rows WHERE lower(type) <> 'payout' "
        "AND row NOT IN (SELECT row FROM profiled) AND row NOT IN (SELECT unit FROM profiled)"
    ).fetchone()
    return row[0] if row else 0


def _days(con: duckdb.DuckDBPyConnection, upload: Upload) -> tuple[date, date]:
    """The first and last day the report is about, as it says itself, else those of its rows."""
    row = con.execute("SELECT min(day(day)), max(day(day)) FROM document_rows").fetchone()
    assert row is not None
    stated = report.stated_days(upload.opening, upload.name)
    return (row[0], row[1]) if stated is None else (min(row[0], stated[0]), max(row[1], stated[1]))


def _settlements(
    con: duckdb.DuckDBPyConnection, upload: Upload, currency: str
) -> tuple[Statement, ...]:
    """What the file holds of each payout, oldest first, and last what no payout has taken.

    What was paid and came back in the same file has not left.
    """
    parts = con.execute(
        "WITH events AS ("
        " SELECT settlement_id AS name, posted_on AS posted, amount, NULL AS paid,"
        " NULL AS paid_on, NULL AS row FROM profiled UNION ALL"
        " SELECT payout_id, day(day), NULL, -money(net) + coalesce(list_sum(list_transform("
        "fees, lambda f: money(f.text))), 0), day(coalesce(payout_day, day)), row"
        f" FROM ({_PAYOUTS})"
        ") SELECT name, min(posted), max(posted), count(amount)::INTEGER,"
        " coalesce(sum(amount), 0)::DECIMAL(19,4), nullif(sum(paid), 0)::DECIMAL(19,4) AS payout,"
        " CASE WHEN payout IS NOT NULL THEN max(paid_on) END, coalesce(max(row), 0)::INTEGER"
        " FROM events GROUP BY name ORDER BY name = $1, max(posted), name",
        [open_settlement(currency)],
    ).fetchall()
    return tuple(
        Statement(
            settlement_id=settlement_id,
            marketplace=None,
            currency=currency,
            period_start=midnight(first, upload.time_zone),
            period_end=midnight(last, upload.time_zone, after=1),
            declared=None,
            lines=lines,
            total=total,
            deposit_at=None if paid_on is None else midnight(paid_on, upload.time_zone),
            deposit_day=paid_on,
            payout=payout,
            row=row,
        )
        for settlement_id, first, last, lines, total, payout, paid_on, row in parts
    )
