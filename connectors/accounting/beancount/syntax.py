"""The words of Beancount's language: strings, links, accounts, amounts. No directives here."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from connectors.errors import ConfigError, Permanent
from mappings.journal.accounts import is_component
from mappings.money import minor_digits

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
_UNESCAPES = {"n": "\n", "t": "\t"}
_TO_ESCAPE = re.compile(r'[\\"\n\t]')
_ESCAPED = re.compile(r"\\(.)")
# Lone surrogates cannot be encoded; U+0085, U+2028 and U+2029 end a line in many editors.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_LINKS = re.compile(r"[^A-Za-z0-9\-/.]+")
_CURRENCY = re.compile(r"[A-Z]{3}")


def quoted(text: str) -> str:
    """Return a string literal on one line; control characters become spaces."""
    plain = _UNPRINTABLE.sub(" ", text.replace("\r\n", "\n"))
    return '"' + _TO_ESCAPE.sub(lambda match: _ESCAPES[match[0]], plain) + '"'


def unquoted(literal: str) -> str:
    """Return the text of a string literal's inside."""
    if "\\" not in literal:
        return literal
    return _ESCAPED.sub(lambda match: _UNESCAPES.get(match[1], match[1]), literal)


def is_printable(text: str) -> bool:
    """Return True when `text` can be written and read back unchanged."""
    return _UNPRINTABLE.search(text) is None


def link(text: str) -> str:
    """Return a link's name: what Beancount's links do not accept becomes a hyphen."""
    return _NOT_IN_LINKS.sub("-", text).strip("-") or "none"


@lru_cache(maxsize=4096)
def checked_account(account: str) -> str:
    """Return the account as it is, or ConfigError: the mapping's owner chose its name."""
    components = account.split(":")
    if len(components) < 2 or not all(map(is_component, components)):
        raise ConfigError(
            f"{account!r} is not a Beancount account: write it in the mapping like "
            "Expenses:Fees:Referral, each part of letters, digits and hyphens, starting with a "
            "capital or a digit"
        )
    return account


def checked_currency(currency: str, entry_id: str) -> str:
    """Return the currency as it is, or Permanent: it came through normalisation."""
    if not _CURRENCY.fullmatch(currency):
        raise Permanent(f"{entry_id}: {currency!r} is not an ISO 4217 currency code")
    return currency


def number(amount: Decimal, currency: str, entry_id: str) -> str:
    """Return an amount in the currency's minor units; Permanent where that would lose a digit."""
    digits = minor_digits(currency)
    try:
        exact = amount.quantize(Decimal(1).scaleb(-digits))
    except InvalidOperation:
        exact = None
    if exact is None or exact != amount:
        raise Permanent(f"{entry_id}: {amount} {currency} is finer than {digits} decimals")
    return format(exact if exact else abs(exact), "f")


def aligned(start: str, figures: str, end: str) -> str:
    """`start`, then the figures right-aligned to a column, then `end`."""
    return f"{start:<48} {figures:>14} {end}"


def distinct(values: Iterator[str | None]) -> list[str]:
    """Return the values that are there, each once, in order of appearance."""
    return list(dict.fromkeys(value for value in values if value))
