"""Entries of several documents, of which a program may refuse one when others are made already."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connectors.errors import DaybookError, RateLimited, Transient


@contextmanager
def taking_back(restore: Callable[[], None]) -> Iterator[None]:
    """Restore what stood there where the rest of an entry is refused; the refusal is raised.

    Where it is unknown what became of a call, nothing is taken back: a look makes the rest.
    """
    try:
        yield
    except (Transient, RateLimited):
        raise
    except DaybookError:
        try:
            restore()
        except (Transient, RateLimited):
            raise
        except DaybookError:
            # The first refusal says more; the next try begins with what stands there.
            pass
        raise
