"""Subscriptions to a platform's webhooks, made by its API where it has one for that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx2

from connectors.http import Limit, RateLimiter, Remote, RetryPolicy
from connectors.http.remote import ErrorFor, no_error

if TYPE_CHECKING:
    from connectors.accounts.platform import Access

# Platforms publish no limit of these calls: a pace that the smallest of them bears.
OPERATION: Final = "webhooks"
LIMITS: Final = {OPERATION: Limit(per_second=5.0, burst=10.0)}
_PATIENCE: Final = RetryPolicy(attempts=1, max_wait=20.0, budget=60.0)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as the platform lists it; one that `is_active` not sends nothing any more."""

    id: str
    topics: frozenset[str]
    url: str
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Subscriber:
    """The account whose webhooks are subscribed, and what authorises and paces calls for it."""

    access: "Access"
    auth: httpx2.Auth
    limiter: RateLimiter

    def call(
        self,
        title: str,
        method: str,
        url: str,
        *,
        error_for: ErrorFor = no_error,
        headers: Mapping[str, str] | None = None,
        transport: httpx2.BaseTransport | None = None,
        auth: httpx2.Auth | None = None,
        **options: Any,
    ) -> Any:
        """Return the JSON of an answer, None for an empty one; errors are those of `Remote`.

        `auth` is in the place of the account's; `options` are httpx2's (json, params).
        """
        with Remote(
            title, auth or self.auth, error_for, headers, transport, self.limiter, _PATIENCE
        ) as remote:
            return remote.call(method, url, operation=OPERATION, **options)


@dataclass(frozen=True, slots=True)
class SubscriptionSupport:
    """A platform's calls for subscriptions; each raises the errors of `Remote`.

    `topics` are those that Daybook subscribes to, by the names that deliveries have. `existing`
    lists what there is, of other programs too. `create` subscribes an address to topics, with a
    secret to sign by; it returns the secret that the platform made in its place, if it makes them.
    `delete` ends one. With `makes_secret` the platform chooses the secret.
    """

    topics: frozenset[str]
    existing: Callable[[Subscriber], Sequence[Subscription]]
    create: Callable[[Subscriber, Sequence[str], str, str], str | None]
    delete: Callable[[Subscriber, Subscription], None]
    makes_secret: bool = False
