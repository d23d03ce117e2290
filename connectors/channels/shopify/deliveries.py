"""Shopify's webhooks: who sent one, and of what.

Facts: "Verify webhook deliveries" (shopify.dev). The raw body is signed with the application's
client secret; after another is set, the old one may sign for an hour yet. No time is signed, so a
delivery's id is remembered against replays. Shopify sends again eight times in four hours. The
three topics of mandatory compliance name a customer or a shop that is to be erased or reported.
UNCONFIRMED: the form of their payloads beside `customer` and `shop_id`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from connectors.accounts.deliveries import (
    ACCESS_ENDED,
    KIB,
    DeliverySupport,
    Forged,
    Incoming,
    Topic,
    WebhookEvent,
    parse_instant,
    parse_object,
)
from connectors.accounts.webhooks import is_signed_by_any
from connectors.channels.shopify.subscriptions import SUBSCRIPTIONS

TITLE: Final = "Shopify"
TOPICS: Final[Mapping[str, Topic]] = {
    "orders/create": Topic("orders"),
    "orders/paid": Topic("orders"),
    "orders/updated": Topic("orders"),
    "orders/cancelled": Topic("orders"),
    "refunds/create": Topic("payments"),
    "order_transactions/create": Topic("payments"),
    "disputes/create": Topic("settlements", timedelta(minutes=5)),
    "products/create": Topic("products"),
    "products/update": Topic("products"),
    "customers/create": Topic("contacts"),
    "customers/update": Topic("contacts"),
    "app/uninstalled": ACCESS_ENDED,
}


def read(incoming: Incoming) -> list[WebhookEvent]:
    """Return the one event of a delivery; `Forged` unless the client secret signed it."""
    if not is_signed_by_any(
        incoming.secrets, incoming.body, incoming.header("x-shopify-hmac-sha256")
    ):
        raise Forged(f"{TITLE} did not sign this")
    topic, event_id = incoming.header("x-shopify-topic"), incoming.header("x-shopify-webhook-id")
    if not (topic and event_id):
        raise Forged(f"{TITLE} names a topic and an id")
    parse_object(incoming.body, TITLE)
    # Signed with the application's secret, which its other shops share: the shop must be this one.
    if incoming.header("x-shopify-shop-domain").lower() != incoming.fields.get("shop", ""):
        raise Forged("this is of another shop")
    at = parse_instant(incoming.header("x-shopify-triggered-at"))
    return [WebhookEvent(event_id, topic, None, at, incoming.body)]


def _customer(body: Mapping[str, Any]) -> str:
    customer = body.get("customer")
    return str(customer.get("id", "")) if isinstance(customer, Mapping) else ""


DELIVERIES = DeliverySupport(
    read=read,
    where="the app's settings in the Dev Dashboard, under Webhooks",
    signed_by="client_secret",
    topics=TOPICS,
    privacy={
        "customers/data_request": _customer,
        "customers/redact": _customer,
        "shop/redact": lambda body: str(body.get("shop_id", "")),
    },
    # An order with hundreds of lines.
    longest=1024 * KIB,
    subscriptions=SUBSCRIPTIONS,
)
