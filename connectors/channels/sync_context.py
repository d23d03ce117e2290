"""The context of one sync: the days to read, the documents that are stored, and how to call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx2

from connectors.accounts.platform import Access
from connectors.documents.coverage import complete_window
from connectors.documents.manifest import Manifest
from connectors.http import RETRY, Limit, RateLimiter, Remote, RetryPolicy
from connectors.http.remote import ErrorFor, no_error
from connectors.lake.windows import Window, midnight

# The rate limiter of an account, given the platform's limits.
LimiterFor = Callable[[Mapping[str, Limit]], RateLimiter]


@dataclass(frozen=True, slots=True)
class SyncContext:
    """Everything that a channel needs to read one account.

    `window` are the business days to read. It ends with the last whole day, it is the whole history
    at the first sync, and it always reaches back to where the last sync ended. `since` is the
    first business day of the connection. `documents` are the effective ones that are stored.
    `account` is how the platform describes the account (country, currency, further details).
    `reread` are days that somebody named: what decides them is read again, even where nothing says
    that it has changed.
    """

    access: Access
    sign: Callable[[Access], httpx2.Auth]
    account_id: str
    account: Mapping[str, object]
    time_zone: str
    window: Window
    since: date
    now: datetime
    documents: Sequence[Manifest]
    limiter_for: LimiterFor
    retry_policy: RetryPolicy = RETRY
    reread: Window | None = None

    @property
    def today(self) -> date:
        """Return the business day that is not over yet."""
        return self.now.astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def covered(self) -> Window:
        """Return the whole days that are complete after the window: those before it, and it."""
        complete = complete_window(self.documents)
        start = self.window.start if complete is None else min(complete.start, self.window.start)
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
        """Return a client for the platform's calls; `limits` are by operation, None for none known.

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

    def document_of(self, statement: str) -> Manifest | None:
        """Return the stored document of a statement."""
        return next((m for m in self.documents if m.statement == statement), None)

    def is_current(self, statement: str, tag: str | None = None) -> bool:
        """Return whether a statement is stored as the platform's list says it is now.

        A settlement from an imported file always counts as current.
        """
        document = self.document_of(statement)
        if document is not None:
            return document.tag == tag
        number = statement.partition(":")[2]
        return any(s.settlement_id == number for m in self.documents for s in m.settlements)

    def instant(self, day: date) -> datetime:
        """Return when a business day of the account begins, UTC."""
        return midnight(day, self.time_zone)

    def span(self, window: Window) -> tuple[datetime, datetime]:
        """Return when a window of business days begins and ends, UTC, half-open."""
        return self.instant(window.start), self.instant(window.end)


def stamp(instant: datetime, digits: str = "milliseconds") -> str:
    """Return an instant as most platforms write it: 2026-11-22T00:00:00.000Z."""
    return instant.astimezone(UTC).isoformat(timespec=digits).replace("+00:00", "Z")


def parts(window: Window, days: int) -> list[Window]:
    """Return a window in parts of at most so many days, oldest first."""
    windows, start = [], window.start
    while start < window.end:
        end = min(start + timedelta(days=days), window.end)
        windows.append(Window(start, end))
        start = end
    return windows
