"""Suggestions: the account of an organisation's chart for each account role, with the reason.

An account that is there for the purpose is taken before a new one is proposed, and none for its
type alone. The default chart (`charts/organisation.yaml`) says what accounts are called.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

from pydantic import BaseModel, ConfigDict

from mappings.taxonomy import chart, load_yaml

LONGEST_NAME: Final = 100
_STORE: Final = "{store}"
# What QuickBooks forbids in a name, and Xero makes nothing of.
_FORBIDDEN = re.compile(r'[:"\t\n]')


class DefaultAccount(BaseModel):
    """An account of the default chart, and the account roles that go to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    code: int
    roles: tuple[str, ...]
    words: tuple[str, ...]
    kind: str
    names: Mapping[str, str] = {}

    def called(self, store: str, country: str | None) -> str:
        """Return its name in an organisation of a country, for one store."""
        name = self.names.get(country or "", self.name).replace(_STORE, store)
        return _FORBIDDEN.sub(" ", name)[:LONGEST_NAME]


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that an organisation lacks. `kind` is the target's own word for its type."""

    name: str
    code: str
    kind: str


class ChartEntry(Protocol):
    """An account of an organisation's chart, as its target lists it."""

    @property
    def number(self) -> str:
        """Return the number by which a mapping names it."""

    @property
    def name(self) -> str:
        """Return the name that its owner gave it."""

    @property
    def kind(self) -> str:
        """Return its type in the target's own word."""

    @property
    def refusal(self) -> str | None:
        """Return the reason that no journal may use it."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The account suggested for a role: `number` of one that is there, else one to be made.

    Neither where the target's types of accounts are its owner's own and none fits by its name.
    """

    role: str
    number: str | None
    name: str
    reason: str
    new: NewAccount | None = None


@cache
def default_accounts() -> tuple[DefaultAccount, ...]:
    """Return the default chart of an organisation; every account role is in it once."""
    listed = load_yaml("charts", "organisation.yaml")
    return tuple(
        DefaultAccount.model_validate(
            {**{k: v for k, v in each.items() if k != "class"}, "kind": each["class"]}
        )
        for each in listed
    )


@cache
def kinds_of(target: str) -> Mapping[str, Sequence[str]]:
    """Return the kinds of accounts that a target knows, by class of the default chart.

    Nothing for a target whose kinds its owner makes.
    """
    kinds: Mapping[str, Sequence[str]] = load_yaml("charts", "classes.yaml").get(target, {})
    return kinds


def suggest(
    accounts: Sequence[ChartEntry],
    target: str,
    *,
    store: str,
    others: Collection[str] = (),
    country: str | None = None,
    named: Mapping[str, str] | None = None,
) -> list[Suggestion]:
    """Return a suggestion for every account role, in the order of the default chart.

    `named` are the accounts that a mapping names already: they are kept. `country` (ISO 3166
    alpha-2) is where the organisation is, `store` the store's name; accounts that the default
    chart makes for `others` are left to them.
    """
    by_number = {account.number: account for account in accounts}
    taken = set(by_number)
    suggestions: dict[str, Suggestion] = {}
    for default in default_accounts():
        theirs = {default.called(each, country).casefold() for each in others}
        theirs.discard(default.called(store, country).casefold())
        free = [account for account in accounts if account.name.casefold() not in theirs]
        chosen = _suggestion(default, free, target, store, country, taken)
        if chosen.new is not None:
            taken.add(chosen.new.code)
        for role in default.roles:
            suggestions[role] = _for_role(chosen, role, by_number, (named or {}).get(role))
    return [suggestions[role] for role in chart("books")]


def _for_role(
    chosen: Suggestion, role: str, accounts: Mapping[str, ChartEntry], named: str | None
) -> Suggestion:
    if named is None:
        return Suggestion(role, chosen.number, chosen.name, chosen.reason, chosen.new)
    account = accounts.get(named)
    return Suggestion(role, named, account.name if account else named, "the mapping names it")


def _suggestion(
    default: DefaultAccount,
    accounts: Sequence[ChartEntry],
    target: str,
    store: str,
    country: str | None,
    taken: set[str],
) -> Suggestion:
    name = default.called(store, country)
    kinds = kinds_of(target).get(default.kind)
    usable = [a for a in accounts if a.refusal is None and (kinds is None or a.kind in kinds)]
    for account in usable:
        if account.name.casefold() == name.casefold():
            reason = "it has the name of the default chart"
            return Suggestion("", account.number, account.name, reason)
    if kinds is None:
        # Types of the owner's own: a word alone would take a tax for a sale.
        reason = "no account has the name of the default chart: name yours in a mapping file"
        return Suggestion("", None, name, reason)
    for word in default.words:
        for account in usable:
            if _says(account.name, word):
                reason = f"its name says {word!r}, and it is of the type {account.kind}"
                return Suggestion("", account.number, account.name, reason)
    new = NewAccount(name, _free(default.code, taken), kinds[0])
    return Suggestion("", None, name, f"no account of the type {_either(kinds)} is for this", new)


def _says(name: str, word: str) -> bool:
    """Return whether a name has a word, or one that begins so."""
    return re.search(rf"\b{re.escape(word)}", name, re.IGNORECASE) is not None


def _free(code: int, taken: set[str]) -> str:
    while str(code) in taken:
        code += 1
    return str(code)


def _either(kinds: Iterable[str]) -> str:
    *others, last = kinds
    return f"{', '.join(others)} or {last}" if others else last
