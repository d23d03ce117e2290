"""Spreadsheets that channels hand out (.xlsx), read as the text of one sheet: comma-separated rows.

A cell that holds a number is written with the fewest digits that give it back, which are those that
were typed; Excel keeps no more than fifteen.
"""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal

import openpyxl

from connectors.errors import BadInput

ENCODING = "xlsx:"
_PART = "[Content_Types].xml"


def is_spreadsheet(content: bytes) -> bool:
    """Whether these bytes are a workbook of Excel's."""
    if not content.startswith(b"PK"):
        return False
    try:
        # Programs put the part that tells a workbook first or last.
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _PART in archive.namelist()
    except zipfile.BadZipFile:
        return _PART.encode() in content[:4096]


def sheets(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Every sheet's name and text; `BadInput` for a workbook that is damaged."""
    with warnings.catch_warnings():
        # Of styles it does not know; only values are read.
        warnings.simplefilter("ignore", UserWarning)
        try:
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            try:
                for sheet in book.worksheets:
                    yield sheet.title, _text(sheet.iter_rows(values_only=True))
            finally:
                book.close()
        except (KeyError, ValueError, OSError, EOFError) as error:
            raise BadInput(f"{name}: the spreadsheet is damaged; download it again") from error


def sheet(name: str, content: bytes, title: str) -> str:
    """The text of one sheet."""
    return dict(sheets(name, content))[title]


def _text(rows: Iterator[tuple[object, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case float():
            plain = format(Decimal(repr(value)), "f")
            return plain.removesuffix(".0")
        case datetime() | date() | time():
            return value.isoformat(*([" "] if isinstance(value, datetime) else []))
        case _:
            return str(value)
