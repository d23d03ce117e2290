"""TikTok Shop's income exports on disk: Seller Center's workbook, its sheet `Order details`.

Format facts are read off what sellers and developers published: one row for each order and item,
names and cells with trailing blanks, a second row that may describe the columns, dates as
2026/03/31, amounts as 35.91 or `BRL 35,91`. A row states its own total, which proves the row. An
export takes several statements; older layouts know no statement but the day of settlement.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import duckdb

from connectors.channels.api_formats import open_settlement
from connectors.channels.base import LineQuery, payout_variables
from connectors.channels.tiktok.columns import (
    FIELDS,
    REQUIRED,
    TOTAL,
    amounts,
    columns,
    field,
    folded,
)
from connectors.documents.control_totals import ControlTotals, business_day, take_control_totals
from connectors.documents.delimited import identifier, text_rows
from connectors.documents.dialects import date_format, decimal_marks
from connectors.documents.macros import define
from connectors.documents.manifest import Coverage, Dialect, Manifest, Statement
from connectors.documents.row_totals import row_mismatch
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import check_rows, check_whole, load, one_currency
from connectors.errors import BadInput, TotalsMismatch
from connectors.lake.engine import quoted
from mappings.channels.queries import sql

_LINES = "lines_income"
_DATE_FORMATS = ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S")
_MOMENT = timedelta(microseconds=1)
_AGAIN = "export it again from Finance, Statements, in English, and do not edit it"


class IncomeExport:
    """The income export of Seller Center."""

    name = "income_export"
    coverage = Coverage.DATE_RANGE

    def identify(self, head: str) -> bool:
        """Return whether the first line is an export's."""
        names = {folded(name) for name in columns(head.partition("\n")[0])}
        return {TOTAL, *FIELDS["number"]} <= names

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of an export that was read whole and verified row by row."""
        named = columns(file.header.rstrip("\r\n"))
        _check_columns(file, named)
        _load(con, file, named)
        currency = one_currency(con, file, "upper(currency)", "import them apart")
        dialect, totals = _verify(con, file, named, currency)
        settlements = _settlements(con, file, currency)
        first, last = _days(con)
        return totals.with_payouts(settlements).manifest(
            file,
            channel="tiktok",
            format=self,
            statement=f"income:{first}..{last}:{currency}",
            currency=currency,
            declared=None,
            dialect=dialect,
            # Noon UTC, like the API's statements, so that both give the same business days.
            period=(_noon(first), _noon(last) + _MOMENT),
            settlements=settlements,
        )

    def query(self, manifest: Manifest, _documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored export; no other document bears on it."""
        return LineQuery(
            rows=partial(_relation, manifest.dialect.columns),
            lines_sql=sql("tiktok", _LINES),
            variables={
                "settlement_id": open_settlement(manifest.currency),
                "period_end": manifest.period_end,
                **payout_variables(),
            },
        )


def _check_columns(file: DecodedFile, named: Sequence[str]) -> None:
    missing = [FIELDS[what][0] for what in REQUIRED if field(named, what) is None]
    if missing:
        raise BadInput(f"{file.name}: column {missing[0]!r} is missing; {_AGAIN}")
    names = [folded(name) for name in named if name]
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        raise BadInput(f"{file.name}: column {doubled[0]!r} occurs twice; {_AGAIN}")


def _relation(named: Sequence[str], text: Path) -> str:
    """Return SQL for every row: what it is about, its total, a list of amounts, all of it text."""
    present = {what: field(named, what) for what in FIELDS}
    about = ", ".join(
        f"{_plain(c) if c else 'NULL::VARCHAR'} AS {what}"
        for what, c in present.items()
        if what != "total"
    )
    cells = ", ".join(
        f"{{name: {quoted(c)}, known: {is_amount}, text: {_money(c, is_amount=is_amount)}}}"
        for c, is_amount in amounts(named).items()
    )
    total = present["total"] or TOTAL
    anything = ", ".join(identifier(c) for c in named if c)
    return (
        f"SELECT row, {about}, {present['statement_id'] is None} AS by_day, "
        f"{_money(total, is_amount=True)} AS total, "
        f"list_filter([{cells}], lambda cell: cell.text IS NOT NULL) AS amounts FROM ("
        "SELECT row_number() OVER ()::INTEGER AS row, * "
        f"FROM {text_rows(text, named, ragged=True)}"
        # A row that describes the columns has words in place of the total.
        f") WHERE coalesce({anything}) IS NOT NULL AND NOT (row = 1 AND "
        f"regexp_full_match({identifier(total)}, '[^0-9]{{4,}}'))"
    )


def _plain(column: str) -> str:
    """Return SQL for a cell without the blanks and tabs around it; null for nothing and for `/`."""
    bare = f"trim({identifier(column)}, concat(' ', chr(9), chr(160)))"
    return f"nullif(nullif({bare}, ''), '/')"


def _money(column: str, *, is_amount: bool) -> str:
    """Return SQL for a cell's amount without its currency; null where there is none."""
    plain = f"replace({_plain(column)}, '\u2212', '-')"
    # Parentheses are kept, so that an unexpected form of negative amounts is refused, not lost.
    bare = f"regexp_replace({plain}, '[^0-9.,()+-]', '', 'g')"
    looks = "[0-9]" if is_amount else r"^([A-Za-z]{3}\s*)?[-+]?[0-9][0-9.,]{0,18}$"
    return f"CASE WHEN regexp_matches({plain}, '{looks}') THEN {bare} END"


def _load(con: duckdb.DuckDBPyConnection, file: DecodedFile, named: Sequence[str]) -> None:
    check_rows(file, len(named), _AGAIN)
    load(con, file, _relation(named, file.text), "is not a row of an export", _AGAIN)
    if con.execute("SELECT count(*) FROM document_rows").fetchone() == (0,):
        raise BadInput(f"{file.name}: the export has a header and no rows; {_AGAIN}")
    lacking = "type IS NULL OR currency IS NULL OR total IS NULL OR settled IS NULL"
    check_whole(con, file, lacking, _AGAIN)


def _verify(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, named: Sequence[str], currency: str
) -> tuple[Dialect, ControlTotals]:
    """Decide the dialect by reading every value, and prove it by every row's total."""
    form = date_format(con, file.name, ["settled"], _DATE_FORMATS)
    mismatch: TotalsMismatch | None = None
    for mark in _marks(con, file):
        dialect = Dialect(
            encoding=file.encoding, columns=tuple(named), decimal_mark=mark, date_format=form
        )
        define(con, dialect, settlement_id=open_settlement(currency), period_end=None)
        totals = take_control_totals(con, file, sql("tiktok", _LINES))
        wrong = _untied(con, file)
        if wrong is None:
            return dialect, totals
        # The first mark is the likelier one, so its mismatch is the useful message.
        mismatch = mismatch or wrong
    raise mismatch or AssertionError("a file has at least one decimal mark")


def _marks(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> list[str]:
    """Return the decimal marks that read every amount: each cell is looked at as a row."""
    # `decimal_marks` works on text columns, and these amounts are lists.
    con.execute("ALTER TABLE document_rows RENAME TO whole_rows")
    con.execute(
        "CREATE TEMP TABLE document_rows AS SELECT row, total AS cell FROM whole_rows UNION ALL "
        "SELECT row, unnest(list_transform(amounts, lambda cell: cell.text)) FROM whole_rows"
    )
    try:
        return decimal_marks(con, file.name, ["cell"])
    finally:
        con.execute("DROP TABLE document_rows")
        con.execute("ALTER TABLE whole_rows RENAME TO document_rows")


def _untied(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> TotalsMismatch | None:
    """Return what is wrong with the first row whose amounts do not come to its total."""
    return row_mismatch(
        con,
        file,
        "SELECT row, money(total) AS declared, computed FROM document_rows JOIN ("
        "SELECT row, sum(amount)::DECIMAL(19,4) AS computed FROM counted_lines GROUP BY row) "
        "USING (row) WHERE declared <> computed ORDER BY row LIMIT 1",
        f"row {{row}}: its amounts make {{computed}} but its total is {{declared}}; {_AGAIN}",
    )


def _days(con: duckdb.DuckDBPyConnection) -> tuple[date, date]:
    """Return the first and the last day that something was settled on."""
    row = con.execute(
        "SELECT min(midnight(settled))::DATE, max(midnight(settled))::DATE FROM document_rows"
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _noon(day: date) -> datetime:
    """Return where a day's money stands."""
    return datetime.combine(day, time(12), UTC)


def _settlements(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, currency: str
) -> tuple[Statement, ...]:
    """Return each statement of the export, oldest first.

    One with a payment is paid, as far as it says.
    """
    rows = con.execute(
        "SELECT settlement_id, min(midnight(settled))::DATE, max(midnight(settled))::DATE, "
        "count(*)::INTEGER, sum(amount)::DECIMAL(19,4), max(row)::INTEGER, "
        "bool_and(payment_id IS NOT NULL AND NOT regexp_matches(lower(coalesce(status, '')), "
        "'fail|process|pending|unpaid')) AND NOT starts_with(settlement_id, 'open-') "
        "FROM counted_lines JOIN document_rows USING (row) GROUP BY 1 ORDER BY 2, 1"
    ).fetchall()
    return tuple(
        Statement(
            settlement_id=name,
            currency=currency,
            period_start=_noon(first),
            period_end=_noon(last) + _MOMENT,
            lines=lines,
            total=total,
            deposit_at=_noon(last) if paid else None,
            deposit_day=business_day(_noon(last), file.time_zone) if paid else None,
            payout=Decimal(total) if paid else None,
            row=row,
        )
        for name, first, last, lines, total, row, paid in rows
    )


FORMAT = IncomeExport()
