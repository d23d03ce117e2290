"""Spreadsheets (.xlsx) of channels, read as comma-separated text of one sheet.

A number is written with the fewest digits that read back as the same value, which are those that
were typed; Excel keeps no more than fifteen. A workbook is read within bounds, because its XML
parts can take a hundred times their size in memory.
"""

import csv
import io
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat

from connectors.errors import BadInput
from connectors.lake.temporary import private_text

ENCODING = "xlsx:"
_MEBIBYTE = 2**20
MAX_BYTES = 32 * _MEBIBYTE
# Of the XML of a sheet or of its shared texts, and of every other part that is read.
MAX_SHEET_BYTES, MAX_PART_BYTES = 64 * _MEBIBYTE, _MEBIBYTE // 2
MAX_ROW_ELEMENTS, MAX_TEXTS = 100_000, 1_000_000
MAX_ROWS, MAX_COLUMNS, MAX_TEXT_BYTES = 1_048_576, 1000, 256 * _MEBIBYTE
_PART = "[Content_Types].xml"
_TEXTS = "sharedstrings.xml"
# Parts of a workbook that nothing here reads.
_UNREAD = ("/media/", "/drawings/", "/charts/", "/embeddings/", "/printersettings/", "calcchain")
_CHUNK = 65_536


def is_spreadsheet(content: bytes | BinaryIO) -> bool:
    """Return whether these bytes are a workbook of Excel's."""
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    file.seek(0)
    start = file.read(4096)
    if not start.startswith(b"PK"):
        return False
    # Programs put the part that identifies a workbook first, as a rule, or last.
    if _PART.encode() in start:
        return True
    try:
        file.seek(max(0, file.seek(0, io.SEEK_END) - _CHUNK))
        return _PART.encode() in file.read()
    finally:
        file.seek(0)


def write_sheet(
    name: str, content: bytes, path: Path, accepts: Callable[[str, Path], bool]
) -> str | None:
    """Write the text of the first sheet that `accepts` takes to `path`; return its title."""
    with _workbook(name, content) as sheets:
        for title, rows in sheets:
            _write(name, rows, path)
            if accepts(title, path):
                return title
    return None


@contextmanager
def _workbook(name: str, content: bytes) -> Iterator[Iterable[tuple[str, Iterator[Any]]]]:
    """Open a workbook; any error of the library means that the file is damaged."""
    # Imported on use: it costs a tenth of a second, and few processes read a spreadsheet.
    import openpyxl

    book = None
    try:
        with warnings.catch_warnings():
            # openpyxl warns about unknown styles; only values are read.
            warnings.simplefilter("ignore", UserWarning)
            _check_parts(name, content)
            # Faster readers return floats only, which truncate an order number of 18 digits.
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            yield ((sheet.title, _rows(sheet)) for sheet in book.worksheets)
    except (BadInput, MemoryError):
        raise
    except Exception as error:
        raise BadInput(f"{name}: the spreadsheet is damaged; download it again") from error
    finally:
        if book is not None:
            book.close()


def _rows(sheet: Any) -> Iterator[tuple[object, ...]]:
    # Some writers state `A1` as the extent of every sheet, so openpyxl must look at the cells.
    sheet.reset_dimensions()
    rows: Iterator[tuple[object, ...]] = sheet.iter_rows(values_only=True)
    return rows


def _write(name: str, rows: Iterator[tuple[object, ...]], path: Path) -> None:
    """Write rows as text, each as wide as the widest before it, without blank rows at the end."""
    width = blank = size = 0
    with private_text(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        for number, row in enumerate(rows, start=1):
            cells = [_cell(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            if not cells:
                blank += 1
                continue
            width = max(width, len(cells))
            if width > MAX_COLUMNS:
                raise BadInput(f"{name}: row {number} has more than {MAX_COLUMNS:,} cells")
            size += (blank + 1) * (width + 1) + sum(map(len, cells))
            if size > MAX_TEXT_BYTES:
                raise BadInput(
                    f"{name}: its text is larger than {MAX_TEXT_BYTES // _MEBIBYTE} MiB; export a "
                    "shorter period"
                )
            writer.writerows([""] * width for _ in range(blank))
            writer.writerow(cells + [""] * (width - len(cells)))
            blank = 0


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case float():
            # repr is the shortest text that reads back as the same float: the digits that were
            # typed.
            plain = format(Decimal(repr(value)), "f")
            return plain.removesuffix(".0")
        case datetime() | date() | time():
            return value.isoformat(*([" "] if isinstance(value, datetime) else []))
        case _:
            return str(value)


def _check_parts(name: str, content: bytes) -> None:
    """Raise `BadInput` for a workbook that would take more memory or time than a report needs."""
    if len(content) > MAX_BYTES:
        raise BadInput(
            f"{name}: is larger than {MAX_BYTES // _MEBIBYTE} MiB, too large for a spreadsheet; "
            "export a shorter period, or as .csv"
        )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.infolist():
            path = "/" + part.filename.lower()
            is_large = "/worksheets/sheet" in path or path.endswith(_TEXTS)
            bound = MAX_SHEET_BYTES if is_large else MAX_PART_BYTES
            if part.file_size > bound and not any(word in path for word in _UNREAD):
                raise BadInput(
                    f"{name}: {part.filename} in it is larger than {bound / _MEBIBYTE:g} MiB "
                    "unpacked; export a shorter period, or as .csv"
                )
            if is_large and path.endswith(".xml"):
                with archive.open(part) as stream:
                    _check_elements(name, stream, texts=path.endswith(_TEXTS))


def _check_elements(name: str, stream: Any, *, texts: bool) -> None:
    """Count a part's elements before openpyxl holds all of them in memory."""
    count = last_row = 0
    bound = MAX_TEXTS if texts else MAX_ROW_ELEMENTS

    def begins(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count, last_row
        count += 1
        if tag.endswith("row") and not texts:
            # The row number is optional in the format; without it rows are consecutive.
            number = int(attributes.get("r", last_row + 1))
            # openpyxl skips rows out of order, and fills the gap before a row far below.
            if not last_row < number <= MAX_ROWS:
                raise BadInput(
                    f"{name}: its row {number} stands after its row {last_row}, of {MAX_ROWS:,} at "
                    "most: it is damaged; download it again"
                )
            count, last_row = 0, number
        if count > bound:
            what = "texts" if texts else "cells in a row"
            raise BadInput(f"{name}: has more than {bound:,} {what}; export a shorter period")

    parser = expat.ParserCreate()
    parser.StartElementHandler = begins
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk)
    parser.Parse(b"", True)
