"""The rules of tax and what they rest on, read from the tables beside this module.

`rules.csv` is ordered: the first rule that fits a line decides. In its cells, `|` stands between
alternatives, a space between conditions that must all hold, `!` before what must not, `=` before a
place that must be the same, and `known` for any place that is stated. `vat@from` is a registration
for VAT in the country that goods leave from, `oss` one in any country. `buyer` is the country of
the VAT number of a business that bought, `worth` of a consignment is `low` up to the limit of
`thresholds.csv`. `region` is a state or province: `facilitator` by `facilitators.csv`, or the tax
that `regions.csv` names.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Final

from mappings.journal.overrides import matching
from mappings.taxonomy import categories

# Of places a rule may say what they are not: that holds only where they are stated.
PLACES: Final = ("market", "from", "to", "established", "buyer")
WORTH: Final = "worth"
CONDITIONS: Final = (
    "line",
    "sells",
    "channel",
    *PLACES,
    "region",
    WORTH,
    "collected",
    "registered",
    "class",
    "fees",
)


@dataclass(frozen=True, slots=True)
class TaxRule:
    """One rule: which lines it is about, and how they are taxed.

    `needs` are alternatives of which one must be a tag of the line, `bars` tags that it must not
    have. `country` is a place, `rate` a tax class, `class` for the item's own, or None. `tax` says
    where the tax is: `contained` in the price or on lines of the channel's own, the same as `oss`,
    `stated` there, `apart` at no rate of ours, `self_accounted` or `none`.
    """

    number: int
    treatment: str
    first: date | None
    last: date | None
    needs: tuple[tuple[str, ...], ...]
    bars: tuple[str, ...]
    country: str | None
    rate: str | None
    tax: str
    remitted_by: str
    meaning: str

    @property
    def asks_worth(self) -> bool:
        """Return whether the value of the consignment is a condition."""
        return any(tag.startswith(f"{WORTH}:") for tags in self.needs for tag in tags)


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate in percent of a country, or a region of it, and tax class, from a day on."""

    country: str
    region: str | None
    item_class: str
    first: date
    rate: Decimal


@cache
def rules() -> tuple[TaxRule, ...]:
    """Return every rule in order."""
    return tuple(_rule(number, row) for number, row in enumerate(rows("rules")))


@cache
def rates() -> tuple[Rate, ...]:
    """Return every shipped rate."""
    return tuple(
        Rate(
            row["country"],
            row["region"] or None,
            row["class"],
            date.fromisoformat(row["from"]),
            Decimal(row["rate"]),
        )
        for row in rows("rates")
    )


@cache
def line_kinds() -> dict[str, str]:
    """Return what a line of each category is to the rules: sold, tax, fee, outside and the like."""
    kinds: dict[str, str] = {}
    for row in rows("lines"):
        kinds |= {name: row["line"] for name in matching(row["categories"]) if name not in kinds}
    return {name: kinds[name] for name in categories()}


@cache
def treatments() -> frozenset[str]:
    """Return the names of every treatment."""
    return frozenset(rule.treatment for rule in rules())


def rows(table: str) -> list[dict[str, str]]:
    """Return the rows of one of the tables."""
    text = files(__package__).joinpath(f"{table}.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


def _rule(number: int, row: dict[str, str]) -> TaxRule:
    conditions = [(name, term) for name in CONDITIONS for term in row[name].split()]
    needs = [need for name, term in conditions for need in _needs(name, term)]
    return TaxRule(
        number=number,
        treatment=row["treatment"],
        first=_day(row["first"]),
        last=_day(row["last"]),
        needs=tuple(dict.fromkeys(needs)),
        bars=tuple(f"{name}:{term[1:]}" for name, term in conditions if term.startswith("!")),
        country=row["country"] or None,
        rate=row["rate"] or None,
        tax=row["tax"],
        remitted_by=row["remitted_by"],
        meaning=row["meaning"],
    )


def _needs(name: str, term: str) -> Iterator[tuple[str, ...]]:
    if not term.startswith("!"):
        yield tuple(f"{name}:{alternative}" for alternative in term.split("|"))
    elif name in PLACES and term != "!known":
        yield (f"{name}:known",)
        if term.startswith("!="):
            yield (f"{term[2:]}:known",)


@dataclass(frozen=True, slots=True)
class Subdivision:
    """A state or province of a country that taxes by them, with its spellings in small letters.

    `code` is that of ISO 3166-2, without the country; `tax` what rules call its tax, or None.
    """

    country: str
    code: str
    tax: str | None
    spellings: tuple[str, ...]


@cache
def regions() -> tuple[Subdivision, ...]:
    """Return every state and province."""
    spellings: dict[tuple[str, str, str | None], list[str]] = {}
    for row in rows("regions"):
        names = spellings.setdefault(
            (row["country"], row["region"], row["tax"] or None), [row["region"].lower()]
        )
        names.append(row["name"].lower())
    return tuple(Subdivision(*region, tuple(names)) for region, names in spellings.items())


@dataclass(frozen=True, slots=True)
class Threshold:
    """The value up to which a consignment to a country is taxed at its sale, between two days.

    What comes from within `area` is no import.
    """

    area: str
    country: str
    amount: Decimal
    currency: str
    first: date | None
    last: date | None


@cache
def thresholds() -> tuple[Threshold, ...]:
    """Return the limit of each country that has one."""
    return tuple(
        Threshold(
            row["group"] or country,
            country,
            Decimal(row["amount"]),
            row["currency"],
            _day(row["from"]),
            _day(row["to"]),
        )
        for row in rows("thresholds")
        for country in ([row["country"]] if row["country"] else groups()[row["group"]])
    )


@cache
def groups() -> dict[str, list[str]]:
    """Return the countries of each group that rules name."""
    return {row["group"]: row["countries"].split() for row in rows("groups")}


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
