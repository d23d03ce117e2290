"""Turns at a platform's limits are shared by all processes and never given twice."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from connectors.database.registry import Registry
from connectors.database.registry.rate_limits import Permit, SharedRateLimiter
from connectors.errors import RateLimited
from connectors.home.settings import Settings
from connectors.http import Limit


def test_a_burst_is_free_and_then_the_rate_holds(registry: Registry) -> None:
    waits = [
        registry.rate_limits.acquire(Permit("app:shop:list", 10.0, 3.0, 60.0)) for _ in range(6)
    ]
    assert waits[:3] == [0.0, 0.0, 0.0]
    assert waits[3:] == pytest.approx([0.1, 0.2, 0.3], abs=0.09)


def test_a_turn_that_is_too_far_away_is_not_taken(registry: Registry) -> None:
    registry.rate_limits.acquire(Permit("k", 0.01, 1.0, 60.0))
    for _ in range(3):
        with pytest.raises(RateLimited) as refused:
            registry.rate_limits.acquire(Permit("k", 0.01, 1.0, 60.0))
        assert refused.value.retry_after == pytest.approx(100, abs=2)


def test_turns_come_back_with_time(registry: Registry) -> None:
    assert registry.rate_limits.acquire(Permit("k", 50.0, 1.0, 0.0)) == 0.0
    with pytest.raises(RateLimited):
        registry.rate_limits.acquire(Permit("k", 50.0, 1.0, 0.0))
    time.sleep(0.05)
    assert registry.rate_limits.acquire(Permit("k", 50.0, 1.0, 0.0)) == 0.0


def test_a_wait_that_the_platform_asks_for_holds_everybody(registry: Registry) -> None:
    limiter = SharedRateLimiter(registry.rate_limits, "app", "shop", {"list": Limit(5.0, 10.0)})
    limiter.acquire("list", 60.0)
    limiter.penalise("list", 30.0)
    assert limiter.acquire("list", 60.0) == pytest.approx(30.0, abs=0.5)
    with pytest.raises(RateLimited) as refused:
        limiter.acquire("list", 1.0)
    assert refused.value.retry_after >= 29


def test_a_days_quota_that_is_spent_says_when_to_come_back(registry: Registry) -> None:
    limiter = SharedRateLimiter(
        registry.rate_limits, "app", "shop", {"*": Limit(1000.0, 1000.0, per_day=24)}
    )
    for _ in range(24):
        limiter.acquire("anything", 60.0)
    with pytest.raises(RateLimited) as refused:
        limiter.acquire("something else", 60.0)
    assert refused.value.retry_after == pytest.approx(86_400, abs=5)
    assert "quota of the day" in str(refused.value)
    _pass_by(registry, 86_399)
    with pytest.raises(RateLimited):
        limiter.acquire("anything", 60.0)
    _pass_by(registry, 2)
    for _ in range(24):
        limiter.acquire("anything", 60.0)
    with pytest.raises(RateLimited):
        limiter.acquire("anything", 60.0)


def _pass_by(registry: Registry, seconds: float) -> None:
    with registry.connections._transaction() as session:
        session.execute(text(f"UPDATE registry.buckets SET at = at - interval '{seconds} s'"))


def test_accounts_and_operations_do_not_share(registry: Registry) -> None:
    limits = {"list": Limit(0.01), "get": Limit(0.01)}
    for account in ("one", "two"):
        for operation in ("list", "get"):
            assert (
                SharedRateLimiter(registry.rate_limits, "app", account, limits).acquire(
                    operation, 0.0
                )
                == 0.0
            )
    assert SharedRateLimiter(registry.rate_limits, "app", "one", {}).acquire("list", 0.0) == 0.0


def test_accounts_share_what_is_the_applications(registry: Registry) -> None:
    limits = {"*": Limit(0.1, of_application=True)}
    assert (
        SharedRateLimiter(registry.rate_limits, "app", "one", limits).acquire("list", 60.0) == 0.0
    )
    assert (
        SharedRateLimiter(registry.rate_limits, "other", "one", limits).acquire("list", 60.0) == 0.0
    )
    wait = SharedRateLimiter(registry.rate_limits, "app", "two", limits).acquire("get", 60.0)
    assert wait == pytest.approx(10.0, abs=0.5)


def test_a_turn_takes_what_it_costs(registry: Registry) -> None:
    limiter = SharedRateLimiter(registry.rate_limits, "app", "shop", {"*": Limit(100.0, 2000.0)})
    assert limiter.acquire("query", 60.0, 1500.0) == 0.0
    assert limiter.acquire("query", 60.0, 1500.0) == pytest.approx(10.0, abs=0.5)
    with pytest.raises(RateLimited) as refused:
        limiter.acquire("query", 12.0, 1500.0)
    assert refused.value.retry_after == pytest.approx(25.0, abs=0.5)
    limiter.release("query", 1400.0)
    assert limiter.acquire("query", 60.0, 1500.0) == pytest.approx(11.0, abs=0.5)


def test_processes_together_keep_to_the_rate(home: Settings) -> None:
    """Each turn is somebody's alone: the waits of all are those of one queue."""

    def several(_worker: int) -> list[float]:
        with Registry.open(home) as own:
            return [own.rate_limits.acquire(Permit("k", 4.0, 1.0, 60.0)) for _ in range(10)]

    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        waits = sorted(wait for found in pool.map(several, range(4)) for wait in found)
    took = time.monotonic() - started
    assert waits[-1] == pytest.approx(39 / 4.0, abs=took + 0.3)
    gaps = [after - before for before, after in itertools.pairwise(waits[1:])]
    assert sum(gaps) / len(gaps) == pytest.approx(0.25, abs=0.08)


def test_a_clock_that_was_ahead_holds_nobody_back(registry: Registry) -> None:
    limiter = SharedRateLimiter(
        registry.rate_limits, "app", "shop", {"*": Limit(0.001, 1.0, per_day=1)}
    )
    limiter.acquire("anything", 60.0)
    with pytest.raises(RateLimited):
        limiter.acquire("anything", 60.0)
    _pass_by(registry, -365 * 86_400)
    assert limiter.acquire("anything", 60.0) == 0.0
