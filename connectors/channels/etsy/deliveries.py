"""Etsy's webhooks: who sent one, and of what.

Facts: Etsy's "Webhooks" and the Standard Webhooks specification, whose three headers it sends. Id,
time and raw body are signed; the secret is base64 behind `whsec_`. Etsy sends again eight times in
a day. Only commercial applications have webhooks, set up in the developer portal. UNCONFIRMED:
that signatures begin with `v1,` (taken with and without), and that each attempt has its own time.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from connectors.accounts.deliveries import (
    DeliverySupport,
    Forged,
    Incoming,
    Topic,
    WebhookEvent,
    check_lately,
    parse_object,
)
from connectors.accounts.webhooks import is_digest_of_any
from connectors.errors import BadInput

TITLE: Final = "Etsy"
TOPICS: Final[Mapping[str, Topic]] = {
    "order.paid": Topic("orders"),
    "order.canceled": Topic("orders"),
    "order.shipped": Topic("orders"),
    "order.delivered": Topic("orders"),
}


def read(incoming: Incoming) -> list[WebhookEvent]:
    """Return the one event of a delivery; `Forged` unless it was signed lately."""
    event_id, stamp = incoming.header("webhook-id"), incoming.header("webhook-timestamp")
    message = f"{event_id}.{stamp}.".encode() + incoming.body
    # While a secret is replaced, one signature of each is sent, with spaces between.
    stated = [each.removeprefix("v1,") for each in incoming.header("webhook-signature").split()]
    if not (event_id and is_digest_of_any(_keys(incoming.secrets), message, stated)):
        raise Forged(f"{TITLE} did not sign this")
    check_lately(incoming, stamp, TITLE)
    body = parse_object(incoming.body, TITLE)
    topic, shop = body.get("event_type"), body.get("shop_id")
    if not (topic and shop):
        raise BadInput(f"this is no webhook of {TITLE}")
    return [WebhookEvent(event_id, str(topic), str(shop), None, incoming.body)]


def _keys(secrets: Iterable[str]) -> Iterator[bytes]:
    for secret in secrets:
        try:
            yield base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            continue


DELIVERIES = DeliverySupport(
    read=read,
    where="the webhook portal of Etsy's developers, for commercial apps",
    topics=TOPICS,
)
