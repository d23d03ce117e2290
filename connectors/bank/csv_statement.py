"""A bank's CSV file: every bank has its own columns, days and decimal mark.

What is ambiguous over the whole file is asked for, never guessed: 01/02 is two days.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from connectors.bank.statement import BankLine, identified
from connectors.documents.encodings import decode
from connectors.errors import BadInput

# Headers that name a column by themselves, in lower case.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "date": (
        "date",
        "booking date",
        "booked on",
        "transaction date",
        "posting date",
        "buchungstag",
    ),
    "amount": ("amount", "betrag", "montant", "importe", "bedrag"),
    "credit": ("credit", "paid in", "money in", "deposits"),
    "debit": ("debit", "paid out", "money out", "withdrawals"),
    "currency": ("currency", "waehrung", "währung", "ccy"),
    "text": ("description", "details", "reference", "memo", "narrative", "verwendungszweck"),
    "id": ("transaction id", "bank reference", "fitid"),
}
_FORMS: Final = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")
_MARKS: Final = {
    ".": re.compile(r"[-+]?(?:\d+|\d{1,3}(?:[, ]\d{3})+)(?:\.\d{1,4})?"),
    ",": re.compile(r"[-+]?(?:\d+|\d{1,3}(?:[. ]\d{3})+)(?:,\d{1,4})?"),
}
_MONEY: Final = ("amount", "credit", "debit")


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """The columns of a file by what they hold, where their headers do not tell.

    `names` maps `date`, `amount`, `credit`, `debit`, `currency`, `text` and `id` to headers.
    `day_format` is as `strftime` has it, `mark` the decimal mark; both are found where they can be.
    """

    names: Mapping[str, str]
    day_format: str | None = None
    mark: str | None = None


def columns_of(text: str) -> dict[str, str]:
    """Read `date=Buchungstag,amount=Betrag`; `BadInput` for what is no column of a statement."""
    chosen: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        what, separator, header = part.partition("=")
        if what not in _NAMES or not separator or not header:
            raise BadInput(
                f"{part!r} names no column: write {', '.join(_NAMES)}, each with = and its header"
            )
        chosen[what] = header
    return chosen


def read_csv(
    name: str, content: bytes, columns: CsvColumns, currency: str | None
) -> list[BankLine]:
    """Read a file whole; `BadInput` names the row, or the option that tells what is ambiguous."""
    text, _ = decode(name, content)
    rows = list(csv.reader(text.splitlines(), delimiter=_delimiter(text)))
    header = [cell.strip() for cell in rows[0]] if rows else []
    places = _places(name, header, columns)
    body = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise BadInput(f"{name}: row {number} has {len(row)} columns of {len(header)}")
    if not body:
        raise BadInput(f"{name}: the statement has no lines")
    if "currency" not in places and currency is None:
        raise BadInput(f"{name}: has no column of currencies: add --currency")
    form = columns.day_format or _day_format(name, [row[places["date"]] for row in body])
    money = [row[places[what]] for what in _MONEY if what in places for row in body]
    mark = columns.mark or _mark(name, money)
    return identified(
        BankLine(
            _cell(row, places, "id"),
            _day(name, row[places["date"]], form),
            _amount(name, row, places, mark),
            (_cell(row, places, "currency") or currency or "").upper(),
            _cell(row, places, "text"),
        )
        for row in body
    )


def _delimiter(text: str) -> str:
    head = text.partition("\n")[0]
    return max((";", ",", "\t"), key=head.count)


def _places(name: str, header: Sequence[str], columns: CsvColumns) -> dict[str, int]:
    lowered = [cell.lower() for cell in header]
    places = {}
    for what, usual in _NAMES.items():
        stated = columns.names.get(what)
        if stated is not None:
            if stated not in header:
                raise BadInput(f"{name}: has no column {stated!r}, but {', '.join(header)}")
            places[what] = header.index(stated)
            continue
        match = next((each for each in usual if each in lowered), None)
        if match is not None:
            places[what] = lowered.index(match)
    if "date" not in places or not {"amount", "credit"} & set(places):
        raise BadInput(
            f"{name}: which columns are days and amounts? Add --columns date=...,amount=... with "
            f"headers of {', '.join(header)}"
        )
    return places


def _day_format(name: str, days: Sequence[str]) -> str:
    forms = [form for form in _FORMS if all(_reads(day, form) for day in days)]
    if not forms:
        raise BadInput(f"{name}: {days[0]!r} is no day that can be read: add --day-format")
    same = {tuple(_parsed(day, form) for day in days) for form in forms}
    if len(same) > 1:
        raise BadInput(
            f"{name}: {days[0]!r} may be two days: add --day-format {forms[0]} or {forms[1]}"
        )
    return forms[0]


def _reads(day: str, form: str) -> bool:
    try:
        _parsed(day, form)
    except ValueError:
        return False
    return True


def _parsed(day: str, form: str) -> date:
    return datetime.strptime(day.strip(), form).replace(tzinfo=UTC).date()


def _day(name: str, day: str, form: str) -> date:
    try:
        return _parsed(day, form)
    except ValueError as error:
        raise BadInput(f"{name}: {day!r} is no day written {form}") from error


def _mark(name: str, amounts: Iterable[str]) -> str:
    texts = [text for text in map(_figure, amounts) if text]
    marks = [m for m, pattern in _MARKS.items() if all(pattern.fullmatch(t) for t in texts)]
    if not marks:
        odd = next(t for t in texts if not any(p.fullmatch(t) for p in _MARKS.values()))
        raise BadInput(f"{name}: {odd!r} is no amount")
    # 1.234 is a thousand and more, or little more than one.
    if len(marks) > 1 and any(mark in text for text in texts for mark in _MARKS):
        raise BadInput(f"{name}: its amounts may be read two ways: add --decimal . or ,")
    return marks[0]


def _figure(text: str) -> str:
    return text.strip().replace("\u2212", "-").replace("\u00a0", " ")


def _amount(name: str, row: Sequence[str], places: Mapping[str, int], mark: str) -> Decimal:
    if "amount" in places and (text := _figure(row[places["amount"]])):
        return _number(name, text, mark)
    credit, debit = (_cell(row, places, what) for what in ("credit", "debit"))
    paid_in = _number(name, _figure(credit), mark) if credit else Decimal(0)
    # Banks write what goes out with and without a sign.
    paid_out = abs(_number(name, _figure(debit), mark)) if debit else Decimal(0)
    return paid_in - paid_out


def _number(name: str, text: str, mark: str) -> Decimal:
    if not _MARKS[mark].fullmatch(text):
        raise BadInput(f"{name}: {text!r} is no amount with {mark} before the decimals")
    thousands = "," if mark == "." else "."
    return Decimal(text.replace(" ", "").replace(thousands, "").replace(mark, "."))


def _cell(row: Sequence[str], places: Mapping[str, int], what: str) -> str:
    return row[places[what]].strip() if what in places else ""
