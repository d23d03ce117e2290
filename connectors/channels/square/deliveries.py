"""Square's webhooks: who sent one, and of what.

Facts: Square's webhook documentation; the address is signed too, as it was registered, letter by
letter. The signature is in `x-square-hmacsha256-signature`. A subscription is the application's: it
brings the events of all its merchants. Square sends again eleven times in a day, in any order; the
id in the body, which is signed, stays the same.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from connectors.accounts.deliveries import (
    ACCESS_ENDED,
    DeliverySupport,
    Forged,
    Incoming,
    Topic,
    WebhookEvent,
    parse_instant,
    parse_object,
)
from connectors.accounts.webhooks import is_signed_by_any
from connectors.channels.square.subscriptions import SUBSCRIPTIONS

TITLE: Final = "Square"
_SOON: Final = timedelta(minutes=5)
TOPICS: Final[Mapping[str, Topic]] = {
    "order.created": Topic("orders"),
    "order.updated": Topic("orders"),
    "payment.created": Topic("payments"),
    "payment.updated": Topic("payments"),
    "refund.created": Topic("payments"),
    "refund.updated": Topic("payments"),
    "payout.sent": Topic("settlements", _SOON),
    "payout.paid": Topic("settlements", _SOON),
    "payout.failed": Topic("settlements", _SOON),
    "catalog.version.updated": Topic("products"),
    "customer.created": Topic("contacts"),
    "customer.updated": Topic("contacts"),
    "oauth.authorization.revoked": ACCESS_ENDED,
}


def read(incoming: Incoming) -> list[WebhookEvent]:
    """Return the one event of a delivery; `Forged` unless the signature key signed it."""
    message = incoming.url.encode() + incoming.body
    if not is_signed_by_any(
        incoming.secrets, message, incoming.header("x-square-hmacsha256-signature")
    ):
        raise Forged(f"{TITLE} did not sign this")
    body = parse_object(incoming.body, TITLE)
    event_id, topic, merchant = (body.get(n) for n in ("event_id", "type", "merchant_id"))
    if not (event_id and topic):
        raise Forged(f"{TITLE} names a type and an id")
    return [
        WebhookEvent(
            str(event_id),
            str(topic),
            str(merchant) if merchant else None,
            parse_instant(body.get("created_at")),
            incoming.body,
        )
    ]


DELIVERIES = DeliverySupport(
    read=read,
    where="Developer Console, your application, Webhooks",
    topics=TOPICS,
    subscriptions=SUBSCRIPTIONS,
)
