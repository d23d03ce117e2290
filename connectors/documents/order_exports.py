"""Exports of orders on their way in: read whole, and stated as orders in one engine.

Such a file names buyers and their addresses, so that it is stored nowhere. Only the columns that
its format names leave its text, and a file that is refused is not kept in quarantine either.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from connectors.channels.base import Channel
from connectors.channels.order_files import OrderFile, OrderHeader
from connectors.documents.countries import country_codes
from connectors.documents.currency_signs import country, currency
from connectors.documents.delimited import text_rows
from connectors.documents.dialects import date_format, decimal_marks, zones
from connectors.documents.macros import define
from connectors.documents.manifest import Dialect
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import check_rows, check_whole, load
from connectors.documents.transcript import check_end
from connectors.errors import BadInput
from connectors.lake.engine import quoted
from mappings.channels.queries import sql

_AGAIN = "download it again, unedited"
_FOOTER_BYTES = 4096
# `OrderFile.sign`'s column of the currency's sign.
_SIGN = "sign"


@dataclass(frozen=True, slots=True)
class OrderExport:
    """One export that was read: its orders are in the table `stated` of the engine that read it.

    `document` is the SHA-256 of its bytes, `totals` what the orders of each currency come to.
    `first_day` and `last_day` are business days of the connection's time zone.
    """

    name: str
    document: str
    order_file: OrderFile
    orders: int
    lines: int
    first_day: date
    last_day: date
    totals: Mapping[str, Decimal]


def read_export(
    con: duckdb.DuckDBPyConnection, channel: Channel, order_file: OrderFile, file: DecodedFile
) -> OrderExport:
    """Read an export whole and make the table `stated`, a row an order.

    Leaves the columns that are read as text in `document_rows`. Raises `BadInput` for a file that
    is cut off or damaged, that lacks a column, or that holds no order.
    """
    header = order_file.header(file.head)
    if header is None:
        raise BadInput(f"{file.name}: has no header of an {order_file.title}; {_AGAIN}")
    _check_columns(file, order_file, header)
    _load(con, file, order_file, header)
    _define(con, file, order_file, header)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE stated AS {sql(channel.name, f'orders_{order_file.name}')}"
    )
    return _export(con, file, order_file)


def _check_columns(file: DecodedFile, order_file: OrderFile, header: OrderHeader) -> None:
    places = order_file.places(header.names)
    for column in order_file.required:
        if column not in places:
            name = order_file.columns[column][0]
            raise BadInput(f"{file.name}: column {name!r} is missing; {_AGAIN}")
    plain = [name.casefold() for name in header.names]
    doubled = [header.names[p] for p in places.values() if plain.count(plain[p]) > 1]
    if doubled:
        raise BadInput(f"{file.name}: column {doubled[0]!r} occurs twice; {_AGAIN}")


def _load(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, order_file: OrderFile, header: OrderHeader
) -> None:
    """Make `document_rows`: the columns that are read, amounts without the signs of money."""
    _cut_footer(file, order_file)
    count = len(header.names)
    # Tabs part what is written without quotation marks: a title may hold one.
    quoting = header.delimiter != "\t"
    rows = check_rows(
        file, count, _AGAIN, delimiter=header.delimiter, quoting=quoting, above=header.above
    )
    source = text_rows(
        file.text,
        [f"c{place}" for place in range(count)],
        delimiter=header.delimiter,
        quoting=quoting,
        empty=("", "--"),
        preamble=header.above,
    )
    places = order_file.places(header.names)
    cells = [f'{_cell(order_file, c, places.get(c))} AS "{c}"' for c in order_file.columns]
    if order_file.sign is not None:
        bare = _bare(f"c{places[order_file.sign]}")
        cells.append(f"regexp_replace({bare}, '[0-9.,()-]', '', 'g') AS {_SIGN}")
    query = f"SELECT row_number() OVER ()::INTEGER AS row, {', '.join(cells)} FROM {source}"
    load(con, file, query, f"does not have the header's {count} fields", _AGAIN, rows)
    if rows == 0:
        raise BadInput(f"{file.name}: the export has a header and no rows; choose days with orders")
    empty = " OR ".join(f'"{c}" IS NULL' for c in order_file.filled)
    check_whole(con, file, empty or "false", _AGAIN)
    _check_amounts(con, file, order_file)


def _check_amounts(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, order_file: OrderFile
) -> None:
    """Raise `BadInput` for a row with words for an amount: its cells have moved.

    Before amounts are read, whose messages quote a cell: it may be a name here.
    """
    words = " UNION ALL ".join(
        f"SELECT row, {quoted(titles[0])} AS title FROM document_rows "
        f"WHERE regexp_matches(\"{column}\", '\\p{{L}}')"
        for column, titles in order_file.columns.items()
        if column in order_file.amounts
    )
    moved = con.execute(f"SELECT row, title FROM ({words}) ORDER BY ALL LIMIT 1").fetchone()
    if moved is not None:
        raise BadInput(
            f"{file.name}: row {moved[0]}: {moved[1]} is not an amount: the row is damaged; "
            f"{_AGAIN}"
        )


def _cell(order_file: OrderFile, column: str, place: int | None) -> str:
    """Return SQL for a cell: an amount without the sign of its currency, other text without blanks.

    An instant loses its time of day where no form has one.
    """
    if place is None:
        return "NULL::VARCHAR"
    cell = f"c{place}"
    if column in order_file.amounts:
        return _plain(cell)
    if column in order_file.instants and not any("%H" in form for form in order_file.forms):
        cell = f"regexp_replace({cell}, '[ T]\\d\\d?:\\d\\d.*$', '')"
    return f"nullif(trim({cell}), '')"


def _bare(cell: str) -> str:
    # WooCommerce writes an apostrophe before a minus, so that no spreadsheet takes it for a sum.
    return f"regexp_replace(replace({cell}, '\u2212', '-'), '[\\s\u00a0\u202f'']', '', 'g')"


def _plain(cell: str) -> str:
    """Return SQL that reads `-$0.95`, `AU $12.00` and `($33.62)` alike; other text stays as it is.

    Nothing that is no amount becomes one: it is refused where amounts are read.
    """
    front = f"regexp_replace({_bare(cell)}, '^([-(]?)[A-Z]{{0,3}}\\p{{Sc}}?([-(]?)', '\\1\\2')"
    ends = f"regexp_replace({front}, '(\\p{{Sc}}|[A-Z]{{3}})(\\)?)$', '\\2')"
    return f"nullif(regexp_replace({ends}, '^\\((.*)\\)$', '-\\1'), '')"


def _cut_footer(file: DecodedFile, order_file: OrderFile) -> None:
    """Take the lines below the last row off the file's copy."""
    if order_file.footer is None:
        return
    with file.text.open("r+b") as text:
        size = text.seek(0, 2)
        start = text.seek(max(0, size - _FOOTER_BYTES))
        lines = text.read().splitlines(keepends=True)
        # The first piece may be the end of a longer line, and is none of the footer's.
        while len(lines) > 1 and (
            not lines[-1].strip(b', "\r\n')
            or re.match(order_file.footer.encode(), lines[-1], re.IGNORECASE)
        ):
            lines.pop()
        text.truncate(start + sum(map(len, lines)))
    check_end(file.name, file.text, file.head)


def _define(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, order_file: OrderFile, header: OrderHeader
) -> None:
    """Define the macros of the file's SQL: `money`, `moment`, `day`, `zone`, `country`, and so on.

    How amounts and dates are written is decided once for the whole file.
    """
    places = order_file.places(header.names)
    amounts = [column for column in order_file.amounts if column in places]
    instants = [column for column in order_file.instants if column in places]
    # If both orders read every date, the account's country decides about 03/04/26.
    is_abroad = country(file.time_zone) not in {None, "US"}
    forms = (is_abroad and order_file.forms_abroad) or order_file.forms
    form = date_format(con, file.name, instants, forms)
    offsets = zones(con, file.name, instants) if "%H" in form else {"": 0}
    dialect = Dialect(
        encoding=file.encoding,
        columns=header.names,
        decimal_mark=decimal_marks(con, file.name, amounts)[0],
        date_format=form,
        zones=offsets,
        delimiter=header.delimiter,
    )
    define(con, dialect)
    here = quoted(file.time_zone)
    stamp = "substr(x || ' 00:00:00', 1, 19)" if "%H" in form else "x"
    local = f"timezone({here}, strptime({stamp}, {quoted(form)}))"
    moment = local if set(offsets) == {""} else "CASE WHEN x IS NOT NULL THEN midnight(x) END"
    con.execute(f"CREATE OR REPLACE TEMP MACRO moment(x) AS {moment}")
    for name, words in (
        ("zone_of", order_file.zones),
        ("currency_of", _signs(con, file) if order_file.sign is not None else {}),
    ):
        con.execute(f"CREATE OR REPLACE TEMP MACRO {name}(x) AS coalesce({_lookup(words)}[x], x)")
    con.execute(
        "CREATE OR REPLACE TEMP MACRO country(x) AS coalesce("
        "CASE WHEN regexp_full_match(x, '[A-Za-z]{2}') THEN upper(x) END, "
        f"{_lookup(country_codes())}[lower(x)])"
    )


def _lookup(words: Mapping[str, str]) -> str:
    listed = ", ".join(f"{quoted(word)}: {quoted(value)}" for word, value in words.items())
    return f"MAP {{{listed}}}" if words else "MAP {'': ''}"


def _signs(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> dict[str, str]:
    """Return the currency of each sign of the amounts; `BadInput` for one that names none."""
    listed = con.execute(
        f"SELECT DISTINCT {_SIGN} FROM document_rows WHERE {_SIGN} <> '' ORDER BY 1"
    ).fetchall()
    codes = {str(sign): currency(str(sign), file.time_zone) for (sign,) in listed}
    unknown = [sign for sign, code in codes.items() if code is None]
    if unknown:
        raise BadInput(f"{file.name}: its amounts are in {unknown[0]}, which names no currency")
    return {sign: code for sign, code in codes.items() if code is not None}


def _export(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, order_file: OrderFile
) -> OrderExport:
    orders, distinct, dated, lines, first, last = con.execute(
        "SELECT count(*), count(DISTINCT order_id), count(created_at), "
        "coalesce(sum(len(lines)), 0)::BIGINT, min(CAST(timezone($1, created_at) AS DATE)), "
        "max(CAST(timezone($1, created_at) AS DATE)) FROM stated",
        [file.time_zone],
    ).fetchone() or (0, 0, 0, 0, None, None)
    if orders == 0:
        raise BadInput(f"{file.name}: the export holds no order; choose days with orders")
    # Rows of one order contradict each other, or an order's first row is lost.
    if orders != distinct or orders != dated:
        raise BadInput(
            f"{file.name}: rows of one order are not beside its first: the file was sorted or cut; "
            f"{_AGAIN}"
        )
    totals = con.execute(
        "SELECT currency, sum(total)::DECIMAL(19,4) FROM stated "
        "WHERE currency IS NOT NULL AND total IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return OrderExport(
        name=file.name,
        document=file.document,
        order_file=order_file,
        orders=orders,
        lines=lines,
        first_day=first,
        last_day=last,
        totals=dict(totals),
    )
