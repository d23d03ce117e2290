"""Fetching ahead: while one document is proven, the platform is asked for the next."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event, Thread
from typing import TypeVar

from connectors.errors import Permanent
from connectors.http import RateLimiter

_Item = TypeVar("_Item")
# Documents that may wait to be proven: they are in memory.
WAITING = 1
# How long whoever breaks off waits for the request under way; the thread ends by itself later.
GRACE_SECONDS = 5.0


class _End:
    """After the last item: why there are no more."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


@contextmanager
def ahead(items: Iterator[_Item], stopped: Event) -> Iterator[Iterator[_Item]]:
    """Return the same items in the same order, prefetched from `items` by a thread.

    What `items` raises is raised after all that came before it. When the block is left, `stopped`
    is set, and nothing more is taken.
    """
    waiting: Queue[_Item | _End] = Queue(WAITING)
    # A daemon: a request that takes minutes must not keep the process from ending.
    thread = Thread(target=_take, args=(items, waiting, stopped), daemon=True)
    thread.start()
    try:
        yield _received(waiting)
    finally:
        # First stopped, then room: the thread would go on with the next document otherwise.
        stopped.set()
        _make_room(waiting)
        thread.join(GRACE_SECONDS)


def _take(items: Iterator[_Item], waiting: "Queue[_Item | _End]", stopped: Event) -> None:
    end = _End()
    try:
        for item in items:
            waiting.put(item)
            if stopped.is_set():
                return
    except BaseException as error:  # noqa: BLE001 - raised where the items are used
        end = _End(error)
    waiting.put(end)


def _received(waiting: "Queue[_Item | _End]") -> Iterator[_Item]:
    while not isinstance(item := waiting.get(), _End):
        yield item
    if item.error is not None:
        raise item.error


def _make_room(waiting: "Queue[_Item | _End]") -> None:
    """Let go who waits to put something down that nobody takes any more."""
    try:
        while True:
            waiting.get_nowait()
    except Empty:
        pass


@dataclass(frozen=True, slots=True)
class StoppableRateLimiter:
    """A rate limiter that gives no permit once `stopped` is set: nobody waits for the response."""

    limiter: RateLimiter
    stopped: Event

    def acquire(self, operation: str, max_wait: float, cost: float = 1.0) -> float:
        """Take a permit; raise `Permanent` once it is stopped."""
        if self.stopped.is_set():
            raise Permanent("the sync was broken off")
        return self.limiter.acquire(operation, max_wait, cost)

    def release(self, operation: str, cost: float) -> None:
        """Give back what was not used of a permit."""
        self.limiter.release(operation, cost)

    def penalise(self, operation: str, seconds: float) -> None:
        """Hold back every caller for as long as the platform asked."""
        self.limiter.penalise(operation, seconds)
