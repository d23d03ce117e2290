"""Square's transactions file on disk: its rows and their verification.

Format facts are read off real exports: UTF-8, comma, columns that vary by account and year (44 in
2018, 55 in 2025) and are found by their names, `$1,149.00` with or without a space after it,
`-$0.95` and `($33.62)`, dates as 2022-11-10, 11/10/22 and 12/27/2018, local time with the zone's
name. On every row the parts make Total Collected, and that with the fees makes Net Total. Deposit
ID, where the column is there, says which deposit took a row, but nothing says what the deposit
came to: it may have paid back a loan, or hold rows of another file. So it stays open here.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from zoneinfo import available_timezones

import duckdb

from connectors.channels.api_formats import lasting_prefix, open_settlement
from connectors.channels.base import LineQuery, payout_variables
from connectors.channels.square.zones import NAMES
from connectors.documents.control_totals import (
    ControlTotals,
    from_microseconds,
    take_control_totals,
)
from connectors.documents.currency_signs import country, currency
from connectors.documents.delimited import column_names, text_rows
from connectors.documents.dialects import date_format, decimal_marks
from connectors.documents.macros import define
from connectors.documents.manifest import Coverage, Dialect, Manifest, Statement
from connectors.documents.row_totals import rows_without_line, verify_rows
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import (
    check_columns,
    check_once,
    check_rows,
    check_whole,
    load,
)
from connectors.errors import BadInput
from connectors.lake.engine import quoted
from connectors.lake.windows import midnight
from mappings.channels.queries import sql

_LINES = "lines_transactions"
_REQUIRED = (
    "Date", "Time", "Time Zone", "Gross Sales", "Discounts", "Net Sales", "Tax", "Tip",
    "Total Collected", "Cash", "Fees", "Net Total", "Transaction ID", "Payment ID",
)  # fmt: skip
_OPTIONAL = (
    "Service Charges", "Gift Card Sales", "Partial Refunds", "Square Gift Card", "Other Tender",
    "Other Tender Type", "Third Party Fees", "Event Type", "Location", "Description",
    "Deposit ID", "Transaction Status",
)  # fmt: skip
_MONEY = (
    "Gross Sales", "Discounts", "Service Charges", "Net Sales", "Gift Card Sales", "Tax", "Tip",
    "Partial Refunds", "Total Collected", "Cash", "Square Gift Card", "Other Tender", "Fees",
    "Third Party Fees", "Net Total",
)  # fmt: skip
_MONTH_FIRST = ("%Y-%m-%d", "%m/%d/%y", "%m/%d/%Y", "%d/%m/%y", "%d/%m/%Y")
_DAY_FIRST = ("%Y-%m-%d", "%d/%m/%y", "%d/%m/%Y", "%m/%d/%y", "%m/%d/%Y")
_AGAIN = "download it again, unedited"


def _columns(head: str) -> tuple[str, ...]:
    return column_names(head.partition("\n")[0])


def _relation(columns: Sequence[str], text: Path) -> str:
    """Return SQL for every row as text with its number.

    Money without its signs, zones by their IANA names.
    """
    absent = "".join(f', NULL::VARCHAR AS "{c}"' for c in _OPTIONAL if c not in columns)
    money_columns = [c for c in _MONEY if c in columns]
    money = ", ".join(f'{_plain(c)} AS "{c}"' for c in money_columns)
    signs = ", ".join(f"regexp_replace({_bare(c)}, '[0-9.,()-]', '', 'g')" for c in money_columns)
    zones = " ".join(f"WHEN {quoted(name)} THEN {quoted(iana)}" for name, iana in NAMES.items())
    return (
        f"SELECT row_number() OVER ()::INTEGER AS row, * REPLACE ({money}, "
        f'CASE "Time Zone" {zones} ELSE "Time Zone" END AS "Time Zone")'
        f"{absent}, list_distinct([{signs}]) AS signs FROM {text_rows(text, columns)}"
    )


def _bare(column: str) -> str:
    return f"regexp_replace(replace(\"{column}\", '\u2212', '-'), '[\\s\u00a0\u202f]', '', 'g')"


def _plain(column: str) -> str:
    """Return SQL that reads `($33.62)` and `-$0.95` alike, the sign of a currency at either end."""
    digits = f"regexp_replace({_bare(column)}, '^[^0-9.,()-]+|[^0-9.,()]+$', '', 'g')"
    inner = f"regexp_replace({digits}, '^(-|\\()?[^0-9.,-]*', '\\1')"
    return f"nullif(regexp_replace({inner}, '^\\((.*)\\)$', '-\\1'), '')"


class TransactionsFile:
    """The transactions file of Square's dashboard."""

    name = "transactions_file"
    coverage = Coverage.DATE_RANGE

    def identify(self, head: str) -> bool:
        """Return whether the first line is a transactions file's."""
        return {"Time Zone", "Total Collected", "Payment ID"} <= set(_columns(head))

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a file that was read whole and verified row by row."""
        columns = _columns(file.header)
        check_columns(file, columns, _REQUIRED, _AGAIN)
        _load(con, file, columns)
        stated = _currency(con, file)
        # If both orders read every date, the account's country decides about 03/04/24.
        forms = _MONTH_FIRST if country(file.time_zone) in {None, "US"} else _DAY_FIRST
        dialect = Dialect(
            encoding=file.encoding,
            columns=columns,
            decimal_mark=decimal_marks(con, file.name, list(_MONEY))[0],
            date_format=date_format(con, file.name, ["Date"], forms),
        )
        define(con, dialect, currency=stated, date_format=dialect.date_format)
        totals = take_control_totals(con, file, sql("square", _LINES))
        words = "row {row}: its parts make {computed} but {name} is {declared}; "
        verify_rows(con, file, sql("square", "row_totals"), words + _AGAIN)
        if not totals.days:
            raise BadInput(f"{file.name}: no row of it has an amount; choose days with sales")
        totals = replace(totals, rows_without_amount=rows_without_line(con))
        first, last = min(totals.days), max(totals.days)
        # By months, not days: an export without sales on its first day must replace the one with
        # them.
        months = sorted({f"{first:%Y-%m}", f"{last:%Y-%m}"})
        return totals.manifest(
            file,
            channel="square",
            format=self,
            statement=f"{'..'.join(months)}-{stated}",
            currency=stated,
            declared=None,
            dialect=dialect,
            period=(midnight(first, file.time_zone), midnight(last, file.time_zone, after=1)),
            settlements=_settlements(con, totals, stated),
        )

    def query(self, manifest: Manifest, _documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored file; payments keep their keys from one to the next."""
        return LineQuery(
            rows=partial(_relation, manifest.dialect.columns),
            lines_sql=sql("square", _LINES),
            variables={
                "prefix": lasting_prefix(manifest),
                "settlement_id": open_settlement(manifest.currency),
                "period_end": manifest.period_end,
                **payout_variables(),
                "date_format": manifest.dialect.date_format,
            },
        )


def _load(con: duckdb.DuckDBPyConnection, file: DecodedFile, columns: Sequence[str]) -> None:
    rows = check_rows(file, len(columns), _AGAIN)
    load(
        con,
        file,
        _relation(columns, file.text),
        f"does not have the header's {len(columns)} fields",
        _AGAIN,
        rows,
    )
    if con.execute("SELECT count(*) FROM document_rows").fetchone() == (0,):
        raise BadInput(f"{file.name}: the file has a header and no rows; choose days with sales")
    needed = ("Date", "Time", "Time Zone", "Total Collected", "Net Total")
    empty = " OR ".join(f'"{c}" IS NULL' for c in needed)
    check_whole(con, file, empty, _AGAIN)
    _check_clock(con, file)
    # A payment has one row; its refunds may carry its number, at other times.
    event = 'lower(coalesce("Event Type", CASE WHEN "Total Collected" LIKE \'-%\' '
    event += "THEN 'refund' ELSE 'payment' END))"
    moment = f'CASE WHEN {event} <> \'payment\' THEN concat("Date", "Time") END'
    check_once(con, file, "Payment ID", ['"Payment ID"', event, moment], _AGAIN)


def _check_clock(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> None:
    time_zones = con.execute('SELECT DISTINCT "Time Zone" FROM document_rows ORDER BY 1').fetchall()
    unknown = [zone for (zone,) in time_zones if zone not in available_timezones()]
    if unknown:
        raise BadInput(
            f"{file.name}: the time zone {unknown[0]!r} of its rows is not known; set the "
            "dashboard to English and download it again"
        )
    odd = con.execute(
        'SELECT row, "Time" FROM document_rows WHERE try_strptime("Time", [\'%H:%M:%S\', '
        "'%H:%M', '%I:%M:%S %p', '%I:%M %p']) IS NULL ORDER BY row LIMIT 1"
    ).fetchone()
    if odd is not None:
        raise BadInput(f"{file.name}: row {odd[0]}: {odd[1]!r} is not a time; {_AGAIN}")


def _currency(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> str:
    """Return the one currency whose sign the amounts have.

    A dollar is that of the account's country.
    """
    listed = con.execute(
        "SELECT DISTINCT sign FROM (SELECT unnest(signs) AS sign FROM document_rows) "
        "WHERE sign <> '' ORDER BY 1"
    ).fetchall()
    signs = [str(sign) for (sign,) in listed]
    if len(signs) > 1:
        shown = ", ".join(signs)
        raise BadInput(f"{file.name}: holds {len(signs)} currencies ({shown}); import them apart")
    code = currency(signs[0], file.time_zone) if signs else None
    if code is None:
        shown = signs[0] if signs else "no sign"
        raise BadInput(f"{file.name}: its amounts are in {shown}, which names no currency")
    return code


def _settlements(
    con: duckdb.DuckDBPyConnection, totals: ControlTotals, stated: str
) -> tuple[Statement, ...]:
    """Return the deposits that rows name, oldest first, and last what none has taken."""
    listed = con.execute(
        "SELECT settlement_id, count(*)::INTEGER, sum(amount)::DECIMAL(19,4), "
        "epoch_us(min(posted_at)), epoch_us(max(posted_at)), min(row) FROM counted_lines "
        "GROUP BY 1 ORDER BY settlement_id = $1, 4, 1",
        [open_settlement(stated)],
    ).fetchall()
    return tuple(
        Statement(
            settlement_id=name,
            marketplace=totals.marketplace,
            currency=stated,
            period_start=from_microseconds(first),
            period_end=from_microseconds(last + 1),
            lines=lines,
            total=total,
            row=row,
        )
        for name, lines, total, first, last, row in listed
    )


FORMAT = TransactionsFile()
