"""eBay's notifications: who sent one, and of what.

Facts: the Notification API and eBay's SDKs for it. `X-EBAY-SIGNATURE` is base64 of an object with a
key's id and an ECDSA signature over the raw body, by a SHA-1 digest; the key comes from
`getPublicKey`, by the application's token, and may be kept for an hour. eBay tests an address by
`challenge_code`. The topic of account deletions is mandatory, and about a buyer. UNCONFIRMED:
the names of the topics of orders, and how often eBay sends again.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

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
from connectors.channels.ebay.public_keys import public_key
from connectors.channels.ebay.subscriptions import SUBSCRIPTIONS
from connectors.errors import BadInput

TITLE: Final = "eBay"
DELETION: Final = "MARKETPLACE_ACCOUNT_DELETION"
TOPICS: Final[Mapping[str, Topic]] = {
    "ORDER_CONFIRMATION": Topic("orders"),
    "ITEM_MARKED_SHIPPED": Topic("orders"),
    "AUTHORIZATION_REVOCATION": ACCESS_ENDED,
}
_DIGESTS: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "SHA1": hashes.SHA1(),  # noqa: S303 - eBay's own choice
    "SHA256": hashes.SHA256(),
}


def read(incoming: Incoming) -> list[WebhookEvent]:
    """Return the one event of a notification; `Forged` unless eBay's key signed it."""
    _verify(incoming)
    body = parse_object(incoming.body, TITLE)
    try:
        topic, notification = body["metadata"]["topic"], body["notification"]
        event_id = notification["notificationId"]
    except (KeyError, TypeError) as error:
        raise BadInput(f"this is no webhook of {TITLE}") from error
    # The account it names, if any, is a buyer's.
    at = parse_instant(notification.get("eventDate"))
    return [WebhookEvent(str(event_id), str(topic), None, at, incoming.body)]


def _verify(incoming: Incoming) -> None:
    key_id, signature, digest = _signature(incoming.header("x-ebay-signature"))
    key = _key(incoming.public_key(key_id))
    try:
        key.verify(signature, incoming.body, ec.ECDSA(digest))
    except InvalidSignature as error:
        raise Forged(f"{TITLE} did not sign this") from error


def _signature(header: str) -> tuple[str, bytes, hashes.HashAlgorithm]:
    """Return the key's id, the signature and its digest, as the header states them."""
    try:
        stated = orjson.loads(base64.b64decode(header, validate=True))
        signature = base64.b64decode(stated["signature"], validate=True)
        return str(stated["kid"]), signature, _DIGESTS[stated["digest"]]
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise Forged(f"{TITLE} did not sign this") from error


def _key(pem: str) -> ec.EllipticCurvePublicKey:
    """Return a public key; eBay leaves the line breaks of PEM out."""
    encoded = re.sub(r"-----[A-Z ]+-----|\s", "", pem)
    try:
        key = load_der_public_key(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise Forged(f"{TITLE} hands out no such key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Forged(f"{TITLE} hands out a key of another kind")
    return key


def answer_challenge(code: str, token: str, url: str) -> Mapping[str, str]:
    """Return the answer to a challenge: the address knows the token that was typed at eBay."""
    digest = hashlib.sha256((code + token + url).encode()).hexdigest()
    return {"challengeResponse": digest}


def _user(body: Mapping[str, Any]) -> str:
    return str(body["notification"].get("data", {}).get("userId", ""))


DELIVERIES = DeliverySupport(
    read=read,
    where="developer.ebay.com, Application Keys, Notifications",
    topics=TOPICS,
    privacy={DELETION: _user},
    answer_challenge=answer_challenge,
    public_key=public_key,
    subscriptions=SUBSCRIPTIONS,
)
