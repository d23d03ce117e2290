"""Webhooks of QuickBooks: it tells what changed in a company, signed by the app's verifier token.

Facts: Intuit's page on the payload of 12 November 2025. Since 2026 a body is an array of
CloudEvents, with `type` like `qbo.journalentry.updated.v1`, `intuitaccountid` and
`intuitentityid`; before, `eventNotifications` by `realmId`. `intuit-signature` is the body's
HMAC-SHA256 under the verifier token, in base64. It wants an answer within three seconds, and sends
again what had none. The words for a void differ by page: `void` and `voided` are taken alike.
UNCONFIRMED: how a type writes JournalEntry, and that there are events of transfers; types are
compared without regard to case.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from connectors.accounting.quickbooks.booked import JOURNAL_ENTRY, OURS, reference_of
from connectors.accounts.deliveries import (
    DeliverySupport,
    Forged,
    Incoming,
    WebhookEvent,
    parse_instant,
)
from connectors.accounts.webhooks import is_signed_by_any
from connectors.errors import BadInput

SIGNATURE: Final = "intuit-signature"
VERIFIER: Final = "verifier_token"
# What entries become there, as types of events have it.
_KINDS: Final = {kind.lower(): kind for kind in (JOURNAL_ENTRY, *OURS)}
# Who creates an entry does not change one of ours. A merge leaves one of two.
_CHANGES: Final = frozenset(
    (
        *("update", "updated", "delete", "deleted"),
        *("merge", "merged", "void", "voided"),
    )
)


@dataclass(frozen=True, slots=True)
class ChangedJournal:
    """An entry that was edited or went, by its company's id and its own."""

    company: str
    reference: str


def read(incoming: Incoming) -> list[WebhookEvent]:
    """Return the events of a delivery; `Forged` unless the verifier token signed it."""
    if not is_signed_by_any(incoming.secrets, incoming.body, incoming.header(SIGNATURE)):
        raise Forged("QuickBooks did not sign this")
    try:
        document = orjson.loads(incoming.body)
        deliveries = _cloud_deliveries if isinstance(document, list) else _old_deliveries
        return list(deliveries(document))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput("this is no webhook of QuickBooks") from error


def _cloud_deliveries(document: list[Mapping[str, Any]]) -> Iterator[WebhookEvent]:
    for event in document:
        company, topic = str(event["intuitaccountid"]), str(event["type"])
        at = parse_instant(event.get("time"))
        yield WebhookEvent(str(event["id"]), topic, company, at, orjson.dumps([event]))


def _old_deliveries(document: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    for notification in document["eventNotifications"]:
        company = str(notification["realmId"])
        for entity in notification["dataChangeEvent"]["entities"]:
            own = {"realmId": company, "dataChangeEvent": {"entities": [entity]}}
            body = orjson.dumps({"eventNotifications": [own]})
            topic = f"{entity['name']}.{entity['operation']}"
            at = parse_instant(entity.get("lastUpdated"))
            # This form has no ids; what is sent again has the same words.
            yield WebhookEvent(hashlib.sha256(body).hexdigest(), topic, company, at, body)


def changed_entries(body: bytes) -> frozenset[str]:
    """Return the references of the entries that an event says were changed."""
    return frozenset(changed.reference for changed in changed_journals(body))


def changed_journals(body: bytes) -> frozenset[ChangedJournal]:
    """Return the entries that a body says were changed; `BadInput` where it is no webhook."""
    return frozenset(
        ChangedJournal(company, reference_of(_KINDS[entity.lower()], {"Id": reference}))
        for company, entity, operation, reference in _events(body)
        if entity.lower() in _KINDS and operation.lower() in _CHANGES
    )


def _events(body: bytes) -> list[tuple[str, str, str, str]]:
    """Return company, entity, operation and id of each event, of either form."""
    try:
        document = orjson.loads(body)
        read = _cloud_events if isinstance(document, list) else _notifications
        return list(read(document))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput("this is no webhook of QuickBooks") from error


def _cloud_events(document: list[Mapping[str, Any]]) -> Iterator[tuple[str, str, str, str]]:
    for event in document:
        entity, operation = [*event["type"].split("."), "", ""][1:3]
        company, reference = str(event["intuitaccountid"]), str(event["intuitentityid"])
        yield company, entity, operation, reference


def _notifications(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for notification in document["eventNotifications"]:
        company = str(notification["realmId"])
        for entity in notification["dataChangeEvent"]["entities"]:
            yield company, str(entity["name"]), str(entity["operation"]), str(entity["id"])
            # The other one of two that were merged.
            if "deletedId" in entity:
                yield company, str(entity["name"]), "deleted", str(entity["deletedId"])


DELIVERIES = DeliverySupport(
    read=read,
    where="developer.intuit.com, your app, Webhooks",
    signed_by=VERIFIER,
    topics={},
    changed_entries=changed_entries,
)
