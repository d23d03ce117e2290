"""Subscriptions to Walmart's webhooks, one a type of event.

Facts: the OpenAPI document of the Notifications API (`/v3/webhooks/subscriptions`). We name the
secret, and the header that the signature comes in. UNCONFIRMED: that `HMAC` signs as the page on
performance events says, and that a list of no subscriptions is an empty one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.accounts.subscriptions import Subscriber, Subscription, SubscriptionSupport
from connectors.channels.walmart.signature import SERVICE

# The types, each with the scope that it is of.
RESOURCES: Final = {
    "PO_CREATED": "ORDER",
    "PO_LINE_AUTOCANCELLED": "ORDER",
    "OFFER_PUBLISHED": "ITEM",
    "OFFER_UNPUBLISHED": "ITEM",
}
_PATH: Final = "/v3/webhooks/subscriptions"


def _call(subscriber: Subscriber, method: str, path: str, **options: Any) -> Any:
    market = subscriber.access.fields.get("market") or "us"
    headers = {"WM_SVC.NAME": SERVICE, "WM_MARKET": market}
    url = subscriber.access.url("api", path)
    return subscriber.call("Walmart", method, url, headers=headers, **options)


def existing(subscriber: Subscriber) -> list[Subscription]:
    """Return the seller's subscriptions."""
    listed: Sequence[Mapping[str, Any]] = _call(subscriber, "GET", _PATH).get("events") or ()
    return [
        Subscription(
            each["subscriptionId"],
            frozenset({each["eventType"]}),
            each["eventUrl"],
            is_active=each["status"] == "ACTIVE",
        )
        for each in listed
    ]


def create(subscriber: Subscriber, topics: Sequence[str], url: str, secret: str) -> None:
    """Subscribe an address to each type, signed with our secret."""
    signed = {
        "authMethod": "HMAC",
        "authHeaderName": "WM_SEC.SIGNATURE",
        "clientSecret": secret,
    }
    events = [
        {
            "eventType": topic,
            "eventVersion": "V1",
            "resourceName": RESOURCES[topic],
            "eventUrl": url,
            "authDetails": signed,
            "headers": {"content-type": "application/json"},
            "status": "ACTIVE",
        }
        for topic in topics
    ]
    _call(subscriber, "POST", _PATH, json={"events": events})


def delete(subscriber: Subscriber, subscription: Subscription) -> None:
    """End a subscription."""
    _call(subscriber, "DELETE", f"{_PATH}/{subscription.id}")


SUBSCRIPTIONS = SubscriptionSupport(frozenset(RESOURCES), existing, create, delete)
