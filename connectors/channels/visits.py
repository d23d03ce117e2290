"""One visit to an account at a channel: what is wanted, what is held, and how to call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx2

from connectors.accounts.platform import Access
from connectors.documents.manifest import Manifest
from connectors.http import RETRY, Limit, RateLimiter, Remote, RetryPolicy
from connectors.http.remote import ErrorFor, no_error
from connectors.lake.windows import ONE_DAY, Window, midnight

# How the formats of documents end that tell everything of the days they cover: those that say what
# no settlement has taken yet, one a currency, and ledgers, one after another.
OPEN, LEDGER = ".open", ".ledger"
# The rate limiter of an account, given the platform's limits.
LimiterFor = Callable[[Mapping[str, Limit]], RateLimiter]


@dataclass(frozen=True, slots=True)
class Visit:
    """What a channel needs to read one account.

    `window` are the business days wanted. It ends with the last whole day, it is the whole history
    at the first visit, and it always reaches back to where the last visit ended. `since` is the
    first business day of the connection. `held` are the documents in force. `account` is how the
    platform describes the account (country, currency, further details). `again` are days that
    somebody named: what decides them is read again, even where nothing says that it has changed.
    """

    access: Access
    sign: Callable[[Access], httpx2.Auth]
    account_id: str
    account: Mapping[str, object]
    time_zone: str
    window: Window
    since: date
    now: datetime
    held: Sequence[Manifest]
    limiter_for: LimiterFor
    retry_policy: RetryPolicy = RETRY
    again: Window | None = None

    @property
    def today(self) -> date:
        """The business day that is not over yet."""
        return self.now.astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def covered(self) -> Window:
        """The whole business days that are known once the window is: those before it, and it."""
        known = told(self.held)
        start = self.window.start if known is None else min(known.start, self.window.start)
        return Window(start, self.today)

    def remote(
        self,
        title: str,
        limits: Mapping[str, Limit] | None = None,
        error_for: ErrorFor = no_error,
        headers: Mapping[str, str] | None = None,
        *,
        signed: bool = True,
        transport: httpx2.BaseTransport | None = None,
    ) -> Remote:
        """A client for the platform's calls; `limits` are by operation, None where none is known.

        What is not `signed` goes out without the account's authorisation.
        """
        return Remote(
            title,
            self.sign(self.access) if signed else None,
            error_for,
            headers,
            transport,
            limiter=self.limiter_for(limits or {}),
            retry_policy=self.retry_policy,
        )

    def held_as(self, statement: str) -> Manifest | None:
        """The document of a statement that is held already."""
        return next((m for m in self.held if m.statement == statement), None)

    def holds(self, statement: str, tag: str | None = None) -> bool:
        """Whether a statement is held as the platform's list says it is now.

        A settlement that stands in a file somebody imported is held for good.
        """
        found = self.held_as(statement)
        if found is not None:
            return found.tag == tag
        number = statement.partition(":")[2]
        return any(s.settlement_id == number for m in self.held for s in m.settlements)

    def instant(self, day: date) -> datetime:
        """When a business day of the account begins, UTC."""
        return midnight(day, self.time_zone)

    def span(self, window: Window) -> tuple[datetime, datetime]:
        """When a window of business days begins and ends, UTC, half-open."""
        return self.instant(window.start), self.instant(window.end)


def told(held: Sequence[Manifest]) -> Window | None:
    """The days that documents tell everything of; None where no document says so."""
    alike = [m for m in held if m.format.endswith(OPEN)]
    if alike:
        return Window(max(m.first_day for m in alike), min(m.last_day for m in alike) + ONE_DAY)
    months = [m for m in held if m.format.endswith(LEDGER)]
    if months:
        return Window(min(m.first_day for m in months), max(m.last_day for m in months) + ONE_DAY)
    return None


def stamp(instant: datetime, digits: str = "milliseconds") -> str:
    """An instant as most platforms write it: 2026-11-22T00:00:00.000Z."""
    return instant.astimezone(UTC).isoformat(timespec=digits).replace("+00:00", "Z")


def parts(window: Window, days: int) -> list[Window]:
    """A window in parts of at most so many days, oldest first."""
    found, start = [], window.start
    while start < window.end:
        end = min(start + timedelta(days=days), window.end)
        found.append(Window(start, end))
        start = end
    return found
