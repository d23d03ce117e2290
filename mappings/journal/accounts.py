"""The names of accounts: what Beancount takes, in whatever script they are written."""

from unicodedata import category

_STARTS = frozenset({"Lu", "Nd"})


def is_component(text: str) -> bool:
    """Return whether Beancount takes `text` as one part of an account's name.

    A part begins with a capital or a digit. Scripts without capitals can follow one: `A手数料`.
    """
    return category(text[0]) in _STARTS and all(map(_may_follow, text)) if text else False


def _may_follow(letter: str) -> bool:
    # Vowel signs and accents are marks of their own in many scripts.
    return letter == "-" or category(letter) == "Nd" or category(letter)[0] in "LM"
