"""Xero's webhooks: who sent one, and of which documents.

Facts: Xero's OpenAPI document of webhooks, and its guide. `x-xero-signature` is of the raw body,
under the webhook's own key. A webhook is the application's: it brings the events of all its
organisations. It is switched on by "intent to receive": bodies without events, of which those with
a wrong signature must be answered with 401. There are events of invoices, credit notes and
contacts, none of manual journals. UNCONFIRMED: that sequence numbers count through one application.
"""

from datetime import UTC, datetime
from typing import Any, Final

import orjson

from connectors.accounting.xero.booked import RESOURCES, reference_of
from connectors.accounts.deliveries import (
    DeliverySupport,
    Forged,
    Incoming,
    WebhookEvent,
    parse_object,
)
from connectors.accounts.webhooks import is_signed_by_any
from connectors.errors import BadInput

TITLE: Final = "Xero"
_RESOURCES: Final = {"INVOICE": "Invoices", "CREDITNOTE": "CreditNotes"}


def read(incoming: Incoming) -> list[WebhookEvent]:
    """Return the events of a delivery; `Forged` unless the webhook's key signed it."""
    if not is_signed_by_any(incoming.secrets, incoming.body, incoming.header("x-xero-signature")):
        raise Forged(f"{TITLE} did not sign this")
    body = parse_object(incoming.body, TITLE)
    try:
        return [_delivery(event) for event in body["events"]]
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"this is no webhook of {TITLE}") from error


def _delivery(event: dict[str, Any]) -> WebhookEvent:
    topic = f"{event['eventCategory']}.{event['eventType']}"
    # An event has no id of its own; the same change sent again has the same words.
    event_id = f"{event['resourceId']} {topic} {event['eventDateUtc']}"
    at = datetime.fromisoformat(event["eventDateUtc"])
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return WebhookEvent(event_id, topic, str(event["tenantId"]), moment, orjson.dumps(event))


def changed_entries(body: bytes) -> frozenset[str]:
    """Return the document of ours that an event may be about, by its reference."""
    event = parse_object(body, TITLE)
    resource = _RESOURCES.get(str(event.get("eventCategory")))
    # What was made there just now cannot be ours, but for our own call.
    if resource is None or event.get("eventType") != "UPDATE":
        return frozenset()
    number = str(event.get("resourceId", ""))
    return frozenset({reference_of(resource, {RESOURCES[resource]: number})})


DELIVERIES = DeliverySupport(
    read=read,
    where="developer.xero.com, My Apps, your app, Webhooks",
    topics={},
    changed_entries=changed_entries,
)
