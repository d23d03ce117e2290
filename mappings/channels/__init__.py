"""The meaning of each channel's source types: SQL over its documents and a table of categories.

`<channel>/transactions.sql` turns document rows into canonical lines. `<channel>/categories.csv`
maps each of the channel's source types to a category; both can be read by an accountant.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import product

from mappings.channels.source_types import SEPARATOR, fixed_source_type
from mappings.model import UNCLASSIFIED

__all__ = ["SEPARATOR", "Classification", "channels", "classify", "matched_by", "rules"]
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Classification:
    """The category of the lines of one source type.

    `if_positive` replaces `category` on lines with a positive amount, `if_withheld` on lines
    whose order item has tax withheld by the marketplace. `gateway` is another payment provider.
    An `assumed` category is that of the fee's family, not of its name: it holds nothing, and a
    check warns the owner.
    """

    source_type: str
    category: str
    if_positive: str | None = None
    if_withheld: str | None = None
    gateway: str | None = None
    assumed: bool = False


@cache
def channels() -> frozenset[str]:
    """Return the channels whose source types are mapped here."""
    folders = files(__package__).iterdir()
    return frozenset(
        f.name for f in folders if f.is_dir() and f.joinpath("categories.csv").is_file()
    )


def _names(source_type: str) -> Names:
    # No channel has more than three names; what follows in the last is its own free text.
    return tuple(name.strip().casefold() for name in source_type.split(SEPARATOR, 2))


@cache
def rules(channel: str) -> Mapping[Names, Classification]:
    """Return the channel's categories.csv, keyed by its names, case-folded.

    `*` stands for any name, `beginning*` for any that begins so, and the last name of a rule that
    ends in `*` for all that follows too. As a gateway, `*` is the name that the first `*` stands
    for. Raises ValueError for a rule that stands there twice.
    """
    text = files(__package__).joinpath(channel, "categories.csv").read_text()
    table: dict[Names, Classification] = {}
    for row in csv.DictReader(text.splitlines()):
        key = _names(row["source_type"])
        # Two rows for one source type would make its category depend on the order of the file.
        if key in table:
            raise ValueError(f"{channel}/categories.csv names {row['source_type']!r} twice")
        table[key] = Classification(
            source_type=row["source_type"],
            category=row["category"],
            if_positive=row["if_positive"] or None,
            if_withheld=row["if_withheld"] or None,
            gateway=row.get("gateway") or None,
            assumed=bool(row.get("assumed")),
        )
    return table


@cache
def _beginnings(channel: str) -> frozenset[str]:
    return _beginnings_of(rules(channel))


def _beginnings_of(table: Iterable[Names]) -> frozenset[str]:
    """Return the names of rules that end in `*` after a beginning."""
    return frozenset(name for names in table for name in names if name != "*" and name[-1:] == "*")


def _patterns(names: Names, beginnings: frozenset[str]) -> Iterable[Names]:
    """Return the rules that would meet these names, the most exact first.

    Of two with as many `*`, the one whose `*` stands further left, then the longer beginning.
    """
    # The longest prefix first: a rule that names more parts is the more specific one.
    for length in range(len(names), 0, -1):
        last = SEPARATOR.join(names[length - 1 :])
        alternatives = [_alternatives(name, beginnings) for name in (*names[: length - 1], last)]
        if length < len(names):
            # Only what ends in `*` stands for more names than it has itself.
            alternatives[-1] = alternatives[-1][1:]
        ranked = product(*(list(enumerate(each)) for each in alternatives))
        for pattern in sorted(ranked, key=_rank):
            yield tuple(name for _, name in pattern)


def _rank(pattern: tuple[tuple[int, str], ...]) -> tuple[int, list[int], list[int]]:
    stars = [position for position, (_, name) in enumerate(pattern) if name == "*"]
    return len(stars), stars, [place for place, _ in pattern]


def _alternatives(name: str, beginnings: frozenset[str]) -> list[str]:
    fitting = (b for b in beginnings if name.startswith(b[:-1].rstrip()))
    return [name, *sorted(fitting, key=len, reverse=True), "*"]


def matching_rule(
    source_type: str, table: Mapping[Names, Classification], beginnings: frozenset[str]
) -> Names | None:
    """Return the key of the rule that decides on a source type; None where none matches.

    What is assumed of a family of fees gives way to every rule that names more.
    """
    names = _names(fixed_source_type(source_type))
    matched = (pattern for pattern in _patterns(names, beginnings) if pattern in table)
    return min(matched, key=lambda pattern: table[pattern].assumed, default=None)


def own_rules(overrides: Mapping[str, str]) -> dict[Names, Classification]:
    """Return an owner's mapping of source types to categories as rules; `*` stands for any name."""
    return {
        _names(fixed_source_type(name)): Classification(name, category)
        for name, category in overrides.items()
    }


def matched_by(overrides: Mapping[str, str], source_types: Iterable[str]) -> dict[str, list[str]]:
    """Return, for each rule of an owner, the source types that it decides on."""
    own = own_rules(overrides)
    beginnings = _beginnings_of(own)
    matched: dict[str, list[str]] = {name: [] for name in overrides}
    for source_type in source_types:
        rule = matching_rule(source_type, own, beginnings)
        if rule is not None:
            matched[own[rule].source_type].append(source_type)
    return matched


def classify(
    channel: str, source_types: Iterable[str], overrides: Mapping[str, str] | None = None
) -> list[Classification]:
    """Return where each source type belongs; `unclassified` where no rule and no override says so.

    `overrides` is the owner's own mapping of source types to categories and wins; its keys may
    hold `*` like the channel's rules. Variable parts (amounts, ids, periods) do not count.
    """
    own, table = own_rules(overrides or {}), rules(channel)
    own_beginnings, beginnings = _beginnings_of(own), _beginnings(channel)
    result = []
    for name in source_types:
        # The owner's decision wins even over a more specific shipped rule: otherwise they could not
        # correct it.
        own_rule = matching_rule(name, own, own_beginnings)
        if own_rule is not None:
            result.append(Classification(name, own[own_rule].category))
            continue
        pattern = matching_rule(name, table, beginnings)
        if pattern is None:
            result.append(Classification(name, UNCLASSIFIED))
            continue
        rule = table[pattern]
        result.append(replace(rule, source_type=name, gateway=_gateway(rule, name, pattern)))
    return result


def _gateway(rule: Classification, name: str, pattern: Names) -> str | None:
    if rule.gateway != "*":
        return rule.gateway
    return name.split(SEPARATOR, 2)[pattern.index("*")].strip()
