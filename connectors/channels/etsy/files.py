"""Etsy statements on disk: what they say and how that is proven.

Format facts are read off real exports: UTF-8 with a mark, comma, newest row first, nine columns
(eight or ten before 2025, with eight cells a row), `--` for nothing, `-$1,234.56`, long dates, and
deposits whose amount stands only in the title.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import duckdb

from connectors.channels.base import Upload, macros
from connectors.documents.control_totals import profile
from connectors.documents.dialects import date_format, decimal_marks
from connectors.documents.manifest import Dialect, Manifest, Statement
from connectors.documents.tables import check_columns, check_rows, check_whole, load, records
from connectors.errors import BadInput, Unproven
from connectors.lake.engine import quoted
from connectors.lake.windows import midnight
from mappings.channels import sql

_REQUIRED = ("Date", "Type", "Title", "Info", "Currency", "Amount", "Fees & Taxes", "Net")
_MONEY = ("Amount", "Fees & Taxes", "Net", "Deposited")
# A payout that the bank sent back: no payout of a settlement, money that is owed again.
_RETURNED = "(\"Type\" = 'Deposit' AND contains(lower(\"Title\"), 'returned'))"
_DATE_FORMATS = ("%B %d, %Y", "%d %B, %Y", "%d %B %Y", "%b %d, %Y", "%d %b, %Y", "%Y-%m-%d")


def _columns(header: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in next(csv.reader([header.rstrip("\r\n")]), []))


def recognises(opening: str) -> bool:
    """Whether the first line is a statement's."""
    return {"Fees & Taxes", "Net"} <= set(_columns(opening.partition("\n")[0]))


# A header's first two words by language; Etsy's exports follow the language of the account.
_LANGUAGES = {
    ("datum", "art"): "German", ("datum", "typ"): "German", ("fecha", "tipo"): "Spanish",
    ("date", "type"): "French", ("data", "tipo"): "Italian or Portuguese",
    ("datum", "type"): "Dutch", ("data", "typ"): "Polish",
}  # fmt: skip


def language(opening: str) -> str | None:
    """The language of a statement in another than English, told by where what stands in a row."""
    for delimiter in (",", ";"):
        top = list(islice(records(opening, delimiter), 2))
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


def _relation(columns: Sequence[str], text: Path, compression: str = "none") -> str:
    """Every row as text with its number; money without its symbols; a deposit's sum as a column."""
    typed = ", ".join(f"{quoted(c or f'column{i}')}: 'VARCHAR'" for i, c in enumerate(columns))
    # Parentheses stay, so that a sign that Etsy does not write is refused and not lost.
    bare = "regexp_replace(replace({}, '\u2212', '-'), '[^0-9.,()-]', '', 'g')"
    title = bare.format("regexp_extract(\"Title\", '[0-9][0-9.,]*')")
    plain = {c: bare.format(_named(c)) for c in _MONEY[:3]}
    for column in ("Amount", "Net"):
        plain[column] = (
            f"coalesce({plain[column]}, CASE WHEN {_RETURNED} THEN nullif({title}, '') END)"
        )
    # A title may go over several lines, in the middle of what tells one fee from another.
    plain["Title"] = "regexp_replace(\"Title\", '[\\r\\n]+', ' ', 'g')"
    money = ", ".join(f'{text} AS "{c}"' for c, text in plain.items())
    return (
        f"SELECT row_number() OVER ()::INTEGER AS row, * REPLACE ({money}), "
        f"CASE WHEN \"Type\" = 'Deposit' AND NOT {_RETURNED} THEN nullif(coalesce(ltrim("
        f"{bare.format(_named('Amount'))}, '-'), {title}), '') END AS \"Deposited\" "
        f"FROM read_csv({quoted(str(text))}, columns={{{typed}}}, auto_detect=false, delim=',', "
        f"quote='\"', escape='\"', header=true, nullstr=['', '--'], null_padding=true, "
        f"parallel=false, compression={quoted(compression)})"
    )


def _named(column: str) -> str:
    """A column name as SQL writes it."""
    return f'"{column}"'


def rows(manifest: Manifest, text: Path) -> str:
    """SQL for the rows of a stored statement, `text` being UTF-8, plain or `.zst`."""
    compression = "zstd" if text.suffix == ".zst" else "none"
    return _relation(manifest.dialect.columns, text, compression)


def inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    """Read a statement whole and prove it row by row."""
    columns = _columns(upload.header)
    check_columns(upload, columns, _REQUIRED, "download it again")
    _load(con, upload, columns)
    currency = _currency(con, upload)
    dialect = _dialect(con, upload, columns)
    for macro in macros(dialect):
        con.execute(macro)
    con.execute("SET VARIABLE time_zone = $1", [upload.time_zone])
    _prove_rows(con, upload)
    found = profile(con, upload, sql("etsy", "lines"))
    month, period = _period(con, upload)
    settlements = _settlements(con, upload, currency, period)
    return found.with_payouts(settlements).manifest(
        upload,
        channel="etsy",
        format="etsy.statement",
        statement=f"{month:%Y-%m}-{currency}",
        currency=currency,
        declared=None,
        dialect=dialect,
        period=period,
        settlements=settlements,
    )


def _load(con: duckdb.DuckDBPyConnection, upload: Upload, columns: Sequence[str]) -> None:
    # Statements before 2025 have ten columns and eight cells a row.
    rows = check_rows(upload, len(columns), "download it again", widths=(8,))
    load(
        con,
        upload,
        _relation(columns, upload.text),
        "is not a row of a statement",
        "download it again",
        rows,
    )
    if con.execute("SELECT count(*) FROM document_rows").fetchone() == (0,):
        raise BadInput(f"{upload.name}: the statement has a header and no rows; download it again")
    lacking = (
        '"Date" IS NULL OR "Type" IS NULL OR "Currency" IS NULL'
        ' OR ("Net" IS NULL AND "Type" <> \'Deposit\')'
    )
    check_whole(con, upload, lacking, "download it again")


def _currency(con: duckdb.DuckDBPyConnection, upload: Upload) -> str:
    found = con.execute('SELECT DISTINCT "Currency" FROM document_rows ORDER BY 1').fetchall()
    if len(found) == 1:
        return str(found[0][0])
    names = ", ".join(str(name) for (name,) in found)
    raise BadInput(f"{upload.name}: holds {len(found)} currencies ({names}); import them apart")


def _dialect(con: duckdb.DuckDBPyConnection, upload: Upload, columns: Sequence[str]) -> Dialect:
    form = date_format(con, upload.name, ["Date"], _DATE_FORMATS)
    turns = con.execute(
        "SELECT count(*) FILTER (d < before) >= count(*) FILTER (d > before) FROM ("
        f"SELECT strptime(\"Date\", '{form}') AS d, lag(d) OVER (ORDER BY row) AS before "
        "FROM document_rows)"
    ).fetchone()
    return Dialect(
        encoding=upload.encoding,
        columns=tuple(columns),
        decimal_mark=decimal_marks(con, upload.name, list(_MONEY))[0],
        date_format=form,
        newest_first=turns == (True,),
    )


def _prove_rows(con: duckdb.DuckDBPyConnection, upload: Upload) -> None:
    """Amount + Fees & Taxes = Net on every row, and every deposit says how much."""
    wrong = con.execute(
        'SELECT row, coalesce(money("Amount"), 0) + coalesce(money("Fees & Taxes"), 0) AS found, '
        'money("Net") FROM document_rows WHERE "Type" <> \'Deposit\' '
        'AND found <> money("Net") ORDER BY row LIMIT 1'
    ).fetchone()
    if wrong is not None:
        row, found, net = wrong
        raise Unproven(
            f"{upload.name}: row {row}: Amount and Fees & Taxes make {found:f} but Net is {net:f}; "
            "download the statement again",
            declared=f"{net:f}",
            found=f"{found:f}",
        )
    silent = con.execute(
        'SELECT row, "Title" FROM document_rows WHERE "Type" = \'Deposit\' '
        'AND "Deposited" IS NULL AND "Amount" IS NULL ORDER BY row LIMIT 1'
    ).fetchone()
    if silent is not None:
        raise BadInput(
            f"{upload.name}: row {silent[0]}: deposit {silent[1]!r} states no sum; set Etsy to "
            "English and download the statement again"
        )


def _period(
    con: duckdb.DuckDBPyConnection, upload: Upload
) -> tuple[date, tuple[datetime, datetime]]:
    """The month most rows are of, and the instants covered: its first day to the last row's."""
    row = con.execute(
        "SELECT mode(date_trunc('month', d)::DATE), min(d), max(d) "
        'FROM (SELECT day("Date") AS d FROM document_rows)'
    ).fetchone()
    assert row is not None
    month, first, last = row
    start = midnight(min(month, first), upload.time_zone)
    return month, (start, midnight(last, upload.time_zone, after=1))


def _settlements(
    con: duckdb.DuckDBPyConnection, upload: Upload, currency: str, period: tuple[datetime, datetime]
) -> tuple[Statement, ...]:
    """What stands between the statement's deposits; the last part may still be open."""
    parts = con.execute(
        "WITH deposits AS ("
        ' SELECT row, day("Date") AS d, place(day("Date"), row) AS place,'
        ' money("Deposited") AS paid'
        ' FROM document_rows WHERE "Deposited" IS NOT NULL'
        "), joined AS ("
        " SELECT s.row, s.d, s.paid, s.place, l.amount FROM profiled AS l"
        " ASOF LEFT JOIN deposits AS s ON l.place <= s.place"
        " UNION ALL SELECT row, d, paid, place, NULL FROM deposits"
        ") SELECT row, d, paid, count(amount)::INTEGER, coalesce(sum(amount), 0)::DECIMAL(19,4)"
        " FROM joined GROUP BY row, d, paid, place ORDER BY place NULLS LAST"
    ).fetchall()
    found: list[Statement] = []
    start, seen = period[0], Counter[date]()
    for row, day, paid, lines, total in parts:
        end = period[1] if day is None else midnight(day, upload.time_zone)
        seen[day] += 1
        again = f"-{seen[day]}" if seen[day] > 1 else ""
        found.append(
            Statement(
                settlement_id="" if day is None else f"etsy-{day}-{currency}{again}",
                marketplace=None,
                currency=currency,
                period_start=start,
                period_end=end,
                declared=None,
                lines=lines,
                total=total,
                deposit_at=None if day is None else end,
                deposit_day=day,
                payout=paid,
                row=row or 0,
            )
        )
        start = end
    return tuple(found)
