"""SQLAlchemy's engines of this process, cached per database.

Connecting takes ten times as long as most of what is asked, and every new engine compiles its
statements anew. One is lent to any number of users at once.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, create_engine

# So many databases that nobody uses keep their engines; a process has one or two.
KEPT: Final = 6


@dataclass
class _Lent:
    engine: Engine
    users: int = 0


_lent: OrderedDict[tuple[Any, ...], _Lent] = OrderedDict()
_lock = threading.Lock()


def borrow(
    url: str, prepare: Callable[[Engine], None] | None = None, **options: Any
) -> tuple[Engine, Callable[[], None]]:
    """Return an engine for a database, and what gives it back; `prepare` is called on a new one.

    `options` are those of `create_engine`. With other options it is another engine, and so it is
    with another `prepare`.
    """
    key = (os.getpid(), url, prepare, *sorted(options.items()))
    with _lock:
        _forget_what_was_forked()
        if key not in _lent:
            engine = create_engine(url, **options)
            if prepare is not None:
                prepare(engine)
            _lent[key] = _Lent(engine)
        lent = _lent[key]
        lent.users += 1
        _lent.move_to_end(key)
    is_back = threading.Event()

    def give_back() -> None:
        with _lock:
            if not is_back.is_set():
                is_back.set()
                lent.users -= 1
                _close_unused()

    return lent.engine, give_back


def _forget_what_was_forked() -> None:
    """Discard the parent's connections without closing them."""
    for key in [key for key in _lent if key[0] != os.getpid()]:
        _lent.pop(key).engine.dispose(close=False)


def _close_unused() -> None:
    _forget_what_was_forked()
    unused = [key for key, lent in _lent.items() if not lent.users]
    for key in unused[: max(0, len(unused) - KEPT)]:
        _lent.pop(key).engine.dispose()
