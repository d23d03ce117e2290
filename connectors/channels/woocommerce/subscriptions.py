"""Webhooks of a WooCommerce store, one a topic, made with keys that may write.

Facts: the REST API's `webhooks` (wc/v3) and WooCommerce 9.9.5. Keys with Read alone get a 401 here.
A webhook is disabled after its seventh delivery in a row that failed, and stays so.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx2

from connectors.accounts.subscriptions import Subscriber, Subscription, SubscriptionSupport
from connectors.channels.woocommerce.addresses import endpoint
from connectors.errors import BadInput, ConfigError, DaybookError
from connectors.http.guard import Guard

TOPICS: Final = frozenset({"order.created", "order.updated", "product.created", "product.updated"})
_ROUTE: Final = "/wc/v3/webhooks"


def _error_for(response: httpx2.Response) -> DaybookError | None:
    if response.status_code in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}:
        return ConfigError(
            "the store's keys may not make webhooks: give Daybook keys with Read/Write, or make "
            "the webhooks in the store's WooCommerce, Settings, Advanced, Webhooks"
        )
    # Not followed: the other address may be anybody's, and would get the keys.
    if 300 <= response.status_code < 400:
        return BadInput("the store sends us on to another address: connect it by that one")
    return None


def _call(subscriber: Subscriber, method: str, route: str, **query: Any) -> Any:
    url, more = endpoint(subscriber.access, route)
    return subscriber.call(
        "WooCommerce",
        method,
        url,
        error_for=_error_for,
        # A store may be anybody's address.
        transport=Guard(subscriber.access.private_hosts),
        json=query.pop("json", None),
        params={**more, **query},
    )


def existing(subscriber: Subscriber) -> list[Subscription]:
    """Return the store's webhooks, the newest first, of whatever program."""
    listed: list[Mapping[str, Any]] = _call(subscriber, "GET", _ROUTE, per_page=100)
    return [
        Subscription(
            str(each["id"]),
            frozenset({each["topic"]}),
            each["delivery_url"],
            is_active=each["status"] == "active",
        )
        for each in listed
    ]


def create(subscriber: Subscriber, topics: Sequence[str], url: str, secret: str) -> None:
    """Make a webhook for each topic, signed with our secret."""
    for topic in topics:
        body = {"name": "Daybook", "topic": topic, "delivery_url": url, "secret": secret}
        _call(subscriber, "POST", _ROUTE, json={**body, "status": "active"})


def delete(subscriber: Subscriber, subscription: Subscription) -> None:
    """Delete a webhook; it cannot be moved to the bin, so `force` is needed."""
    _call(subscriber, "DELETE", f"{_ROUTE}/{subscription.id}", force="true")


SUBSCRIPTIONS = SubscriptionSupport(TOPICS, existing, create, delete)
