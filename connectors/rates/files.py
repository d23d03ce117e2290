"""Rates of exchange: the file of the European Central Bank, or one of the owner's.

The bank's file (`eurofxref-hist.csv`, alone or in its ZIP) has a row for each day and a column for
each currency, of which one euro was so many: European Central Bank, euro foreign exchange reference
rates. Days without a rate say `N/A`.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from connectors.documents.encodings import decode
from connectors.errors import BadInput

_CURRENCY: Final = re.compile("[A-Z]{3}")
_OWN: Final = ["date", "from", "to", "rate"]
_LARGEST: Final = 100 << 20
_EURO: Final = "EUR"


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """The rate of a day: one unit of `base` is `rate` units of `currency`."""

    day: date
    base: str
    currency: str
    rate: Decimal


def read_rates(name: str, content: bytes) -> list[ExchangeRate]:
    """Read the bank's file or one with `date`, `from`, `to` and `rate`.

    `BadInput` names the row and the cure.
    """
    text, _ = decode(name, _unpacked(name, content))
    rows = csv.reader(text.splitlines())
    header = [cell.strip() for cell in next(rows, [])]
    lowered = [cell.lower() for cell in header]
    if lowered[:4] == _OWN:
        rates = list(_own(name, rows))
    elif lowered[:1] == ["date"] and len(header) > 1:
        rates = list(_of_the_bank(name, header, rows))
    else:
        raise BadInput(
            f"{name}: has no header of rates: take eurofxref-hist.csv of the European Central "
            f"Bank, or write {','.join(_OWN)}"
        )
    if not rates:
        raise BadInput(f"{name}: has no rates")
    return rates


def _unpacked(name: str, content: bytes) -> bytes:
    if not content.startswith(b"PK"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [each for each in archive.infolist() if each.filename.endswith(".csv")]
            if len(files) != 1 or files[0].file_size > _LARGEST:
                raise BadInput(f"{name}: is not the bank's ZIP, which has one CSV file")
            return archive.read(files[0])
    except (zipfile.BadZipFile, EOFError, RuntimeError) as error:
        raise BadInput(f"{name}: is no whole ZIP: download it again") from error


def _own(name: str, rows: Iterator[list[str]]) -> Iterator[ExchangeRate]:
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(_OWN):
            raise BadInput(f"{name}: row {number} has {len(row)} columns of {len(_OWN)}")
        day, base, currency, rate = (cell.strip() for cell in row)
        yield _rate(name, number, day, base, currency, rate)


def _of_the_bank(name: str, header: list[str], rows: Iterator[list[str]]) -> Iterator[ExchangeRate]:
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise BadInput(f"{name}: row {number} has {len(row)} columns of {len(header)}")
        day = row[0].strip()
        for currency, cell in zip(header[1:], row[1:], strict=True):
            # Its rows end with a comma.
            if currency and cell.strip() not in {"", "N/A"}:
                yield _rate(name, number, day, _EURO, currency, cell.strip())


def _rate(name: str, number: int, day: str, base: str, currency: str, text: str) -> ExchangeRate:
    try:
        rate = Decimal(text)
        if not rate.is_finite() or not 0 < rate < 10**9:
            raise InvalidOperation
    except InvalidOperation as error:
        raise BadInput(f"{name}: row {number}: {text!r} is no rate") from error
    for code in (base, currency):
        if not _CURRENCY.fullmatch(code):
            raise BadInput(f"{name}: row {number}: {code!r} is no currency: write its code")
    try:
        return ExchangeRate(date.fromisoformat(day), base, currency, rate)
    except ValueError as error:
        raise BadInput(f"{name}: row {number}: {day!r} is no day: write 2026-03-31") from error
