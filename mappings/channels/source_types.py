"""The fixed part of source types: what is left when prices, ids and periods are cut off.

Platforms write amounts, product ids, months and rates into the names of their fees. Rules are
looked up by what stays the same. The patterns are read by Python and by DuckDB (RE2) alike, so they
use what both understand; a test holds the two against each other.
"""

import re

# French reports put no-break (A0) and narrow no-break (202F) spaces before signs; RE2's \s has
# neither.
_SPACE = r"[ \x{a0}\x{202f}]"
# Periods are joined by a hyphen or an en dash, depending on the report's language.
_DASH = r"-\x{2013}"
_MONTH = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|f[eéÉ]v(?:rier)?|m[aäÄ]r(?:ch|s|z)?"
    r"|apr(?:il)?|avr(?:il)?|ma[yi]|jun[ei]?|juin|jul[yi]?|juil(?:let)?|aug(?:ust)?|ao[uûÛ]t"
    r"|sep(?:t(?:ember|embre)?)?|o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|de[cz](?:ember)?"
    r"|d[eéÉ]c(?:embre)?)"
)
_DATE = (
    r"(?:\b[0-9]{4}[-/.][0-9]{1,2}(?:[-/.][0-9]{1,2})?\b"
    r"|\b[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}\b|\b[0-9]{1,2}[-/.][0-9]{4}\b"
    rf"|(?:\b[0-9]{{1,2}}\.?{_SPACE}*)?\b{_MONTH}\.?,?{_SPACE}*(?:[0-9]{{1,2}},{_SPACE}*)?-?[0-9]{{4}}\b"
    r"|\b[QH][1-4][-/ ]?[0-9]{4}\b|\b[0-9]{4}[-/ ]?[QH][1-4]\b|\b20[0-9]{2}\b)"
)
# A list and not [A-Z]{3}: FBA, AWD or VAT next to a figure are parts of a name.
_CODE = (
    r"\b(?:AED|ARS|AUD|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN"
    r"|MYR|NOK|NZD|PEN|PHP|PLN|RON|SAR|SEK|SGD|THB|TRY|TWD|USD|VND|ZAR)\b"
)
_CURRENCY = rf"(?:{_CODE}|(?:\b[A-Z]{{1,3}})?[$£€¥₹]|[$£€¥₹][A-Z]{{2}}\b|\bkr\b|\bzł)"
# Apostrophes separate thousands in Swiss amounts; 2212 is the true minus sign.
_FIGURE = r"[-+\x{2212}]?[0-9][0-9.,'\x{2019}]*"
_AMOUNT = (
    rf"(?:{_CURRENCY}{_SPACE}*{_FIGURE}(?:{_SPACE}*{_CURRENCY})?|{_FIGURE}{_SPACE}*{_CURRENCY})"
)
# In this order: what stands in brackets goes with its brackets.
PATTERNS = (
    # (Period 01.07.2024 - 31.12.2024), (2026-01), ($0.20 USD), (12 %): nothing but variable parts.
    rf"(?i){_SPACE}*\((?:period|month|zeitraum|monat|p[ée]riode|mois)?:?(?:{_SPACE}|[{_DASH}/,]|to|bis|"
    rf"{_DATE}|{_AMOUNT}|{_FIGURE}{_SPACE}*%)+\)",
    r"(?i) *(?:\bfor )?\b(?:child |parent )?(?:ASIN|FNSKU)\b:? *#?[A-Z0-9]*[0-9][A-Z0-9]*",
    # ASINs, Amazon's order numbers, shipments of FBA.
    r"\bB0[0-9A-Z]{8}\b",
    r"#?\b[0-9]{3}-[0-9]{7}-[0-9]{7}\b",
    r"\bFBA[0-9A-Z]*[0-9][0-9A-Z]{6,}\b",
    rf"(?i){_DATE}",
    rf"{_AMOUNT}",
    rf"{_FIGURE}{_SPACE}*%",
    # Invoice and case numbers. Shorter bare numbers may belong to a name (Section 232).
    r"#[0-9]+\b",
    r"\b[0-9]{6,}\b",
    # What led to it: brackets around nothing, and words and signs left over at a name's end.
    rf"\({_SPACE}*\)",
    rf"(?i)(?:{_SPACE}+(?:for|from|of|to|at|until|[{_DASH},:#]))+{_SPACE}*$",
)


def _for_python(pattern: str) -> str:
    return re.sub(r"\\x\{([0-9a-f]+)\}", lambda m: re.escape(chr(int(m[1], 16))), pattern)


# ASCII, so that \b and [0-9] mean in Python what they mean in RE2.
_COMPILED = [re.compile(_for_python(pattern), re.ASCII) for pattern in PATTERNS]
_SPACES = rf"{_SPACE}+"
SEPARATOR = " / "


def fixed_source_type(source_type: str) -> str:
    """Return a source type without its variable parts; a name of nothing else stays as it is."""
    # Every variable part has a digit, and most source types have none: this saves twelve regular
    # expressions.
    if not re.search("[0-9]", source_type):
        return source_type
    return SEPARATOR.join(_fixed(name) or name for name in source_type.split(SEPARATOR))


def _fixed(name: str) -> str:
    for pattern in _COMPILED:
        name = pattern.sub("", name)
    return re.sub(_for_python(_SPACES), " ", name).strip(" ")


def fixed_source_types_sql(lines: str) -> str:
    """Return SQL over a channel's `lines`: source types fixed, the original in `description`.

    Lines whose source type has no variable part are as they were.
    """
    # One nested expression, evaluated per part of the name by the list_transform below.
    name = "n"
    for pattern in PATTERNS:
        name = f"regexp_replace({name}, {_literal(pattern)}, '', 'g')"
    name = f"trim(regexp_replace({name}, {_literal(_SPACES)}, ' ', 'g'), ' ')"
    return (
        "SELECT * EXCLUDE (fixed) REPLACE (fixed AS source_type, "
        "CASE WHEN fixed IS NOT DISTINCT FROM source_type THEN description "
        "WHEN description IS NULL OR contains(source_type, description) THEN source_type "
        f"WHEN list_bool_and(list_transform(string_split(source_type, '{SEPARATOR}'), lambda n: "
        "contains(description, n) OR NOT regexp_matches(n, '[0-9]'))) THEN description "
        "ELSE concat(source_type, ' · ', description) END AS description) "
        "FROM (SELECT *, CASE WHEN regexp_matches(source_type, '[0-9]') THEN "
        f"array_to_string(list_transform(string_split(source_type, '{SEPARATOR}'), "
        f"lambda n: coalesce(nullif({name}, ''), n)), '{SEPARATOR}') "
        f"ELSE source_type END AS fixed FROM ({lines}))"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
