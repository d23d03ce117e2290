"""Subscriptions to eBay's notifications, and the application's destination that they go to.

Facts: the Notification API's document. A destination is the application's own, by its token, and
is tested by a challenge while it is made; a subscription is the seller's. UNCONFIRMED: the names of
the topics of orders, their schema's version, and that an alert address must be set before.
"""

from collections.abc import Sequence
from typing import Any, Final

import httpx2

from connectors.accounts.subscriptions import Subscriber, Subscription, SubscriptionSupport
from connectors.errors import ConfigError, DaybookError
from connectors.http import TokenAuth

TOPICS: Final = frozenset({"ORDER_CONFIRMATION", "ITEM_MARKED_SHIPPED"})
_BASE: Final = "/commerce/notification/v1"
_ENABLED: Final = "ENABLED"


def _error_for(response: httpx2.Response) -> DaybookError | None:
    if response.status_code in {httpx2.codes.BAD_REQUEST, httpx2.codes.FORBIDDEN}:
        return ConfigError(
            f"eBay does not take {response.request.url.path}: set an alert e-mail address under "
            "developer.ebay.com, Application Keys, Notifications; the seller may have to connect "
            "again"
        )
    return None


def _call(subscriber: Subscriber, method: str, path: str, **options: Any) -> Any:
    url = subscriber.access.url("api", f"{_BASE}{path}")
    return subscriber.call("eBay", method, url, error_for=_error_for, **options)


def _call_as_application(subscriber: Subscriber, method: str, path: str, **options: Any) -> Any:
    # It names these subscriptions itself.
    from connectors.channels.ebay.authorisation import application_token

    token = application_token(subscriber.access)
    return _call(subscriber, method, path, auth=TokenAuth(lambda refused=None: token), **options)


def _destinations(subscriber: Subscriber) -> dict[str, tuple[str, bool]]:
    """Return the address of each destination, and that eBay still sends there, by its id."""
    answer = _call_as_application(subscriber, "GET", "/destination", params={"limit": "100"})
    return {
        each["destinationId"]: (each["deliveryConfig"]["endpoint"], each["status"] == _ENABLED)
        for each in answer.get("destinations") or ()
    }


def existing(subscriber: Subscriber) -> list[Subscription]:
    """Return the seller's subscriptions."""
    listed = _call(subscriber, "GET", "/subscription", params={"limit": "100"})
    subscriptions = listed.get("subscriptions") or ()
    destinations = _destinations(subscriber) if subscriptions else {}
    return [
        Subscription(
            each["subscriptionId"],
            frozenset({each["topicId"]}),
            *_standing(each, destinations),
        )
        for each in subscriptions
    ]


def _standing(
    subscription: dict[str, Any], destinations: dict[str, tuple[str, bool]]
) -> tuple[str, bool]:
    url, is_sent_to = destinations.get(subscription["destinationId"], ("", False))
    return url, is_sent_to and subscription["status"] == _ENABLED


def create(subscriber: Subscriber, topics: Sequence[str], url: str, secret: str) -> None:
    """Subscribe an address to each topic; `secret` is the token that eBay tests it by."""
    destination = _destination(subscriber, url, secret)
    for topic in topics:
        payload = {"format": "JSON", "schemaVersion": "1.0", "deliveryProtocol": "HTTPS"}
        body = {"topicId": topic, "status": _ENABLED, "destinationId": destination}
        _call(subscriber, "POST", "/subscription", json={**body, "payload": payload})


def _destination(subscriber: Subscriber, url: str, token: str) -> str:
    """Return the id of the destination of an address, made or set right where it must be."""
    body = {
        "name": "Daybook",
        "status": _ENABLED,
        "deliveryConfig": {"endpoint": url, "verificationToken": token},
    }
    for number, (address, is_sent_to) in _destinations(subscriber).items():
        if address == url:
            # After many deliveries that failed, eBay marks it down; it is tested once more.
            if not is_sent_to:
                _call_as_application(subscriber, "PUT", f"/destination/{number}", json=body)
            return number
    _call_as_application(subscriber, "POST", "/destination", json=body)
    made = [number for number, (address, _) in _destinations(subscriber).items() if address == url]
    if not made:
        raise ConfigError("eBay made no destination: it must reach the address by https")
    return made[0]


def delete(subscriber: Subscriber, subscription: Subscription) -> None:
    """End a subscription; the application's destination stays."""
    _call(subscriber, "DELETE", f"/subscription/{subscription.id}")


SUBSCRIPTIONS = SubscriptionSupport(TOPICS, existing, create, delete)
