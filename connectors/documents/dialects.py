"""Dialects: a file's formats of numbers, dates and instants, decided once per file.

Amazon writes `53,44` and `03.05.2018 09:10:07 UTC` on its European sites, `53.44` and
`2018-05-03 09:10:07 UTC` on others. A choice must read every value of the file, and a declared
total verifies it.
"""

import re
from collections.abc import Sequence

import duckdb

from connectors.errors import BadInput

# Minutes east of UTC of the abbreviations that Seller Central writes.
ZONES = {
    "": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0,
    "PST": -480, "PDT": -420, "MST": -420, "MDT": -360, "CST": -360, "CDT": -300,
    "EST": -300, "EDT": -240, "BRT": -180, "BST": 60, "WEST": 60, "CET": 60, "MET": 60,
    "CEST": 120, "MEST": 120, "EET": 120, "EEST": 180, "TRT": 180, "AST": 180, "GST": 240,
    "IST": 330, "SGT": 480, "AWST": 480, "JST": 540, "AEST": 600, "AEDT": 660,
}  # fmt: skip

_PATTERNS = {
    # A thousands mark precedes exactly three digits. DECIMAL(19,4) holds fifteen digits and four.
    ".": r"[-+]?(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.\d{1,4})?",
    ",": r"[-+]?(\d{1,15}|\d{1,3}(\.\d{3}){1,4})(,\d{1,4})?",
}


# Dates as spreadsheet programs show them, or the number of days that they keep.
_RESAVED = re.compile(r"[\d./:\s-]+([AaPp][Mm])?|\d{1,2}-[A-Za-z]{3}(-\d{2,4})?")


def decimal_marks(con: duckdb.DuckDBPyConnection, name: str, columns: list[str]) -> list[str]:
    """Return the decimal marks that read every amount of `document_rows`, the likelier first.

    Raises `BadInput` naming the first amount that neither reads.
    """
    texts = _texts(columns)
    tests = ", ".join(
        f"bool_and(regexp_full_match(text, '{pattern}'))" for pattern in _PATTERNS.values()
    )
    reads = con.execute(f"SELECT {tests} FROM ({texts})").fetchone() or ()
    # NULL means that there are no amounts at all: then both marks read the file.
    marks = [mark for mark, ok in zip(_PATTERNS, reads, strict=True) if ok is not False]
    if marks:
        return marks
    both = " AND ".join(f"NOT regexp_full_match(text, '{p}')" for p in _PATTERNS.values())
    odd = con.execute(f"SELECT row, text FROM ({texts}) WHERE {both} ORDER BY row").fetchone()
    where = f"row {odd[0]}: {odd[1]!r} is not an amount" if odd else "amounts mix . and , decimals"
    raise BadInput(f"{name}: {where}; download it again, unedited")


def date_format(
    con: duckdb.DuckDBPyConnection, name: str, columns: list[str], forms: Sequence[str]
) -> str:
    """Return the first of `forms` that reads every date of `document_rows`; else raise `BadInput`.

    Forms with a time of day read the first nineteen characters; a date alone is its midnight.
    """
    texts = _texts(columns)
    for form in forms:
        # The first form wins: callers list day-first forms before month-first ones where both may
        # read.
        stamp = _stamp(form)
        bad = con.execute(f"SELECT count(*) FROM ({texts}) WHERE {stamp} IS NULL").fetchone()
        if bad == (0,):
            return form
    readable = " OR ".join(f"{_stamp(form)} IS NOT NULL" for form in forms)
    odd = con.execute(f"SELECT row, text FROM ({texts}) WHERE NOT ({readable}) LIMIT 1").fetchone()
    where = (
        f"row {odd[0]}: {odd[1]!r} is not a date that can be read"
        if odd
        else "its dates are in mixed forms"
    )
    if odd and _RESAVED.fullmatch(odd[1]):
        mend = "a spreadsheet program has rewritten it; import the file as it was downloaded"
    else:
        mend = "set the site to English and download it again"
    raise BadInput(f"{name}: {where}; {mend}")


def _stamp(form: str) -> str:
    text = "substr(text || ' 00:00:00', 1, 19)" if "%H" in form else "text"
    return f"try_strptime({text}, '{form}')"


def zones(con: duckdb.DuckDBPyConnection, name: str, columns: list[str]) -> dict[str, int]:
    """Return minutes east of UTC of every zone in the file; `BadInput` for an unknown one."""
    rows = con.execute(
        f"SELECT DISTINCT trim(substr(text, 20)) FROM ({_texts(columns)}) ORDER BY 1"
    ).fetchall()
    # A date alone has no zone: it is in that of the file's instants.
    named = [zone for (zone,) in rows if zone] or [""]
    # All of them: a report over the end of summer time writes two zones.
    return {zone: _minutes(name, zone) for zone in named}


def _minutes(name: str, zone: str) -> int:
    if zone.upper() in ZONES:
        return ZONES[zone.upper()]
    digits = zone[1:].replace(":", "")
    if zone[:1] in {"+", "-"} and digits.isdigit() and len(digits) in {2, 4}:
        minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
        return -minutes if zone[0] == "-" else minutes
    raise BadInput(
        f"{name}: the time zone {zone!r} of its dates is not known; set the site to English and "
        "download it again"
    )


def _texts(columns: list[str]) -> str:
    return " UNION ALL ".join(
        f'SELECT row, trim("{c}") AS text FROM document_rows WHERE "{c}" IS NOT NULL'
        for c in columns
    )
