"""Documents are fetched ahead of their proof: in order, and not further than they are wanted."""

import threading
from collections.abc import Iterator

import pytest

from connectors.errors import Permanent, Transient
from connectors.http.limits import Unlimited
from pipelines.stages.ahead import StoppableRateLimiter, ahead

SECONDS = 10.0


def test_all_comes_in_order_and_then_what_went_wrong() -> None:
    def fetched() -> Iterator[int]:
        yield from range(20)
        raise Transient("the platform does not answer")

    results = []
    with (
        pytest.raises(Transient, match="does not answer"),
        ahead(fetched(), threading.Event()) as items,
    ):
        results.extend(items)
    assert results == list(range(20))


def test_the_next_is_fetched_while_one_is_proven() -> None:
    second = threading.Event()

    def fetched() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    with ahead(fetched(), threading.Event()) as items:
        assert next(items) == 1
        assert second.wait(SECONDS)
        assert list(items) == [2]


def test_who_breaks_off_stops_the_fetching() -> None:
    stopped, closed = threading.Event(), threading.Event()
    limiter = StoppableRateLimiter(Unlimited(), stopped)
    produced = []

    def fetched() -> Iterator[int]:
        try:
            while True:
                limiter.acquire("list", 0.0)
                produced.append(len(produced))
                yield produced[-1]
        finally:
            closed.set()

    def prove() -> None:
        with ahead(fetched(), stopped) as items:
            next(items)
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        prove()
    assert closed.wait(SECONDS)
    assert len(produced) <= 4
    with pytest.raises(Permanent):
        limiter.acquire("list", 0.0)
