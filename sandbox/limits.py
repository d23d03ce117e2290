"""Rate limits of platforms: meters, the accounts they count, and the middleware that asks them.

The numbers are each platform's own and stand in `sandbox.refusals`, with the words in which
it refuses. A meter forgives what a network does to well-spaced calls, and nothing else.
"""

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# So much of a call, and of what comes in a stretch of time, may lack: calls arrive unevenly.
FORGIVEN, JITTER_SECONDS = 0.05, 0.1


@dataclass
class Clock:
    """The emulators' clock: the machine's, ahead by what somebody did not sit out.

    `others` are told of such a wait, too: those that keep time by another clock. It can stand
    `still`.
    """

    ahead: float = 0.0
    still: float | None = None
    others: list[Callable[[float], None]] = field(default_factory=list)

    def __call__(self) -> float:
        """Return seconds since some instant."""
        # Monotonic: a change of the machine's clock during a test must not refill the buckets.
        return self.ahead + (time.monotonic() if self.still is None else self.still)

    def pass_by(self, seconds: float) -> None:
        """Let so many seconds be over at once; stands in for `sleep`."""
        if seconds > 0:
            self.ahead += seconds
            for other in self.others:
                other(seconds)


CLOCK = Clock()


class Meter(Protocol):
    """One limit as one caller has used it."""

    @property
    def left(self) -> float:
        """Return how much can be had at once."""

    def wait(self, cost: float) -> float:
        """Return seconds until so much can be had; 0 for now."""

    def take(self, cost: float) -> None:
        """Use so much; a negative cost gives some back."""

    def least(self, taken: float) -> float:
        """Return seconds that it takes at least to be given so much."""


@dataclass
class Bucket:
    """Tokens that come back at a rate, up to a burst of them."""

    per_second: float
    burst: float
    _used: float = 0.0
    _at: float = field(default_factory=CLOCK)

    @property
    def left(self) -> float:
        """Return the tokens that are left now."""
        now = CLOCK()
        # Refilled when asked, so that no timer runs.
        self._used = max(0.0, self._used - (now - self._at) * self.per_second)
        self._at = now
        return self.burst - self._used

    def wait(self, cost: float) -> float:
        """Return the seconds until there are tokens for a call."""
        lacking = cost - self.left
        # A loaded machine delivers well-spaced calls in bunches; real excess is far larger than
        # this.
        forgiven = FORGIVEN * cost + JITTER_SECONDS * self.per_second
        return 0.0 if lacking <= forgiven else lacking / self.per_second

    def take(self, cost: float) -> None:
        """Take tokens."""
        self._used = self.burst - self.left + cost

    def least(self, taken: float) -> float:
        """Return the burst comes at once, the rest at the rate."""
        return max(0.0, (taken - self.burst) / self.per_second)


@dataclass
class Quota:
    """So many calls in a stretch of time, which begins with the first of them."""

    most: int
    seconds: float
    _count: float = 0.0
    _since: float = float("-inf")

    @property
    def left(self) -> float:
        """Return the calls that this stretch still allows."""
        if CLOCK() - self._since >= self.seconds:
            # A fixed window from the first call, as eBay's and Etsy's days are assumed to be
            # (UNCONFIRMED).
            self._count, self._since = 0.0, CLOCK()
        return self.most - self._count

    def wait(self, cost: float) -> float:
        """Return the seconds until the next stretch begins, where this one is used up."""
        return 0.0 if self.left >= cost else self._since + self.seconds - CLOCK()

    def take(self, cost: float) -> None:
        """Count calls."""
        self._count = self.most - self.left + cost

    def least(self, taken: float) -> float:
        """Return true for every stretch but the last."""
        # The lower bound on time that tests compare a sync's real waits with.
        return max(0.0, math.ceil(taken / self.most) - 1) * self.seconds


@dataclass
class AtOnce:
    """So many calls that have no answer yet."""

    most: int
    _open: float = 0.0

    @property
    def left(self) -> float:
        """Return the calls that may be begun."""
        return self.most - self._open

    def wait(self, cost: float) -> float:
        """Return how long cannot be known."""
        return 0.0 if self.left >= cost else 1.0

    def take(self, cost: float) -> None:
        """Begin a call, or end one where the cost is negative."""
        self._open += cost

    def least(self, taken: float) -> float:
        """Return nought: time is not counted."""
        return 0.0


@dataclass(frozen=True)
class Rule:
    """A limit: its name, the paths it is of, and a meter of each account, or of the application."""

    name: str
    path: str
    meter: Callable[[], Meter]
    of_application: bool = False


@dataclass(frozen=True)
class OverLimit:
    """A call that is one too many: of which rule, and when the next is not."""

    rule: Rule
    meter: Meter
    wait: float


@dataclass(frozen=True)
class Plan:
    """A platform's rules, its refusal, and what it says of its limits in every answer."""

    rules: tuple[Rule, ...]
    refusal: Callable[[OverLimit], Response]
    headers: Callable[[Mapping[str, Meter]], dict[str, str]] = lambda _meters: {}


@dataclass
class Limits:
    """A platform's limits in use: `taken` and `refused` count calls by rule and account.

    Limits that are not `enforced` are counted and refuse nobody.
    """

    plan: Plan
    enforced: bool = True
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    _meters: dict[tuple[str, str], Meter] = field(default_factory=dict)

    def meters(self, path: str, account: str) -> dict[Rule, Meter]:
        """Return the meters that a call passes."""
        matches = {}
        for rule in self.plan.rules:
            if re.fullmatch(rule.path, path):
                key = (rule.name, _whose(rule, account))
                if key not in self._meters:
                    self._meters[key] = rule.meter()
                matches[rule] = self._meters[key]
        return matches

    def admit(self, path: str, account: str, cost: float = 1.0) -> OverLimit | None:
        """Take a call's share of every limit, or of none where one refuses it."""
        meters = self.meters(path, account)
        for rule, meter in meters.items():
            # Every meter is asked before any is charged: a refused call costs nothing.
            wait = meter.wait(cost)
            if wait > 0 and self.enforced:
                self.refused[rule.name, _whose(rule, account)] += 1
                return OverLimit(rule, meter, wait)
        for rule, meter in meters.items():
            meter.take(cost)
            self.taken[rule.name, _whose(rule, account)] += round(cost)
        return None

    def give_back(self, path: str, account: str, cost: float) -> None:
        """Give back what a call came to less."""
        for rule, meter in self.meters(path, account).items():
            meter.take(-cost)
            self.taken[rule.name, _whose(rule, account)] -= round(cost)

    def least(self) -> float:
        """Return seconds that all that was taken takes at least."""
        return max(
            (self._meters[key].least(taken) for key, taken in self.taken.items()), default=0.0
        )

    def spend(self, path: str, account: str, left: float = 0.0) -> None:
        """Leave so much of what can be had at once, as if all else were asked already."""
        for meter in self.meters(path, account).values():
            meter.take(max(0.0, meter.left - left))


def _whose(rule: Rule, account: str) -> str:
    return "application" if rule.of_application else account


class Limited:
    """An application behind its limits; `caller` says whose call it is, None who is nobody."""

    def __init__(
        self, application: ASGIApp, limits: Limits, caller: Callable[[Request], str | None]
    ) -> None:
        self._application, self._limits, self._caller = application, limits, caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call, or refuse it as over its limit."""
        request = Request(scope)
        account = self._caller(request)
        if account is None:
            await self._application(scope, receive, send)
            return
        refused = self._limits.admit(scope["path"], account)
        if refused is not None:
            await self._limits.plan.refusal(refused)(scope, receive, send)
            return
        meters = self._limits.meters(scope["path"], account)
        try:
            await self._application(scope, receive, self._telling(meters, send))
        finally:
            for meter in meters.values():
                # Concurrency is freed when the response has been sent, also after an error.
                if isinstance(meter, AtOnce):
                    meter.take(-1.0)

    def _telling(self, meters: Mapping[Rule, Meter], send: Send) -> Send:
        payload = self._limits.plan.headers({rule.name: meter for rule, meter in meters.items()})
        headers = [(name.lower().encode(), value.encode()) for name, value in payload.items()]

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *headers]}
            await send(message)

        return telling
