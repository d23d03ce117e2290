"""SQLAlchemy's engines of this process, cached per database.

Connecting takes ten times as long as most of what is asked, and every new engine compiles its
statements anew. One is lent to any number of users at once.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from select import POLLIN, poll
from time import monotonic
from typing import Any, Final

from sqlalchemy import Engine, create_engine
from sqlalchemy.event import listens_for
from sqlalchemy.exc import InvalidatePoolError

# So many databases that nobody uses keep their engines; a process has one or two.
KEPT: Final = 6
# SQLAlchemy's own ping, before every use, is a third of all statements.
IDLE_SECONDS: Final = 0.5


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
    # A forked process must not speak on its parent's connections: answers would mix.
    key = (os.getpid(), url, prepare, *sorted(options.items()))
    with _lock:
        _forget_what_was_forked()
        if key not in _lent:
            engine = create_engine(url, **options)
            _ping_idle_connections(engine)
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


def _ping_idle_connections(engine: Engine) -> None:
    """Replace connections that ended since they were used last: the server was started again."""

    @listens_for(engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info["used_at"] = monotonic()

    @listens_for(engine, "checkout")
    def ping(connection: Any, record: Any, _proxy: Any) -> None:
        used_at = record.info.get("used_at")
        if used_at is None:
            return
        if monotonic() - used_at < IDLE_SECONDS and not _is_readable(connection):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _is_readable(connection: Any) -> bool:
    """Tell whether there is something to read on a connection at rest: mostly that it ended."""
    poller = poll()
    poller.register(connection.fileno(), POLLIN)
    return bool(poller.poll(0))


def _forget_what_was_forked() -> None:
    """Discard the parent's connections without closing them."""
    for key in [key for key in _lent if key[0] != os.getpid()]:
        _lent.pop(key).engine.dispose(close=False)


def _close_unused() -> None:
    _forget_what_was_forked()
    unused = [key for key, lent in _lent.items() if not lent.users]
    for key in unused[: max(0, len(unused) - KEPT)]:
        _lent.pop(key).engine.dispose()
