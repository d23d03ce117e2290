"""Rate limits of operations, and how often a failed request is retried.

Nothing here waits long: a wait above `RetryPolicy.max_wait` is raised as `RateLimited`, so that the
run frees its slot and is scheduled again after the wait.
"""

import random
from dataclasses import dataclass
from typing import Protocol

from connectors.errors import RateLimited, Transient


@dataclass(frozen=True, slots=True)
class Limit:
    """A platform's limit on one operation: a token bucket, and a quota a day where it has one.

    Rates are those of one application at one account, or `of_application`, of all its accounts
    together. They are in what the platform counts: calls, or points that a call costs.
    """

    per_second: float
    burst: float = 1.0
    per_day: int | None = None
    of_application: bool = False


class RateLimiter(Protocol):
    """Permits for an operation, shared by every process that calls for one account."""

    def acquire(self, operation: str, max_wait: float, cost: float = 1.0) -> float:
        """Take a permit and return the seconds to wait before it is used.

        It counts as `cost` of what the platform counts. Raises `RateLimited` when the wait exceeds
        `max_wait` seconds.
        """

    def release(self, operation: str, cost: float) -> None:
        """Give back as much of a permit as was not used."""

    def penalise(self, operation: str, seconds: float) -> None:
        """Hold back every caller for as long as the platform asked."""


class Unlimited:
    """No limits: for a platform that states none."""

    def acquire(self, operation: str, max_wait: float, cost: float = 1.0) -> float:
        """Return no wait."""
        return 0.0

    def release(self, operation: str, cost: float) -> None:
        """Do nothing: nothing was taken."""

    def penalise(self, operation: str, seconds: float) -> None:
        """Do nothing: there is no shared limit."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Attempts at a request, and the seconds that one wait and all of a sync's may take.

    `budget` bounds what a client waits in all, `initial_wait` doubles with every attempt.
    """

    attempts: int = 1
    max_wait: float = 60.0
    budget: float = 600.0
    initial_wait: float = 0.5

    def wait(self, attempt: int, error: RateLimited | Transient) -> float | None:
        """Return the seconds before a retry after the `attempt`-th failure; None to give up.

        Waits at least as long as the platform asked.
        """
        if attempt >= self.attempts:
            return None
        if isinstance(error, RateLimited):
            if error.retry_after > self.max_wait:
                return None
            # Jitter on top: a platform that gets all callers back in one second refuses them again.
            return error.retry_after + random.uniform(0, min(1.0, error.retry_after))  # noqa: S311
        # Exponential backoff with jitter, the lower half left out so that a retry is never
        # immediate.
        wait = min(self.max_wait, self.initial_wait * float(2**attempt))
        return random.uniform(0.5, 1.0) * wait  # noqa: S311


# Six attempts wait 31 s at most: they outlast a short outage and don't hold a run's slot long.
NO_RETRY, RETRY = RetryPolicy(), RetryPolicy(attempts=6)
