"""What each channel's own words mean: SQL over its documents and a table of categories.

`<channel>/transactions.sql` turns document rows into canonical lines. `<channel>/categories.csv`
places each of the channel's words in the taxonomy; both can be read by an accountant.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import product

from mappings.model import UNCLASSIFIED

SEPARATOR = " / "


@dataclass(frozen=True, slots=True)
class Classification:
    """Where lines of one source type belong.

    `if_positive` replaces `category` on lines with a positive amount, `if_withheld` on lines
    whose order item has tax withheld by the marketplace. `gateway` is who else took the money.
    """

    source_type: str
    category: str
    if_positive: str | None = None
    if_withheld: str | None = None
    gateway: str | None = None


@cache
def channels() -> frozenset[str]:
    """The channels whose words are known here."""
    folders = files(__package__).iterdir()
    return frozenset(
        f.name for f in folders if f.is_dir() and f.joinpath("categories.csv").is_file()
    )


def sql(channel: str, name: str) -> str:
    """The text of `<channel>/<name>.sql`, or of the `<name>.sql` that channels share."""
    own = files(__package__).joinpath(channel, f"{name}.sql")
    return (
        own.read_text() if own.is_file() else files(__package__).joinpath(f"{name}.sql").read_text()
    )


def _words(source_type: str) -> tuple[str, ...]:
    # No channel has more than three words; what follows in the last is its own free text.
    return tuple(word.strip().casefold() for word in source_type.split(SEPARATOR, 2))


@cache
def rules(channel: str) -> Mapping[tuple[str, ...], Classification]:
    """The channel's categories.csv, keyed by its words, case-folded.

    `*` stands for any word, `beginning: *` for any word that begins so. As a gateway it is the
    word that the first `*` stands for.
    """
    text = files(__package__).joinpath(channel, "categories.csv").read_text()
    found: dict[tuple[str, ...], Classification] = {}
    for row in csv.DictReader(text.splitlines()):
        key = _words(row["source_type"])
        if key in found:
            raise ValueError(f"{channel}/categories.csv names {row['source_type']!r} twice")
        found[key] = Classification(
            source_type=row["source_type"],
            category=row["category"],
            if_positive=row["if_positive"] or None,
            if_withheld=row["if_withheld"] or None,
            gateway=row.get("gateway") or None,
        )
    return found


def _patterns(words: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """The words, then the same with ever more of them as `*`, the leftmost first."""
    return sorted(
        product(*(_alternatives(word) for word in words)),
        key=lambda p: (p.count("*"), [i for i, word in enumerate(p) if word == "*"], p != words),
    )


def _alternatives(word: str) -> tuple[str, ...]:
    beginning, colon, _ = word.partition(":")
    return (word, f"{beginning}: *", "*") if colon else (word, "*")


def classify(
    channel: str, source_types: Iterable[str], overrides: Mapping[str, str] | None = None
) -> list[Classification]:
    """Place each source type; one that no rule and no override names is `unclassified`.

    `overrides` is the owner's own mapping of source types to categories and wins.
    """
    own = {_words(name): category for name, category in (overrides or {}).items()}
    table = rules(channel)
    result = []
    for name in source_types:
        words = _words(name)
        if words in own:
            result.append(Classification(name, own[words]))
            continue
        pattern = next((p for p in _patterns(words) if p in table), None)
        if pattern is None:
            result.append(Classification(name, UNCLASSIFIED))
            continue
        rule = table[pattern]
        result.append(replace(rule, source_type=name, gateway=_gateway(rule, name, pattern)))
    return result


def _gateway(rule: Classification, name: str, pattern: tuple[str, ...]) -> str | None:
    if rule.gateway != "*":
        return rule.gateway
    return name.split(SEPARATOR, 2)[pattern.index("*")].strip()
