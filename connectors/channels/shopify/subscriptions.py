"""Subscriptions to Shopify's webhooks, one a topic.

Facts: the Admin GraphQL schema of `graphql.VERSION` (webhookSubscriptions and its mutations), and
Shopify's page on retries: after eight deliveries that fail in a row it deletes a subscription. The
compliance topics are set in the app's own settings alone. UNCONFIRMED: that `includeFields` may
name a field that a topic's payload does not have.
"""

from collections.abc import Sequence
from typing import Final

from connectors.accounts.subscriptions import Subscriber, Subscription, SubscriptionSupport
from connectors.channels.shopify.graphql import run_query
from connectors.errors import ConfigError

# Of the topics that are heard, those that Shopify's enumeration has by these names.
TOPICS: Final = {
    "orders/create": "ORDERS_CREATE",
    "orders/paid": "ORDERS_PAID",
    "orders/updated": "ORDERS_UPDATED",
    "orders/cancelled": "ORDERS_CANCELLED",
    "refunds/create": "REFUNDS_CREATE",
    "disputes/create": "DISPUTES_CREATE",
    "products/create": "PRODUCTS_CREATE",
    "products/update": "PRODUCTS_UPDATE",
    "app/uninstalled": "APP_UNINSTALLED",
}
_BY_ENUM: Final = {name: topic for topic, name in TOPICS.items()}
# A hint needs no more than that: nothing of a buyer is sent.
_FIELDS: Final = ["id", "updated_at"]
LIST = "query Webhooks { webhookSubscriptions(first: 250) { nodes { id topic uri } } }"
CREATE = """mutation Subscribe($topic: WebhookSubscriptionTopic! $hook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic webhookSubscription: $hook) {
    userErrors { field message }
  }
}"""
DELETE = """mutation Unsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) { userErrors { field message } }
}"""


def existing(subscriber: Subscriber) -> list[Subscription]:
    """Return the application's subscriptions in the shop."""
    nodes = run_query(subscriber.access, LIST)["webhookSubscriptions"]["nodes"]
    return [
        Subscription(
            node["id"], frozenset({_BY_ENUM.get(node["topic"], node["topic"])}), node["uri"]
        )
        for node in nodes
    ]


def create(subscriber: Subscriber, topics: Sequence[str], url: str, _secret: str) -> None:
    """Subscribe an address to each topic; Shopify signs with the application's secret."""
    for topic in topics:
        hook = {"uri": url, "format": "JSON", "includeFields": _FIELDS}
        answer = run_query(subscriber.access, CREATE, {"topic": TOPICS[topic], "hook": hook})
        _check(answer["webhookSubscriptionCreate"]["userErrors"], topic)


def delete(subscriber: Subscriber, subscription: Subscription) -> None:
    """End a subscription."""
    answer = run_query(subscriber.access, DELETE, {"id": subscription.id})
    _check(answer["webhookSubscriptionDelete"]["userErrors"], ", ".join(subscription.topics))


def _check(problems: Sequence[dict[str, str]], topic: str) -> None:
    if problems:
        # Cut: a message may repeat what was sent.
        words = "; ".join(str(problem["message"])[:200] for problem in problems)
        raise ConfigError(f"Shopify does not take the webhook {topic}: {words}")


SUBSCRIPTIONS = SubscriptionSupport(frozenset(TOPICS), existing, create, delete)
