"""Engines are kept for whoever opens the same database next, and no longer than they may be."""

import os
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from connectors.database.postgres.engines import KEPT, borrow
from tests.conftest import Server


@pytest.fixture
def url(embedded_server: Server) -> str:
    return embedded_server.url.render_as_string(hide_password=False)


def backend(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)


def test_the_next_user_finds_the_connection_of_the_last(url: str) -> None:
    first, give_back = borrow(url, pool_size=1)
    connected = backend(first)
    give_back()
    second, give_back = borrow(url, pool_size=1)
    assert second is first
    assert backend(second) == connected
    other, give_other_back = borrow(url, pool_size=2)
    assert other is not first
    give_back()
    give_other_back()


def test_engines_that_nobody_uses_are_closed_the_oldest_first(url: str) -> None:
    used, give_back = borrow(url, pool_recycle=1_000)
    connected = backend(used)
    returns: list[Callable[[], None]] = []
    for number in range(KEPT + 2):
        returns.append(borrow(url, pool_recycle=2_000 + number)[1])
    for give in returns:
        give()
        give()
    assert backend(used) == connected, "what is in use stays open"
    assert borrow(url, pool_recycle=1_000)[0] is used
    give_back()


# Python from 3.12 on warns of every fork beside threads; the child here runs no Python of theirs.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_leaves_the_connections_of_its_parent_alone(url: str) -> None:
    engine, give_back = borrow(url, pool_size=3)
    connected = backend(engine)
    child = os.fork()
    if child == 0:
        own, give_own_back = borrow(url, pool_size=3)
        is_another = own is not engine and backend(own) != connected
        give_own_back()
        give_back()
        os._exit(0 if is_another else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert backend(engine) == connected
    give_back()
