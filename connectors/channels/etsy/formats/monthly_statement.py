"""Etsy statements on disk: their rows and their verification.

Format facts are read off real exports: UTF-8 with a mark, comma, newest row first, nine columns
(eight or ten before 2025, with eight cells a row), `--` for nothing, `-$1,234.56`, long dates, and
deposits whose amount stands only in the title.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from itertools import islice
from pathlib import Path

import duckdb

from connectors.channels.base import LineQuery, payout_variables
from connectors.channels.etsy.settlement_links import DEPOSIT, open_settlement_of, settlement_name
from connectors.documents.control_totals import take_control_totals
from connectors.documents.delimited import column_names, identifier, text_rows
from connectors.documents.dialects import date_format, decimal_marks
from connectors.documents.macros import define
from connectors.documents.manifest import Coverage, Dialect, Manifest, Statement
from connectors.documents.row_totals import verify_rows
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import (
    check_columns,
    check_rows,
    check_whole,
    load,
    one_currency,
    records,
)
from connectors.errors import BadInput
from connectors.lake.windows import midnight
from mappings.channels.queries import sql

_REQUIRED = ("Date", "Type", "Title", "Info", "Currency", "Amount", "Fees & Taxes", "Net")
_MONEY = ("Amount", "Fees & Taxes", "Net", "Deposited")
# A payout that the bank returned: its money is owed again, and it closes no settlement.
_RETURNED = "(\"Type\" = 'Deposit' AND contains(lower(\"Title\"), 'returned'))"
_LINES = "lines_statement"
_DATE_FORMATS = ("%B %d, %Y", "%d %B, %Y", "%d %B %Y", "%b %d, %Y", "%d %b, %Y", "%Y-%m-%d")


# A header's first two words by language; Etsy's exports follow the language of the account.
_LANGUAGES = {
    ("datum", "art"): "German", ("datum", "typ"): "German", ("fecha", "tipo"): "Spanish",
    ("date", "type"): "French", ("data", "tipo"): "Italian or Portuguese",
    ("datum", "type"): "Dutch", ("data", "typ"): "Polish",
}  # fmt: skip


def language(head: str) -> str | None:
    """Return the language of a statement that is not English, by what stands where in a row."""
    for delimiter in (",", ";"):
        top = list(islice(records(head, delimiter), 2))
        if len(top) < 2 or not 8 <= len(top[0]) <= 10 or not 8 <= len(top[1]) <= 10:
            continue
        cells = [cell.strip() for cell in top[1]]
        is_statement = re.fullmatch(r"[A-Z]{3}", cells[4]) is not None and all(
            cell == "--" or re.search(r"\d", cell) for cell in cells[5:8]
        )
        if is_statement:
            words = [cell.strip("\ufeff ").casefold() for cell in top[0][:2]]
            return _LANGUAGES.get((words[0], words[1]), "another language")
    return None


def _relation(columns: Sequence[str], text: Path) -> str:
    """Return SQL for every row as text with its number.

    Money without its symbols; a deposit's sum as a column.
    """
    # Parentheses are kept, so that an unexpected form of negative amounts is refused, not lost.
    bare = "regexp_replace(replace({}, '\u2212', '-'), '[^0-9.,()-]', '', 'g')"
    title = bare.format("regexp_extract(\"Title\", '[0-9][0-9.,]*')")
    plain = {c: bare.format(identifier(c)) for c in _MONEY[:3]}
    for column in ("Amount", "Net"):
        plain[column] = (
            f"coalesce({plain[column]}, CASE WHEN {_RETURNED} THEN nullif({title}, '') END)"
        )
    # A title may contain line breaks, within the words that distinguish fees.
    plain["Title"] = "regexp_replace(\"Title\", '[\\r\\n]+', ' ', 'g')"
    money = ", ".join(f'{text} AS "{c}"' for c, text in plain.items())
    return (
        f"SELECT row_number() OVER ()::INTEGER AS row, * REPLACE ({money}), "
        f"CASE WHEN \"Type\" = 'Deposit' AND NOT {_RETURNED} THEN nullif(coalesce(ltrim("
        f"{bare.format(identifier('Amount'))}, '-'), {title}), '') END AS \"Deposited\" "
        f"FROM {text_rows(text, columns, empty=('', '--'), ragged=True)}"
    )


class MonthlyStatement:
    """The statement of one month that Shop Manager hands out.

    The API's ledger of the same month is the same statement, and supersedes it.
    """

    name = "monthly_statement"
    coverage = Coverage.SETTLEMENT

    def identify(self, head: str) -> bool:
        """Return whether the first line is a statement's."""
        return {"Fees & Taxes", "Net"} <= set(column_names(head.partition("\n")[0]))

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a statement that was read whole and verified row by row."""
        columns = column_names(file.header)
        check_columns(file, columns, _REQUIRED, "download it again")
        _load(con, file, columns)
        currency = one_currency(con, file, '"Currency"', "import them apart")
        dialect = _dialect(con, file, columns)
        define(con, dialect, time_zone=file.time_zone)
        _verify_rows(con, file)
        totals = take_control_totals(con, file, sql("etsy", _LINES))
        month, period = _period(con, file)
        settlements = _settlements(con, file, currency, period)
        return totals.with_payouts(settlements).manifest(
            file,
            channel="etsy",
            format=self,
            statement=f"{month:%Y-%m}-{currency}",
            currency=currency,
            declared=None,
            dialect=dialect,
            period=period,
            settlements=settlements,
        )

    def query(self, manifest: Manifest, documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored month; a later one's deposit may take its last lines."""
        return LineQuery(
            rows=partial(_relation, manifest.dialect.columns),
            lines_sql=sql("etsy", _LINES),
            variables={
                "open_settlement": open_settlement_of(manifest, documents),
                "period_end": manifest.period_end,
                **payout_variables(key="", payout=DEPOSIT, negative=DEPOSIT),
            },
        )


def _load(con: duckdb.DuckDBPyConnection, file: DecodedFile, columns: Sequence[str]) -> None:
    # Statements before 2025 have ten columns and eight cells a row.
    rows = check_rows(file, len(columns), "download it again", widths=(8,))
    load(
        con,
        file,
        _relation(columns, file.text),
        "is not a row of a statement",
        "download it again",
        rows,
    )
    if con.execute("SELECT count(*) FROM document_rows").fetchone() == (0,):
        raise BadInput(f"{file.name}: the statement has a header and no rows; download it again")
    lacking = (
        '"Date" IS NULL OR "Type" IS NULL OR "Currency" IS NULL'
        ' OR ("Net" IS NULL AND "Type" <> \'Deposit\')'
    )
    check_whole(con, file, lacking, "download it again")


def _dialect(con: duckdb.DuckDBPyConnection, file: DecodedFile, columns: Sequence[str]) -> Dialect:
    form = date_format(con, file.name, ["Date"], _DATE_FORMATS)
    # Statements run from the newest row to the oldest; re-sorted ones the other way.
    turns = con.execute(
        "SELECT count(*) FILTER (d < before) >= count(*) FILTER (d > before) FROM ("
        f"SELECT strptime(\"Date\", '{form}') AS d, lag(d) OVER (ORDER BY row) AS before "
        "FROM document_rows)"
    ).fetchone()
    return Dialect(
        encoding=file.encoding,
        columns=tuple(columns),
        decimal_mark=decimal_marks(con, file.name, list(_MONEY))[0],
        date_format=form,
        newest_first=turns == (True,),
    )


def _verify_rows(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> None:
    """Raise for a row where Amount + Fees & Taxes is not Net, or a deposit without a sum."""
    verify_rows(
        con,
        file,
        'SELECT row, coalesce(money("Amount"), 0) + coalesce(money("Fees & Taxes"), 0) AS '
        'computed, money("Net") AS declared FROM document_rows WHERE "Type" <> \'Deposit\' '
        "AND computed <> declared ORDER BY row LIMIT 1",
        "row {row}: Amount and Fees & Taxes make {computed} but Net is {declared}; download the "
        "statement again",
    )
    silent = con.execute(
        'SELECT row, "Title" FROM document_rows WHERE "Type" = \'Deposit\' '
        'AND "Deposited" IS NULL AND "Amount" IS NULL ORDER BY row LIMIT 1'
    ).fetchone()
    if silent is not None:
        raise BadInput(
            f"{file.name}: row {silent[0]}: deposit {silent[1]!r} states no sum; set Etsy to "
            "English and download the statement again"
        )


def _period(
    con: duckdb.DuckDBPyConnection, file: DecodedFile
) -> tuple[date, tuple[datetime, datetime]]:
    """Return the month most rows are of, and the instants covered.

    Its first day to the last row's.
    """
    row = con.execute(
        "SELECT mode(date_trunc('month', d)::DATE), min(d), max(d) "
        'FROM (SELECT day("Date") AS d FROM document_rows)'
    ).fetchone()
    assert row is not None
    month, first, last = row
    start = midnight(min(month, first), file.time_zone)
    return month, (start, midnight(last, file.time_zone, after=1))


def _settlements(
    con: duckdb.DuckDBPyConnection,
    file: DecodedFile,
    currency: str,
    period: tuple[datetime, datetime],
) -> tuple[Statement, ...]:
    """Return what stands between the statement's deposits; the last part may still be open."""
    parts = con.execute(
        "WITH deposits AS ("
        ' SELECT row, day("Date") AS d, ordinal(day("Date"), row) AS ordinal,'
        ' money("Deposited") AS paid'
        ' FROM document_rows WHERE "Deposited" IS NOT NULL'
        "), joined AS ("
        " SELECT s.row, s.d, s.paid, s.ordinal, l.amount FROM counted_lines AS l"
        " ASOF LEFT JOIN deposits AS s ON l.ordinal <= s.ordinal"
        " UNION ALL SELECT row, d, paid, ordinal, NULL FROM deposits"
        ") SELECT row, d, paid, count(amount)::INTEGER, coalesce(sum(amount), 0)::DECIMAL(19,4)"
        " FROM joined GROUP BY row, d, paid, ordinal ORDER BY ordinal NULLS LAST"
    ).fetchall()
    settlements: list[Statement] = []
    start, seen = period[0], Counter[date]()
    for row, day, paid, lines, total in parts:
        end = period[1] if day is None else midnight(day, file.time_zone)
        settlements.append(
            Statement(
                settlement_id="" if day is None else settlement_name(day, currency, seen),
                currency=currency,
                period_start=start,
                period_end=end,
                lines=lines,
                total=total,
                deposit_at=None if day is None else end,
                deposit_day=day,
                payout=paid,
                row=row or 0,
            )
        )
        start = end
    return tuple(settlements)


FORMAT = MonthlyStatement()
