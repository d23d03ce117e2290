"""Subscriptions to Square's webhooks: one for all topics, of the application.

Facts: Square's OpenAPI document (`/v2/webhooks/subscriptions`) and its webhook documentation, by
which these calls take the application's personal access token, not a seller's. Square makes the
signature key. An application's subscription brings the events of all its sellers.
"""

import uuid
from collections.abc import Sequence
from typing import Any, Final

import httpx2

from connectors.accounts.subscriptions import Subscriber, Subscription, SubscriptionSupport
from connectors.errors import ConfigError, DaybookError

TOPICS: Final = frozenset(
    {
        *("order.created", "order.updated", "payment.created", "payment.updated"),
        *("refund.created", "refund.updated", "payout.sent", "payout.paid", "payout.failed"),
        "oauth.authorization.revoked",
    }
)
VERSION: Final = "2026-09-16"
_PATH: Final = "/v2/webhooks/subscriptions"


def _error_for(response: httpx2.Response) -> DaybookError | None:
    if response.status_code in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}:
        return ConfigError(
            "Square lets only the application's own access token subscribe: make the webhook in "
            "the Developer Console, your application, Webhooks"
        )
    return None


def _call(subscriber: Subscriber, method: str, path: str, **options: Any) -> Any:
    headers, url = {"Square-Version": VERSION}, subscriber.access.url("api", path)
    return subscriber.call("Square", method, url, error_for=_error_for, headers=headers, **options)


def existing(subscriber: Subscriber) -> list[Subscription]:
    """Return the application's subscriptions."""
    query = {"include_disabled": "true"}
    listed = _call(subscriber, "GET", _PATH, params=query).get("subscriptions") or ()
    return [
        Subscription(
            each["id"], frozenset(each["event_types"]), each["notification_url"], each["enabled"]
        )
        for each in listed
    ]


def create(subscriber: Subscriber, topics: Sequence[str], url: str, _secret: str) -> str:
    """Subscribe an address to topics; return the key that Square signs with."""
    subscription = {
        "name": "Daybook",
        "enabled": True,
        "event_types": list(topics),
        "notification_url": url,
        "api_version": VERSION,
    }
    body = {"idempotency_key": str(uuid.uuid4()), "subscription": subscription}
    return str(_call(subscriber, "POST", _PATH, json=body)["subscription"]["signature_key"])


def delete(subscriber: Subscriber, subscription: Subscription) -> None:
    """End a subscription."""
    _call(subscriber, "DELETE", f"{_PATH}/{subscription.id}")


SUBSCRIPTIONS = SubscriptionSupport(TOPICS, existing, create, delete, makes_secret=True)
