"""How long to wait before a request, and how often to try one again.

Nothing here waits long: a wait above `Patience.longest` is raised as `RateLimited`, so that whoever
holds a slot lets it go and comes back when the platform answers again.
"""

import random
from dataclasses import dataclass
from typing import Protocol

from connectors.errors import RateLimited, Transient


@dataclass(frozen=True, slots=True)
class Limit:
    """What a platform allows of one operation: a token bucket, and a quota a day where it has one.

    Rates are those of one application at one account, or `of_application`, of all its accounts
    together. They are in what the platform counts: calls, or points that a call costs.
    """

    per_second: float
    burst: float = 1.0
    per_day: int | None = None
    of_application: bool = False


class Gate(Protocol):
    """Turns at an operation, shared by every process that calls for one account."""

    def turn(self, operation: str, longest: float, cost: float = 1.0) -> float:
        """Take a turn; the seconds to wait before it. `RateLimited` when they exceed `longest`.

        It counts as `cost` of what the platform counts.
        """

    def unused(self, operation: str, cost: float) -> None:
        """A turn came to so much less than it was taken for."""

    def refused(self, operation: str, seconds: float) -> None:
        """The platform asked for a wait: nobody else gets a turn before it is over."""


class OpenGate:
    """No limits: a platform that states none."""

    def turn(self, operation: str, longest: float, cost: float = 1.0) -> float:
        """At once."""
        return 0.0

    def unused(self, operation: str, cost: float) -> None:
        """Nothing was taken."""

    def refused(self, operation: str, seconds: float) -> None:
        """Nobody else to hold back."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is tried, how long one wait may be, and all of a visit's, in seconds."""

    attempts: int = 1
    longest: float = 60.0
    in_all: float = 600.0
    first: float = 0.5

    def wait(self, attempt: int, error: RateLimited | Transient) -> float | None:
        """Seconds before trying again after the `attempt`-th failure; None to give up.

        What the platform asks for is kept to, a little more so that many do not return at once.
        """
        if attempt >= self.attempts:
            return None
        if isinstance(error, RateLimited):
            if error.retry_after > self.longest:
                return None
            return error.retry_after + random.uniform(0, min(1.0, error.retry_after))  # noqa: S311
        longest = min(self.longest, self.first * float(2**attempt))
        return random.uniform(0.5, 1.0) * longest  # noqa: S311


ONCE, PATIENT = Patience(), Patience(attempts=6)
