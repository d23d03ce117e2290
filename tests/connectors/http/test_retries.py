"""What is tried again, how often, and when whoever waits is sent home."""

from collections.abc import Iterator

import pytest

from connectors.errors import ConfigError, Permanent, RateLimited, Transient
from connectors.http import Remote, Request, RetryPolicy
from sandbox.faults import Faulty
from sandbox.server import bound, serving
from tests.connectors.http.lists import Lists


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were sat out; nobody sits through them here."""
    slept: list[float] = []
    monkeypatch.setattr("connectors.http.remote.sleep", slept.append)
    return slept


@pytest.fixture
def server() -> Iterator[tuple[Faulty, str]]:
    application = Lists().application
    with serving(application, bound()) as url:
        yield application, url


class RecordingLimiter:
    """A rate limiter that remembers."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.held: list[tuple[str, float]] = []

    def acquire(self, operation: str, max_wait: float, cost: float = 1.0) -> float:
        self.taken.append(operation)
        return 0.0

    def release(self, operation: str, cost: float) -> None:
        """Nobody asks by points here."""

    def penalise(self, operation: str, seconds: float) -> None:
        self.held.append((operation, seconds))


def requested(url: str, limiter: RecordingLimiter, retry_policy: RetryPolicy) -> object:
    with Remote("The list", limiter=limiter, retry_policy=retry_policy) as remote:
        return remote.send(Request("getItems", f"{url}/page")).json


def test_what_passes_is_tried_again_with_growing_waits(
    server: tuple[Faulty, str], waits: list[float]
) -> None:
    application, url = server
    application.script = iter(["503", "cut", "lost"])
    limiter = RecordingLimiter()
    assert requested(url, limiter, RetryPolicy(attempts=4)) == {"items": [0, 1, 2]}
    assert limiter.taken == ["getItems"] * 4
    backed_off = [wait for wait in waits if wait]
    assert len(backed_off) == 3
    assert all(0.5 <= wait / (0.5 * 2**n) <= 1.0 for n, wait in enumerate(backed_off, 1))


def test_patience_ends(server: tuple[Faulty, str], waits: list[float]) -> None:
    application, url = server
    application.script = iter(["503"] * 9)
    with pytest.raises(Transient, match="503"):
        requested(url, RecordingLimiter(), RetryPolicy(attempts=3))
    assert len(application.exchanges) == 3


def test_a_wait_that_is_asked_for_is_kept_and_told_to_everybody(
    server: tuple[Faulty, str], waits: list[float]
) -> None:
    application, url = server
    application.script = iter(["429 7"])
    limiter = RecordingLimiter()
    requested(url, limiter, RetryPolicy(attempts=2))
    assert limiter.held == [("getItems", 7.0)]
    assert 7.0 <= max(waits) <= 8.0


def test_a_long_wait_is_nobodys_to_sit_out(server: tuple[Faulty, str], waits: list[float]) -> None:
    application, url = server
    application.script = iter(["429 86400"])
    with pytest.raises(RateLimited) as refused:
        requested(url, RecordingLimiter(), RetryPolicy(attempts=9))
    assert refused.value.retry_after == 86400
    assert not any(waits)


def test_many_short_waits_are_too_much_in_the_end(
    server: tuple[Faulty, str], waits: list[float]
) -> None:
    _, url = server

    class Slow(RecordingLimiter):
        def acquire(self, operation: str, max_wait: float, cost: float = 1.0) -> float:
            return 40.0

    with (
        Remote("The list", limiter=Slow(), retry_policy=RetryPolicy(budget=100.0)) as remote,
        pytest.raises(RateLimited, match="as often as it allows") as refused,
    ):
        list(map(remote.send, [Request("getItems", f"{url}/page")] * 9))
    assert waits == [40.0, 40.0]
    assert refused.value.retry_after == 40.0


def test_what_no_second_try_mends_is_not_tried_again(server: tuple[Faulty, str]) -> None:
    application, url = server
    with Remote("The list", retry_policy=RetryPolicy(attempts=5)) as remote:
        with pytest.raises(Permanent, match="404"):
            remote.send(Request("getItems", f"{url}/nothing"))
        with pytest.raises(Permanent, match="more than 0 MB"):
            remote.send(Request("getItems", f"{url}/page", largest=5))
    assert len(application.exchanges) == 2


def test_errors_stay_what_they_are(server: tuple[Faulty, str]) -> None:
    _, url = server

    def error_for(_response: object) -> Exception:
        return ConfigError("the platform says no")

    with (
        Remote("The list", error_for=error_for, retry_policy=RetryPolicy(attempts=5)) as remote,
        pytest.raises(ConfigError, match="says no"),
    ):
        remote.send(Request("getItems", f"{url}/page"))
