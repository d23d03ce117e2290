"""Journals as DATEV imports them: an EXTF booking batch (Buchungsstapel) of format version 13.

Facts: the header's 31 fields, Windows-1252, CRLF, decimal comma, days without a year and amounts
without a sign are those of DATEV's format description as its users repeat them. A row has an
account and a contra account, so an entry is booked against its clearing account. UNCONFIRMED: that
columns after the text may be left off, and that a batch is taken whose fiscal year begins in
January. DATEV knows a batch by its name, which begins with `EXTF_`.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from connectors.accounting.target import line_text
from connectors.errors import BadInput, Permanent
from mappings.model import CLEARING, JournalEntry, JournalLine

DATEV: Final = "datev"
TITLE: Final = "DATEV (booking batch)"
CONSULTANT, CLIENT, CURRENCY = "consultant", "client", "currency"
LONGEST_TEXT, LONGEST_NUMBER = 60, 36
_COLUMNS: Final = (
    "Umsatz (ohne Soll/Haben-Kz)",
    "Soll/Haben-Kennzeichen",
    "WKZ Umsatz",
    "Kurs",
    "Basis-Umsatz",
    "WKZ Basis-Umsatz",
    "Konto",
    "Gegenkonto (ohne BU-Schlüssel)",
    "BU-Schlüssel",
    "Belegdatum",
    "Belegfeld 1",
    "Belegfeld 2",
    "Skonto",
    "Buchungstext",
)
_NO_NUMBER = re.compile(r"[^A-Za-z0-9$&%*+/-]")


def check_fields(fields: Mapping[str, str]) -> None:
    """Raise `BadInput` where the numbers are missing that DATEV knows its client by."""
    missing = [name for name in (CONSULTANT, CLIENT) if not fields.get(name, "").isdigit()]
    if missing:
        raise BadInput(
            f"DATEV needs {' and '.join(missing)}: the numbers of the tax consultant and of the "
            "client there; add them with `daybook connections reconnect`"
        )


def render(entry: JournalEntry, store: str, fields: Mapping[str, str]) -> bytes:
    """Return an entry as a batch; `fields` are those of the organisation."""
    currency = fields.get(CURRENCY) or "EUR"
    if entry.currency != currency:
        raise Permanent(
            f"{entry.entry_id} is in {entry.currency}: batches of DATEV are in the currency of the "
            f"books, {currency}"
        )
    contra = _contra(entry)
    rows = [_row(line, contra, entry, store) for line in entry.lines if line.account != contra]
    lines = [_header(entry, store, fields, currency), ";".join(_COLUMNS), *rows]
    text = "".join(f"{line}\r\n" for line in lines)
    return text.encode("cp1252", errors="replace")


def _contra(entry: JournalEntry) -> str:
    """Return the account that every other line is booked against; what stands on it follows."""
    for line in entry.lines:
        if not (line.account.isascii() and line.account.isdigit()):
            raise Permanent(f"{line.account!r} is no account of DATEV: they have digits only")
    clearing = [line for line in entry.lines if line.category == CLEARING]
    return max(clearing or entry.lines, key=lambda line: abs(line.amount)).account


def _header(entry: JournalEntry, store: str, fields: Mapping[str, str], currency: str) -> str:
    day = f"{entry.business_date:%Y%m%d}"
    year = f"{date(entry.business_date.year, 1, 1):%Y%m%d}"
    # The business day as the moment it was made: the same entry is the same file, bytes and all.
    made = f"{day}000000000"
    length = min(len(line.account) for line in entry.lines)
    name = _text(f"{store} {entry.business_date}", 30)
    head = ['"EXTF"', "700", "21", '"Buchungsstapel"', "13", made, "", '""', '"Daybook"', '""']
    client = [fields[CONSULTANT], fields[CLIENT], year, str(length), day, day, name, '""']
    # Financial accounting, no purpose, not fixed: the consultant may correct it.
    tail = ["1", "0", "0", f'"{currency}"', "", '""', "", "", '""', "", "", '""', '""']
    return ";".join([*head, *client, *tail])


def _row(line: JournalLine, contra: str, entry: JournalEntry, store: str) -> str:
    number = _NO_NUMBER.sub("", line.settlement_id or entry.entry_id)[:LONGEST_NUMBER]
    cells = [
        f"{abs(line.amount):.2f}".replace(".", ","),
        '"S"' if line.amount >= 0 else '"H"',
        f'"{entry.currency}"',
        "",
        "",
        '""',
        line.account,
        contra,
        _text(line.tax_code or "", 4),
        f"{entry.business_date:%d%m}",
        f'"{number}"',
        '""',
        "",
        _text(f"{store}: {line_text(line, entry.language)}", LONGEST_TEXT),
    ]
    return ";".join(cells)


def _text(text: str, longest: int) -> str:
    plain = " ".join(text.split())[:longest].replace('"', '""')
    return f'"{plain}"'
