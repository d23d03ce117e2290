"""Rate limits of the platforms' operations, shared by every process of a home.

A token bucket is one row. One statement takes a permit, so that two processes never take the same
token; it may be a future one, which the caller waits for. A daily quota is a row, too: it starts
with its first call and renews a day later. Every call takes a permit, so it must be cheap: each
statement is its own transaction and doesn't wait for the disk. A crash may forget the last moment's
permits.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from connectors.database.registry.repository import Repository
from connectors.errors import RateLimited
from connectors.http import Limit

_DAY = "interval '1 day'"

# Written while the clock was ahead: such a bucket counts as full.
_AHEAD = "b.at > clock_timestamp() + interval '1 minute'"
_TOKENS = (
    f"(CASE WHEN {_AHEAD} THEN :burst ELSE "
    "least(:burst, b.tokens + extract(epoch FROM clock_timestamp() - b.at) * :rate) END - :cost)"
)
_TAKE = text(
    "INSERT INTO registry.buckets AS b (key, tokens, at) "
    "SELECT :key, :burst - :cost, clock_timestamp() "
    "FROM set_config('synchronous_commit', 'off', true) "
    f"ON CONFLICT (key) DO UPDATE SET tokens = {_TOKENS}, at = clock_timestamp() "
    f"WHERE {_TOKENS} >= -:ahead RETURNING tokens"
)
_LACKING = text(
    "SELECT :cost - (tokens + extract(epoch FROM clock_timestamp() - at) * :rate) "
    "FROM registry.buckets WHERE key = :key"
)
_WHOLE = f"b.at <= clock_timestamp() - {_DAY} OR {_AHEAD}"
_LEFT = f"(CASE WHEN {_WHOLE} THEN :most ELSE b.tokens END - 1)"
_SPEND = text(
    "INSERT INTO registry.buckets AS b (key, tokens, at) "
    "VALUES (:key, :most - 1, clock_timestamp()) "
    f"ON CONFLICT (key) DO UPDATE SET tokens = {_LEFT}, at = "
    f"CASE WHEN {_WHOLE} THEN clock_timestamp() ELSE b.at END "
    f"WHERE {_LEFT} >= 0 RETURNING tokens"
)
_RESETS = text(
    f"SELECT extract(epoch FROM at + {_DAY} - clock_timestamp()) "
    "FROM registry.buckets WHERE key = :key"
)
# Not capped at the burst: the next permit caps it.
_GIVE_BACK = text("UPDATE registry.buckets SET tokens = tokens + :cost WHERE key = :key")
# `least`: a longer wait that another process was given must not become shorter.
_HOLD = text(
    "INSERT INTO registry.buckets AS b (key, tokens, at) "
    "VALUES (:key, 1 - :owed, clock_timestamp()) "
    "ON CONFLICT (key) DO UPDATE SET tokens = least(b.tokens, 1 - :owed), at = clock_timestamp()"
)


@dataclass(frozen=True, slots=True)
class Permit:
    """A request for `cost` tokens of a bucket, with a wait of at most `max_wait` seconds."""

    key: str
    per_second: float
    burst: float
    max_wait: float
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class DailyQuota:
    """A limit of `most` calls a day."""

    key: str
    most: int


class RateLimits(Repository):
    """Token buckets by key."""

    def acquire(self, permit: Permit, quota: DailyQuota | None = None) -> float:
        """Take a permit, and a call of a day's quota before; return the seconds to wait.

        Raises `RateLimited` when the wait is too long, or until the quota is whole again: then
        nothing is taken.
        """
        with self._statements() as connection:
            # The quota first: a permit for a call that may not go out would delay the rest.
            if quota is not None:
                _spend(connection, quota)
            return _taken(connection, permit)

    def release(self, key: str, cost: float) -> None:
        """Give back tokens that were not used; the bucket never holds more than its burst."""
        with self._statements() as connection:
            connection.execute(_GIVE_BACK, {"key": key, "cost": cost})

    def penalise(self, key: str, per_second: float, seconds: float) -> None:
        """Refuse all permits for so many seconds."""
        with self._statements() as connection:
            connection.execute(_HOLD, {"key": key, "owed": seconds * per_second})

    @contextmanager
    def _statements(self) -> Iterator[Connection]:
        """Yield a connection on which each statement is a transaction."""
        try:
            with self._engine.connect() as connection:
                yield connection.execution_options(isolation_level="AUTOCOMMIT")
        except DBAPIError as error:
            raise self._explained(error) from error


def _spend(connection: Connection, quota: DailyQuota) -> None:
    parameters = {"key": quota.key, "most": quota.most}
    if connection.scalar(_SPEND, parameters) is None:
        # The quota may have renewed between the two statements; a wait of none would spin.
        wait = max(1.0, float(connection.scalar(_RESETS, parameters) or 1))
        raise RateLimited(f"the platform's quota of the day is spent for {wait:.0f} s", wait)


def _taken(connection: Connection, permit: Permit) -> float:
    """Return the seconds to wait before a permit is used."""
    parameters = {"key": permit.key, "rate": permit.per_second, "cost": permit.cost}
    ahead = {"burst": permit.burst, "ahead": permit.max_wait * permit.per_second}
    tokens = connection.scalar(_TAKE, parameters | ahead)
    if tokens is not None:
        return max(0.0, -float(tokens) / permit.per_second)
    lacking = connection.scalar(_LACKING, parameters)
    wait = max(permit.max_wait, float(lacking or 1) / permit.per_second)
    raise RateLimited(f"the platform's rate limit allows the next request in {wait:.0f} s", wait)


@dataclass(frozen=True, slots=True)
class SharedRateLimiter:
    """The permits for one account's operations, by the platform's limit on each.

    An operation without a limit of its own is under that of `*`, where there is one. Keys begin
    with the application, that of an account with the application's.
    """

    rate_limits: RateLimits
    application: str
    account: str
    limits: Mapping[str, Limit] = field(default_factory=dict)

    def acquire(self, operation: str, max_wait: float, cost: float = 1.0) -> float:
        """Take a permit from the day's quota and from the bucket."""
        limit = self._limit(operation)
        if limit is None:
            return 0.0
        # A bucket of less than one call would never let one through.
        key, burst = self._key(operation), max(1.0, limit.burst)
        day = self._key(operation, "day")
        quota = None if limit.per_day is None else DailyQuota(day, limit.per_day)
        return self.rate_limits.acquire(Permit(key, limit.per_second, burst, max_wait, cost), quota)

    def release(self, operation: str, cost: float) -> None:
        """Give back what was not used of a permit."""
        if cost > 0 and self._limit(operation) is not None:
            self.rate_limits.release(self._key(operation), cost)

    def penalise(self, operation: str, seconds: float) -> None:
        """Hold back every caller of this account for as long as the platform asked."""
        if seconds <= 0:
            return
        # Without a limit there is no rate either; any one makes seconds into what is owed.
        limit = self._limit(operation) or Limit(1.0)
        self.rate_limits.penalise(self._key(operation), limit.per_second, seconds)

    def _limit(self, operation: str) -> Limit | None:
        return self.limits.get(operation, self.limits.get("*"))

    def _key(self, operation: str, what: str = "turn") -> str:
        # Operations without a limit of their own share one bucket, as they share the platform's.
        shared = operation if operation in self.limits else "*"
        limit = self._limit(operation)
        whose = f"{self.application}:{self.account}"
        if limit is not None and limit.of_application:
            whose = self.application
        return f"{whose}:{shared}:{what}"
