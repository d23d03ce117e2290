"""Webhooks of a TikTok Shop, one address a type of event.

Facts: Partner Center, "Get Shop Webhooks" and its neighbours (`/event/202309/webhooks`, of which
the official signing example is one). Setting a type's address replaces the one before. UNCONFIRMED:
the names of the types of cancellations and returns.
"""

from collections.abc import Sequence
from typing import Any, Final

from connectors.accounts.subscriptions import Subscriber, Subscription, SubscriptionSupport
from connectors.channels.tiktok.errors import TITLE, refusal
from connectors.errors import ConfigError

# The type's number in a delivery, and its name in these calls.
TYPES: Final = {
    "1": "ORDER_STATUS_CHANGE",
    "5": "PRODUCT_STATUS_CHANGE",
    "6": "SELLER_DEAUTHORIZATION",
    "11": "CANCELLATION_STATUS_CHANGE",
    "12": "RETURN_STATUS_CHANGE",
    "15": "PRODUCT_INFORMATION_CHANGE",
    "16": "PRODUCT_CREATION",
}
_NUMBERS: Final = {name: number for number, name in TYPES.items()}
_PATH: Final = "/event/202309/webhooks"


def _call(subscriber: Subscriber, method: str, body: dict[str, str] | None = None) -> Any:
    query = {"shop_cipher": subscriber.access.fields["shop_cipher"]}
    url = subscriber.access.url("api", _PATH)
    answer = subscriber.call(TITLE, method, url, error_for=refusal, params=query, json=body)
    return answer["data"]


def existing(subscriber: Subscriber) -> list[Subscription]:
    """Return the shop's webhooks."""
    listed = _call(subscriber, "GET").get("webhooks") or ()
    return [
        Subscription(
            each["event_type"],
            frozenset({_NUMBERS.get(each["event_type"], each["event_type"])}),
            each["address"],
        )
        for each in listed
    ]


def create(subscriber: Subscriber, topics: Sequence[str], url: str, _secret: str) -> None:
    """Set the address of each type; TikTok signs with the application's secret.

    Raises `ConfigError` where a type goes elsewhere: another program of the application has it.
    """
    elsewhere = {topic for each in existing(subscriber) for topic in each.topics} & {*topics}
    if elsewhere:
        names = ", ".join(sorted(TYPES[topic] for topic in elsewhere))
        raise ConfigError(
            f"{TITLE} sends this shop's {names} to another address: take it out under Partner "
            "Center, your app, Webhooks"
        )
    for topic in topics:
        _call(subscriber, "PUT", {"address": url, "event_type": TYPES[topic]})


def delete(subscriber: Subscriber, subscription: Subscription) -> None:
    """Take a type's address out."""
    _call(subscriber, "DELETE", {"event_type": subscription.id})


SUBSCRIPTIONS = SubscriptionSupport(frozenset(TYPES), existing, create, delete)
