"""The archive of a closed month: one ZIP of CSV files, a workbook of the same tables, and a PDF."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from connectors.lake.atomic import write_atomically
from pipelines.stages.month_tables import MonthTable

# A spreadsheet takes these as the beginning of a formula (OWASP, CSV injection).
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
# The earliest moment that a ZIP can state: two archives of one content have the same CSV files.
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)


def write_archive(path: Path, tables: Sequence[MonthTable], summary: bytes) -> None:
    """Write the tables as CSV files and as sheets of one workbook, beside a summary as a PDF.

    Raises `OSError` where that fails.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in tables:
            _add(archive, f"{table.name}.csv", csv_of(table))
        _add(archive, "month.xlsx", workbook_of(tables))
        _add(archive, "month.pdf", summary)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content.getvalue())


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _MOMENT), content, zipfile.ZIP_DEFLATED)


def csv_of(table: MonthTable) -> bytes:
    """Return a table as CSV (RFC 4180): amounts in full, no cell that is a formula."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(table.columns)
    for row in table.rows:
        rows.writerow([_cell(value) for value in row])
    # With a mark, Excel reads UTF-8 as what it is.
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return guarded(value) if isinstance(value, str) else str(value)


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def workbook_of(tables: Sequence[MonthTable]) -> bytes:
    """Return the tables as a workbook, a sheet each.

    Amounts are numbers: a workbook knows fifteen digits of them, the CSV files have all.
    """
    # Not by pandas, which makes floats of amounts on the way into a sheet.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet(table.name)
        sheet.append(list(table.columns))
        for row in table.rows:
            sheet.append([_typed(value) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _typed(value: Any) -> Any:
    if isinstance(value, str):
        return guarded(value)
    return value if value is None or isinstance(value, Decimal | int | date) else str(value)
