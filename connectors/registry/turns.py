"""Turns at the operations that platforms limit, shared by every process of the house.

A token bucket is one row. A turn is taken by one statement, so that two processes never take the
same token; it may be one that is yet to come, which the caller waits for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import text

from connectors.errors import RateLimited
from connectors.http import Limit
from connectors.registry.store import Store

DAY_SECONDS = 86_400.0

_TAKE = text(
    "INSERT INTO registry.buckets AS b (key, tokens, at) "
    "VALUES (:key, :burst - 1, clock_timestamp()) "
    "ON CONFLICT (key) DO UPDATE SET tokens = least(:burst, b.tokens + "
    "extract(epoch FROM clock_timestamp() - b.at) * :rate) - 1, at = clock_timestamp() "
    "WHERE least(:burst, b.tokens + extract(epoch FROM clock_timestamp() - b.at) * :rate) - 1 "
    ">= -:ahead RETURNING tokens"
)
_LACKING = text(
    "SELECT 1 - (tokens + extract(epoch FROM clock_timestamp() - at) * :rate) "
    "FROM registry.buckets WHERE key = :key"
)
_HOLD = text(
    "INSERT INTO registry.buckets AS b (key, tokens, at) "
    "VALUES (:key, 1 - :owed, clock_timestamp()) "
    "ON CONFLICT (key) DO UPDATE SET tokens = least(b.tokens, 1 - :owed), at = clock_timestamp()"
)


class Turns(Store):
    """Token buckets by key."""

    def take_turn(self, key: str, per_second: float, burst: float, longest: float) -> float:
        """Take a turn; the seconds to wait before it, `RateLimited` when more than `longest`.

        A turn that is refused is not taken.
        """
        given = {"key": key, "rate": per_second, "burst": burst, "ahead": longest * per_second}
        with self._transaction() as session:
            tokens = session.scalar(_TAKE, given)
            if tokens is not None:
                return max(0.0, -float(tokens) / per_second)
            lacking = session.scalar(_LACKING, {"key": key, "rate": per_second})
        wait = max(longest, float(lacking or 1) / per_second)
        raise RateLimited(f"the platform's limit gives the next turn in {wait:.0f} s", wait)

    def hold_turns(self, key: str, per_second: float, seconds: float) -> None:
        """Give nobody a turn for so many seconds."""
        with self._transaction() as session:
            session.execute(_HOLD, {"key": key, "owed": seconds * per_second})


@dataclass(frozen=True, slots=True)
class SharedGate:
    """The turns at one account's operations, by what the platform allows of each.

    An operation without a limit of its own is under that of `*`, where there is one.
    """

    turns: Turns
    account: str
    limits: Mapping[str, Limit] = field(default_factory=dict)

    def turn(self, operation: str, longest: float) -> float:
        """Take a turn of the day's quota and of the bucket."""
        limit = self._limit(operation)
        if limit is None:
            return 0.0
        if limit.per_day is not None:
            quota = float(limit.per_day)
            self.turns.take_turn(self._key(operation, "day"), quota / DAY_SECONDS, quota, 0.0)
        return self.turns.take_turn(
            self._key(operation), limit.per_second, max(1.0, limit.burst), longest
        )

    def refused(self, operation: str, seconds: float) -> None:
        """Hold everybody back at this account for as long as the platform asked."""
        if seconds <= 0:
            return
        limit = self._limit(operation) or Limit(1.0)
        self.turns.hold_turns(self._key(operation), limit.per_second, seconds)

    def _limit(self, operation: str) -> Limit | None:
        return self.limits.get(operation, self.limits.get("*"))

    def _key(self, operation: str, what: str = "turn") -> str:
        shared = operation if operation in self.limits else "*"
        return f"{self.account}:{shared}:{what}"
