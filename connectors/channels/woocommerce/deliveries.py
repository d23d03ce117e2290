r"""WooCommerce's webhooks: who sent one, and of what.

Facts: WooCommerce 9.9.5, class-wc-webhook.php. The raw bytes are signed, with `/` written as `\/`,
so a body that was parsed and written again does not pass. No time is signed, so a delivery's id is
remembered against replays. A new webhook sends `webhook_id=1` unsigned, and wants any answer but
an error. A delivery that fails is not sent again; after the seventh the webhook is disabled.
"""

import re
from collections.abc import Mapping
from typing import Final

from connectors.accounts.deliveries import (
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
from connectors.channels.woocommerce.subscriptions import SUBSCRIPTIONS

TITLE: Final = "WooCommerce"
_PING: Final = re.compile(rb"webhook_id=\d{1,20}")
TOPICS: Final[Mapping[str, Topic]] = {
    "order.created": Topic("orders"),
    "order.updated": Topic("orders"),
    "order.deleted": Topic("orders"),
    "product.created": Topic("products"),
    "product.updated": Topic("products"),
    "customer.created": Topic("contacts"),
    "customer.updated": Topic("contacts"),
}


def read(incoming: Incoming) -> list[WebhookEvent]:
    """Return the one event of a delivery; `Forged` unless the webhook's secret signed it."""
    signature = incoming.header("x-wc-webhook-signature")
    if not is_signed_by_any(incoming.secrets, incoming.body, signature):
        raise Forged(f"{TITLE} did not sign this")
    event_id, topic = (
        incoming.header("x-wc-webhook-delivery-id"),
        incoming.header("x-wc-webhook-topic"),
    )
    if not (event_id and topic):
        raise Forged(f"{TITLE} names a topic and an id")
    body = parse_object(incoming.body, TITLE)
    # Without a zone, though it is UTC.
    at = parse_instant(f"{body.get('date_modified_gmt')}+00:00")
    return [WebhookEvent(event_id, topic, None, at, incoming.body)]


def is_ping(headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether a store only tests the address, as it does when a webhook is made."""
    return "x-wc-webhook-signature" not in headers and bool(_PING.fullmatch(body))


DELIVERIES = DeliverySupport(
    read=read,
    where="the store's WooCommerce, Settings, Advanced, Webhooks",
    topics=TOPICS,
    is_ping=is_ping,
    longest=1024 * KIB,
    subscriptions=SUBSCRIPTIONS,
)
