"""A queue of webhooks in front of the inbox: what arrives together is stored together.

A commit takes longer than anything else about a delivery, so those that arrive while one goes on
share the next. Each is answered after the commit that has it.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from pipelines.stages.webhook_inbox import Arrival, WebhookInbox

# The most that one commit stores: a platform waits for a second.
_TOGETHER: Final = 200

_Waiter = tuple[Arrival, "asyncio.Future[bool]"]


class DeliveryQueue:
    """A queue in one event loop; `inbox` is called in threads of its own."""

    def __init__(self, inbox: WebhookInbox) -> None:
        self._inbox = inbox
        self._waiters: list[_Waiter] = []
        self._task: asyncio.Task[None] | None = None
        # Its own, so that a burst takes no thread from pages.
        self._threads = CapacityLimiter(1)

    async def put(self, arrival: Arrival) -> bool:
        """Store a delivery; return whether it is genuine. Raises the errors of the registry."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.append((arrival, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._store())
        return await future

    async def challenge(self, platform: str, slug: str, code: str) -> Mapping[str, str]:
        """Return the answer to a platform's test of an address; errors as of the inbox."""
        answer = partial(self._inbox.challenge, platform, slug, code)
        return await run_sync(answer, limiter=self._threads)

    async def _store(self) -> None:
        while self._waiters:
            batch, self._waiters = self._waiters[:_TOGETHER], self._waiters[_TOGETHER:]
            arrivals = [arrival for arrival, _ in batch]
            receive = partial(self._inbox.receive, arrivals, datetime.now(UTC))
            try:
                results = await run_sync(receive, limiter=self._threads)
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
                _fail(batch, error)
                continue
            for (_, future), is_genuine in zip(batch, results, strict=True):
                # Whoever gave up waiting sends it again, and finds it here.
                if not future.done():
                    future.set_result(is_genuine)


def _fail(batch: list[_Waiter], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
