"""One error for responses of an unknown shape, on all platforms.

Documentation calls nearly every field optional, and platforms omit or nest fields without notice.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from connectors.errors import DaybookError, Permanent

# Raised when a value is missing or has another type.
_ODD = (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError)
_LONGEST = 80
_Item = TypeVar("_Item")


@contextmanager
def readable(title: str) -> Iterator[None]:
    """Raise `Permanent` if a response of the platform `title` has an unexpected shape.

    Errors of `connectors.errors` pass unchanged.
    """
    try:
        yield
    except DaybookError:
        raise
    except _ODD as error:
        # A `KeyError` names a field; other errors may quote a value, which can be anybody's data.
        lacks = f"without {error}" if isinstance(error, KeyError) else type(error).__name__
        raise Permanent(
            f"{title} answers in a shape that Daybook does not know ({lacks[:_LONGEST]}): nothing "
            "of it is booked; try again, and report it if it stays"
        ) from error


def each_readable(title: str, items: Iterable[_Item]) -> Iterator[_Item]:
    """Yield items read from a platform's responses; raise as `readable`."""
    with readable(title):
        yield from items
