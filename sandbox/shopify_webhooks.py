"""Shopify's webhook subscriptions: the corner of the schema that they are, and their answers."""

from typing import Any

from sandbox.hooks import Hooks

SCHEMA = """
extend type Query { webhookSubscriptions(first: Int): WebhookSubscriptionConnection! }
extend type Mutation {
  webhookSubscriptionCreate(
    topic: WebhookSubscriptionTopic! webhookSubscription: WebhookSubscriptionInput!
  ): WebhookSubscriptionCreatePayload
  webhookSubscriptionDelete(id: ID!): WebhookSubscriptionDeletePayload
}
type WebhookSubscriptionConnection { nodes: [WebhookSubscription!]! }
type WebhookSubscription { id: ID! topic: WebhookSubscriptionTopic! uri: String! }
type WebhookSubscriptionCreatePayload { userErrors: [UserError!]! }
type WebhookSubscriptionDeletePayload { userErrors: [UserError!]! }
type UserError { field: [String!] message: String! }
input WebhookSubscriptionInput {
  uri: String format: WebhookSubscriptionFormat includeFields: [String!]
}
enum WebhookSubscriptionFormat { JSON XML }
enum WebhookSubscriptionTopic {
  ORDERS_CREATE ORDERS_PAID ORDERS_UPDATED ORDERS_CANCELLED REFUNDS_CREATE DISPUTES_CREATE
  PRODUCTS_CREATE PRODUCTS_UPDATE APP_UNINSTALLED
}
"""


class ShopifyWebhooks:
    """Subscriptions of an application; `secret` signs the deliveries of all its shops."""

    def __init__(self, secret: str) -> None:
        self.hooks, self._secret = Hooks("shopify", failures_allowed=8), secret

    def root(self, shop: str) -> dict[str, Any]:
        """Return the answers about one shop."""

        def listed(_info: object, first: int) -> dict[str, Any]:
            nodes = [
                {"id": _global(record.id), "topic": _enum(topic), "uri": record.url}
                # Shopify deletes those that failed too often.
                for record in self.hooks.of(shop)
                if record.is_active
                for topic in record.topics
            ]
            return {"nodes": nodes[:first]}

        def create(_info: object, topic: str, webhookSubscription: dict[str, Any]) -> Any:  # noqa: N803
            uri = webhookSubscription["uri"]
            same = [r for r in self.hooks.of(shop) if r.url == uri and _topic(topic) in r.topics]
            if same and same[0].is_active:
                taken = "Address for this topic has already been taken"
                return {"userErrors": [{"field": ["webhookSubscription"], "message": taken}]}
            self.hooks.add(shop, [_topic(topic)], uri, self._secret)
            return {"userErrors": []}

        def delete(_info: object, id: str) -> Any:
            gone = self.hooks.records.pop(id.rsplit("/", 1)[-1], None)
            missing = {"field": ["id"], "message": "Webhook subscription does not exist"}
            return {"userErrors": [] if gone else [missing]}

        return {
            "webhookSubscriptions": listed,
            "webhookSubscriptionCreate": create,
            "webhookSubscriptionDelete": delete,
        }


def _global(number: str) -> str:
    return f"gid://shopify/WebhookSubscription/{number}"


def _enum(topic: str) -> str:
    return topic.replace("/", "_").upper()


def _topic(enum: str) -> str:
    noun, _, verb = enum.lower().rpartition("_")
    return f"{noun}/{verb}"
