"""TikTok Shop's webhooks: who sent one, and of what.

Facts: Partner Center's webhooks and its SDK. `Authorization` is the HMAC, in hexadecimal digits, of
the application's key and the raw body, under its secret. It is the application's: it brings the
events of all its shops. TikTok sends again four times in 16 hours. The id in the body, which is
signed, stays the same. UNCONFIRMED: that `timestamp` is when it happened, so it bounds no replay.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from connectors.accounts.deliveries import (
    ACCESS_ENDED,
    DeliverySupport,
    Forged,
    Incoming,
    Topic,
    WebhookEvent,
    parse_object,
)
from connectors.accounts.webhooks import is_signed_by_any
from connectors.channels.tiktok.subscriptions import SUBSCRIPTIONS
from connectors.errors import BadInput

TITLE: Final = "TikTok Shop"
# The types by number; a change of an order covers that it was made, paid, shipped or cancelled.
TOPICS: Final[Mapping[str, Topic]] = {
    "1": Topic("orders"),
    "11": Topic("orders"),
    "12": Topic("orders"),
    "67": Topic("payments"),
    "5": Topic("products"),
    "15": Topic("products"),
    "16": Topic("products"),
    "6": ACCESS_ENDED,
}


def read(incoming: Incoming) -> list[WebhookEvent]:
    """Return the one event of a delivery; `Forged` unless the application's secret signed it."""
    message = incoming.fields.get("client_id", "").encode() + incoming.body
    signature = incoming.header("authorization").lower()
    if not is_signed_by_any(incoming.secrets, message, signature, hexadecimal=True):
        raise Forged(f"{TITLE} did not sign this")
    body = parse_object(incoming.body, TITLE)
    topic, event_id, shop = (body.get(n) for n in ("type", "tts_notification_id", "shop_id"))
    if topic is None or not event_id or not shop:
        raise BadInput(f"this is no webhook of {TITLE}")
    at = body.get("timestamp")
    moment = datetime.fromtimestamp(at, UTC) if isinstance(at, int) and 0 < at < 1 << 35 else None
    return [WebhookEvent(str(event_id), str(topic), str(shop), moment, incoming.body)]


DELIVERIES = DeliverySupport(
    read=read,
    where="Partner Center, your app, Webhooks",
    signed_by="client_secret",
    topics=TOPICS,
    subscriptions=SUBSCRIPTIONS,
)
