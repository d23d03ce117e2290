r"""Walmart's webhooks: who sent one, and of what.

Facts: "Security and authenticity" of Walmart's webhooks, and the pages of its events. The signature
in `WM_SEC.SIGNATURE` is of method, path, the time in `WM_SEC.TIMESTAMP` and the SHA-256 of the raw
body, with line ends between. UNCONFIRMED: that subscriptions with `HMAC` are signed like that, as
only the page of performance events says so. Walmart tries three times. No event is about payments.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

import httpx2

from connectors.accounts.deliveries import (
    DeliverySupport,
    Forged,
    Incoming,
    Topic,
    WebhookEvent,
    check_lately,
    parse_instant,
    parse_object,
)
from connectors.accounts.webhooks import is_signed_by_any
from connectors.channels.walmart.subscriptions import SUBSCRIPTIONS
from connectors.errors import BadInput

TITLE: Final = "Walmart"
TOPICS: Final[Mapping[str, Topic]] = {
    "PO_CREATED": Topic("orders"),
    "PO_LINE_AUTOCANCELLED": Topic("orders"),
    "ORDER_UPDATES": Topic("orders"),
    "ORDER_INTENT_TO_CANCEL": Topic("orders"),
    "RETURN_NOTIFICATIONS": Topic("payments"),
    "OFFER_PUBLISHED": Topic("products"),
    "OFFER_UNPUBLISHED": Topic("products"),
}


def read(incoming: Incoming) -> list[WebhookEvent]:
    """Return the one event of a delivery; `Forged` unless it was signed lately."""
    stamp = incoming.header("wm_sec.timestamp")
    path = httpx2.URL(incoming.url).raw_path.decode()
    message = "\n".join(("POST", path, stamp, hashlib.sha256(incoming.body).hexdigest()))
    signature = incoming.header("wm_sec.signature")
    if not is_signed_by_any(incoming.secrets, message.encode(), signature):
        raise Forged(f"{TITLE} did not sign this")
    check_lately(incoming, stamp, TITLE)
    body = parse_object(incoming.body, TITLE)
    try:
        source, payload = body["source"], body["payload"]
        topic, event_id = str(source["eventType"]), str(source["eventId"])
        partner = payload.get("partnerId")
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"this is no webhook of {TITLE}") from error
    at = parse_instant(source.get("eventTime"))
    return [WebhookEvent(event_id, topic, str(partner) if partner else None, at, incoming.body)]


DELIVERIES = DeliverySupport(
    read=read,
    where="Walmart's Notifications API; Daybook subscribes by itself",
    topics=TOPICS,
    subscriptions=SUBSCRIPTIONS,
)
