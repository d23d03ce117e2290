"""The PDF of a closed month: what an accountant reads first, on A4 pages.

Equal content gives equal bytes. No text is dropped: a character that no font has is spelled by its
number, like [U+1F600].
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, Final, Literal, cast

from fpdf import FPDF, XPos, YPos
from fpdf.enums import Align, MethodReturnValue

from connectors.database.registry import Connection
from connectors.lake.windows import ONE_DAY, Window
from mappings.money import minor_digits
from pipelines import fonts
from pipelines.stages.month_tables import MonthTable

_TEXT, _FALLBACK = "text", "fallback"
_SIZE: Final = 8
_LINE: Final = 4.2
_MARGIN: Final = 12
_MOST_LINES: Final = 30
# Joiners say how the letters beside them are written; other invisible characters mislead a reader.
_JOINERS: Final = "\u200c\u200d"
# Arabic and other scripts whose letters are joined or run from the right.
_SHAPED: Final = range(0x0590, 0x1200)


@dataclass(frozen=True, slots=True)
class _Section:
    """A table's title, and its columns with headings and shares of the width."""

    title: str
    table: str
    columns: Sequence[tuple[str, str, float]]


_SECTIONS: Final = (
    _Section(
        "Totals by account",
        "accounts",
        (
            *(("account", "Account", 6), ("currency", "", 1)),
            *(("debits", "Debits", 2.5), ("credits", "Credits", 2.5)),
            *(("balance", "Change", 2.5), ("lines", "Lines", 1)),
        ),
    ),
    _Section(
        "Settlements",
        "settlements",
        (
            *(("connection", "Store", 2), ("settlement_id", "Settlement", 2.4)),
            *(("period_start", "From", 1.5), ("period_end", "To", 1.5), ("currency", "", 0.8)),
            *(("declared", "Declared", 1.7), ("raw", "Raw", 1.7)),
            *(("normalised", "Normalised", 1.7), ("journalled", "Journalled", 1.7)),
            *(("posted", "Posted", 1.7), ("paid", "Paid", 1.7), ("difference", "Difference", 1.6)),
            *(("state", "State", 1.3), ("bank_date", "In the bank", 1.5)),
        ),
    ),
    _Section(
        "Clearing roll-forward",
        "clearing",
        (
            *(("connection", "Store", 4), ("currency", "", 1), ("opening", "Opening", 2.5)),
            *(("activity", "Activity", 2.5), ("payouts", "Payouts", 2.5)),
            ("closing", "Closing", 2.5),
        ),
    ),
    _Section(
        "Open items in clearing",
        "open_items",
        (
            *(("connection", "Store", 4), ("settlement_id", "Settlement", 4)),
            *(("first_day", "First day", 2), ("last_day", "Last day", 2), ("currency", "", 1)),
            ("open_amount", "Open", 2.5),
        ),
    ),
    _Section(
        "Taxes",
        "tax_summary",
        (
            *(("connection", "Store", 2.5), ("tax_treatment", "Treatment", 3)),
            *(("tax_country", "Country", 1.1), ("tax_region", "", 0.6), ("tax_rate", "Rate", 1.2)),
            *(("remitted_by", "Remitted by", 1.8), ("currency", "", 0.8), ("net", "Net", 2)),
            *(("tax", "Tax", 2), ("gross", "Gross", 2), ("deductible", "Deductible", 2)),
            *(("withheld", "Withheld", 2), ("lines", "Lines", 1)),
        ),
    ),
    _Section(
        "Mapping versions",
        "mappings",
        (
            *(("connection", "Store", 3), ("target", "Target", 2), ("version", "Version", 1.2)),
            *(("effective_from", "From", 1.6), ("author", "By", 2), ("reason", "Reason", 5)),
            ("digest", "Digest", 4),
        ),
    ),
)
_STORES: Final = _Section(
    "Stores",
    "stores",
    (("name", "Name", 5), ("slug", "Store", 3), ("channel", "Channel", 2), ("timezone", "Zone", 3)),
)


def pdf_of(
    month: Window,
    stores: Sequence[Connection],
    tables: Sequence[MonthTable],
    obstacles: Sequence[str],
) -> bytes:
    """Return a month's summary as a PDF; `obstacles` are what was open when it was closed."""
    names = tuple(name for name, _, _ in _STORES.columns)
    rows = [tuple(getattr(store, name) for name in names) for store in stores]
    by_name = {table.name: table for table in (MonthTable("stores", names, rows), *tables)}
    texts = (str(value) for table in by_name.values() for row in table.rows for value in row)
    document = _MonthPages(month, "".join({*"".join(texts), *"".join(obstacles)}))
    document.heading(f"Books of {month.start:%B %Y}", 14)
    document.paragraph(
        f"Closed through {month.end - ONE_DAY}. The tables beside have every figure."
    )
    document.section(_STORES, by_name["stores"])
    if obstacles:
        document.heading("Open when the month was closed", 10)
        for obstacle in obstacles:
            document.paragraph(obstacle)
    for section in _SECTIONS:
        if section.table in by_name:
            document.section(section, by_name[section.table])
    return bytes(document.output())


class _MonthPages(FPDF):
    """Pages with tables whose headings are repeated, and a footer with the page's number."""

    def __init__(self, month: Window, characters: str) -> None:
        super().__init__(orientation="landscape", format="A4")
        self._month = month
        self.add_font(_TEXT, "", fonts.REGULAR)
        self.add_font(_TEXT, "B", fonts.BOLD)
        letters = {*map(ord, characters)}
        self._drawn = {*self.fonts[_TEXT].cmap}  # type: ignore[union-attr]
        # Its four megabytes are read where they are of use.
        if not letters <= self._drawn:
            self.add_font(_FALLBACK, "", fonts.FALLBACK)
            self.set_fallback_fonts([_FALLBACK], exact_match=False)
            self._drawn |= {*self.fonts[_FALLBACK].cmap}  # type: ignore[union-attr]
        self.set_creation_date(datetime.combine(month.end - ONE_DAY, time(), UTC))
        self.set_title(f"Books of {month.start:%Y-%m}")
        self.set_creator("Daybook")
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, _MARGIN + _LINE)
        self.add_page()

    def footer(self) -> None:
        """Write the month and the page's number."""
        self.set_y(-_MARGIN)
        self.set_font(_TEXT, size=_SIZE)
        self.cell(0, _LINE, f"Daybook, {self._month.start:%Y-%m}: page {self.page_no()} of {{nb}}")

    def heading(self, text: str, size: int) -> None:
        """Write a heading, on the page of what follows it."""
        if self.will_page_break(size + 4 * _LINE):
            self.add_page()
        self.ln(_LINE / 2)
        self.set_font(_TEXT, "B", size)
        self.cell(0, size * 0.6, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def paragraph(self, text: str) -> None:
        """Write a text over as many lines as it takes."""
        self.set_font(_TEXT, size=_SIZE)
        self._shape(text)
        self.multi_cell(self.epw, _LINE, self._spelled(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def section(self, section: _Section, table: MonthTable) -> None:
        """Write a table, or that it is empty."""
        self.heading(section.title, 10)
        if not table.rows:
            self.paragraph("None.")
            return
        shares = [share for _, _, share in section.columns]
        widths = [self.epw * share / sum(shares) for share in shares]
        places = [table.columns.index(name) for name, _, _ in section.columns]
        currency = table.columns.index("currency") if "currency" in table.columns else None
        alike = [[row[place] for row in table.rows] for place in places]
        sides = [Align.R if _is_figure(values) else Align.L for values in alike]
        headings = [heading for _, heading, _ in section.columns]
        self._row(headings, widths, sides, "B")
        for row in table.rows:
            digits = 2 if currency is None else minor_digits(str(row[currency]))
            cells = [self._spelled(_shown(row[place], digits)) for place in places]
            lines = self._lines(cells, widths)
            # A cell may hold more than a page does.
            for start in range(0, max(map(len, lines)), _MOST_LINES):
                piece = ["\n".join(each[start : start + _MOST_LINES]) for each in lines]
                count = max(len(each[start : start + _MOST_LINES]) for each in lines)
                if self.will_page_break(count * _LINE):
                    self.add_page()
                    self._row(headings, widths, sides, "B")
                self._row(piece, widths, sides, lines=count)

    def _row(
        self,
        cells: Sequence[str],
        widths: Sequence[float],
        sides: Iterable[Align],
        style: Literal["", "B"] = "",
        lines: int = 1,
    ) -> None:
        self.set_font(_TEXT, style, _SIZE)
        top, bottom = self.get_y(), self.get_y() + lines * _LINE
        for cell, width, side in zip(cells, widths, sides, strict=True):
            left = self.get_x()
            self._shape(cell)
            # Several times as quick as what breaks a text into lines.
            if "\n" not in cell:
                self.cell(width, _LINE, cell, align=side)
            else:
                self.multi_cell(width, _LINE, cell, align=side)
            self.set_xy(left + width, top)
        self.set_draw_color(90 if style else 190)
        self.line(self.l_margin, bottom, self.w - self.r_margin, bottom)
        self.set_xy(self.l_margin, bottom)

    def _lines(self, cells: Sequence[str], widths: Sequence[float]) -> list[list[str]]:
        """Return the lines that each cell takes; most fit into one, which is quick to see."""
        self.set_font(_TEXT, size=_SIZE)
        return [self._broken(cell, width) for cell, width in zip(cells, widths, strict=True)]

    def _broken(self, cell: str, width: float) -> list[str]:
        self._shape(cell)
        if self.get_string_width(cell) < width - 2 * self.c_margin:
            return [cell]
        lines = self.multi_cell(width, _LINE, cell, dry_run=True, output=MethodReturnValue.LINES)
        return cast(list[str], lines)

    def _shape(self, text: str) -> None:
        """Have letters joined and ordered where a script asks for it: that takes its time."""
        self.set_text_shaping(any(ord(letter) in _SHAPED for letter in text))

    def _spelled(self, text: str) -> str:
        return "".join(self._letters(text))

    def _letters(self, text: str) -> Iterator[str]:
        for letter in text:
            is_hidden = unicodedata.category(letter) in {"Cc", "Cf", "Cs"}
            if letter in _JOINERS or (ord(letter) in self._drawn and not is_hidden):
                yield letter
            else:
                yield f"[U+{ord(letter):04X}]"


def _shown(value: Any, digits: int) -> str:
    """Return a value as people read it; an amount finer than its currency's unit stays so."""
    if value is None:
        return "-"
    if isinstance(value, Decimal):
        is_whole = value == round(value, digits)
        return f"{value:,.{digits}f}" if is_whole else f"{value:,f}"
    return str(value)


def _is_figure(values: Iterable[Any]) -> bool:
    stated = [value for value in values if value is not None]
    return bool(stated) and all(isinstance(value, Decimal | int) for value in stated)
