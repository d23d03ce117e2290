"""SQL that brings the instants and amounts of transaction reports into one form.

`Dec 1, 2017 12:38:23 AM PST`, `15 Mar 2026 3:22:08 PM UTC`, `1 janv. 2022 00:25:27 UTC`,
`01.03.2026 00:12:33 UTC`, `2022/01/01 0:25:27 JST`, `Jan. 1, 2022 12:38:23 a.m. PST`; and
`-1,052.64`, `-1.052,64`, `1 052,64`, `1,44,957.78`, `(55.00)`.
"""

from connectors.channels.amazon.locales import MONTHS
from connectors.lake.engine import quoted

# The order of day and month is in doubt only where slashes stand between them.
FORMS = ("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S")
_MONTH_FIRST = r"^(\p{L}+)\.? (\d{1,2}) (\d{4}) \d{1,2}:"
_DAY_FIRST = r"^(\d{1,2})\.? (\p{L}+)\.? (\d{4}) \d{1,2}:"
_YEAR_FIRST = r"^(\d{4})[./-](\d{1,2})[./-](\d{1,2}) \d{1,2}:"
_DOTTED = r"^(\d{1,2})[.-](\d{1,2})[.-](\d{4}) \d{1,2}:"
_SLASHED = r"^(\d{1,2})/(\d{1,2})/(\d{4}) \d{1,2}:"
_CLOCK = r" (\d{1,2}):(\d{2})(?::(\d{2}))? ?([aApP])?(?:\.? ?[mM]\.?)? ?(.*)$"
_OFFSET = r"^(?:GMT|UTC)([+-])(\d{1,2}):?(\d{2})?$"


def stamp(column: str) -> str:
    """Return SQL for an instant as nineteen characters and its zone.

    As it is where it is no instant.
    """
    text = (
        rf"regexp_replace(trim({column}), '[\s\x{{00A0}}\x{{202F}}\x{{2009}},]+(de )?', ' ', 'g')"
    )
    dates = " ".join(
        f"WHEN regexp_matches(t, {quoted(pattern)}) THEN {date}"
        for pattern, date in (
            (_MONTH_FIRST, _date(_MONTH_FIRST, 3, 1, 2)),
            (_DAY_FIRST, _date(_DAY_FIRST, 3, 2, 1)),
            (_YEAR_FIRST, _date(_YEAR_FIRST, 1, 2, 3)),
            (_DOTTED, _date(_DOTTED, 3, 2, 1)),
            (
                _SLASHED,
                f"concat({_two(_SLASHED, 1)}, '/', {_two(_SLASHED, 2)}, '/', {_part(_SLASHED, 3)})",
            ),
        )
    )
    hour, half = f"CAST({_part(_CLOCK, 1)} AS INTEGER)", f"lower({_part(_CLOCK, 4)})"
    # 12 AM is hour 0 and 12 PM is hour 12.
    hours = f"CASE {half} WHEN 'p' THEN {hour} % 12 + 12 WHEN 'a' THEN {hour} % 12 ELSE {hour} END"
    seconds = f"coalesce(nullif({_part(_CLOCK, 3)}, ''), '00')"
    clock = (
        f"concat(lpad(CAST({hours} AS VARCHAR), 2, '0'), ':', {_part(_CLOCK, 2)}, ':', {seconds})"
    )
    return (
        f"list_transform([{text}], lambda t: CASE WHEN regexp_matches(t, {quoted(_CLOCK)}) THEN "
        f"trim(concat(CASE {dates} ELSE t END, ' ', {clock}, ' ', {_zone()})) ELSE t END)[1]"
    )


def _part(pattern: str, group: int) -> str:
    return f"regexp_extract(t, {quoted(pattern)}, {group})"


def _two(pattern: str, group: int) -> str:
    return f"lpad({_part(pattern, group)}, 2, '0')"


def _date(pattern: str, year: int, month: int, day: int) -> str:
    number = _two(pattern, month)
    if r"\p{L}" in pattern:
        months = ", ".join(f"{quoted(word)}: {quoted(no)}" for word, no in MONTHS.items())
        named = _part(pattern, month)
        number = f"coalesce(MAP {{{months}}}[lower({named})], {named})"
    return f"concat({_part(pattern, year)}, '-', {number}, '-', {_two(pattern, day)})"


def _zone() -> str:
    zone = f"upper({_part(_CLOCK, 5)})"
    sign, hours, minutes = (f"regexp_extract({zone}, {quoted(_OFFSET)}, {i})" for i in (1, 2, 3))
    return (
        f"CASE WHEN regexp_matches({zone}, {quoted(_OFFSET)}) THEN concat({sign}, lpad({hours}, 2, "
        f"'0'), ':', coalesce(nullif({minutes}, ''), '00')) ELSE {zone} END"
    )


def amount(column: str) -> str:
    """Return SQL for an amount without blanks and currency signs.

    Grouped by threes or not at all.
    """
    bare = (
        f"regexp_replace(replace({column}, '\u2212', '-'), "
        rf"'[\s\x{{00A0}}\x{{202F}}\x{{2009}}$€£¥₹]', '', 'g')"
    )
    signed = rf"regexp_replace({bare}, '^\((.*)\)$', '-\1')"
    # Lakhs group by twos, which no check for threes would take.
    indian = r"-?\d{1,2}(,\d{2})+,\d{3}(\.\d+)?"
    return (
        f"list_transform([nullif({signed}, '')], lambda a: "
        f"CASE WHEN regexp_full_match(a, '{indian}') THEN replace(a, ',', '') ELSE a END)[1]"
    )
