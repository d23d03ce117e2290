"""The words of entries in the languages that they can be written in (`narrations.csv`).

What stands in an organisation is compared with these words to tell whether somebody edited it: a
text that was released is not changed. Days are written as ISO 8601 has them, in every language, so
that no bytes depend on a library's release. English lines are called as the categories are.
"""

import csv
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final, Literal

Language = Literal["en", "de", "fr", "es", "it", "nl"]
ENGLISH: Final = "en"
# Between the categories of lines that are posted as one.
JOINT: Final = ", "


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Return every text by key and language."""
    text = files(__package__).joinpath("narrations.csv").read_text(encoding="utf-8")
    return {row.pop("key"): row for row in csv.DictReader(text.splitlines())}


def narration(
    store: str,
    day: date,
    language: str,
    *,
    settlement: str | None = None,
    is_of_goods: bool = False,
) -> str:
    """Return what an entry is, for an accounting program; its marker stands behind it.

    It is of a day, of a `settlement`, or of what a day's goods cost.
    """
    if settlement is not None:
        fields = {"store": store, "settlement": settlement, "day": day}
        return _filled("narration_settlement", language, **fields)
    key = "narration_goods" if is_of_goods else "narration"
    return _filled(key, language, store=store, day=day)


def activity(
    day: date,
    language: str,
    *,
    settlement: str | None = None,
    is_provisional: bool = False,
    is_of_goods: bool = False,
) -> str:
    """Return what the activity of a day is, that of a `settlement`, or what goods cost."""
    if settlement is not None:
        return _filled("part_of_settlement", language, settlement=settlement, day=day)
    suffix = _filled("provisional", language) if is_provisional else ""
    return _filled("goods" if is_of_goods else "daily", language, day=day) + suffix


def payout(settlement: str, language: str, *, is_carried: bool) -> str:
    """Return what the payout of a settlement is, or its carrying forward."""
    return _filled("carried" if is_carried else "payout", language, settlement=settlement)


def correction(text: str, language: str) -> str:
    """Return what corrects an entry that is called as the text says."""
    return _filled("correction", language, text=text)


def line(category: str, settlement: str | None, language: str) -> str:
    """Return what a line of one or several categories is."""
    words = JOINT.join(_filled(name, language) for name in category.split(JOINT))
    if not settlement:
        return words
    return words + _filled("settlement", language, settlement=settlement)


def _filled(key: str, language: str, **fields: object) -> str:
    # A category of an older release keeps its own name.
    text = texts()[key][language] if key in texts() else key
    for name, value in fields.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text
