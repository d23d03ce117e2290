"""Answers that are not of the shape that is known: one error, in words, for all platforms.

Documents call nearly every field optional, and platforms leave out or nest what they please.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from connectors.errors import DaybookError, Permanent

# What reading a value that is not there, or is another kind of thing, raises.
_ODD = (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError)
_LONGEST = 80
_Item = TypeVar("_Item")


@contextmanager
def readable(title: str) -> Iterator[None]:
    """Raise Permanent where an answer of the platform `title` cannot be read as it should.

    Errors of ours pass as they are.
    """
    try:
        yield
    except DaybookError:
        raise
    except _ODD as error:
        lacks = f"without {error}" if isinstance(error, KeyError) else type(error).__name__
        raise Permanent(
            f"{title} answers in a shape that Daybook does not know ({lacks[:_LONGEST]}): nothing "
            "of it is booked; try again, and report it if it stays"
        ) from error


def each_readable(title: str, items: Iterable[_Item]) -> Iterator[_Item]:
    """Yield what is read off a platform's answers; raises as `readable`."""
    with readable(title):
        yield from items
