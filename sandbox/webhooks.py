"""Webhooks as each platform signs and names them, to be sent to an address of Daybook."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a platform, before it is told.

    `account` is the seller's id, `content` what the platform sends of it, `at` when it is sent.
    `raw` is a body in place of the one that the platform would write.
    """

    topic: str
    account: str
    content: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """Somebody who listens: where, by which secret, and the application's id."""

    url: str
    secret: str
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """A request to a hook: the headers, and the very bytes that are signed."""

    headers: Mapping[str, str]
    body: bytes


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _json(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _body(event: Event, content: Any) -> bytes:
    return _json(content) if event.raw is None else event.raw


def _shopify(event: Event, hook: Hook) -> Sending:
    body = _body(event, event.content)
    headers = {
        "X-Shopify-Topic": event.topic,
        "X-Shopify-Hmac-SHA256": _base64(_mac(hook.secret.encode(), body)),
        "X-Shopify-Shop-Domain": event.account,
        "X-Shopify-Webhook-Id": event.id,
        "X-Shopify-Triggered-At": event.at.isoformat(),
    }
    return Sending(headers, body)


def _woocommerce(event: Event, hook: Hook) -> Sending:
    # PHP writes a slash with a backslash before it.
    body = _body(event, event.content).replace(b"/", rb"\/")
    headers = {
        "X-WC-Webhook-Topic": event.topic,
        "X-WC-Webhook-Signature": _base64(_mac(hook.secret.encode(), body)),
        "X-WC-Webhook-Delivery-ID": event.id,
    }
    return Sending(headers, body)


def _square(event: Event, hook: Hook) -> Sending:
    body = _body(
        event,
        {
            "merchant_id": event.account,
            "type": event.topic,
            "event_id": event.id,
            "created_at": event.at.isoformat(),
            "data": dict(event.content),
        },
    )
    signature = _base64(_mac(hook.secret.encode(), hook.url.encode() + body))
    return Sending({"x-square-hmacsha256-signature": signature}, body)


class EBayKey:
    """The key pair that a sandbox's eBay signs its notifications with."""

    def __init__(self) -> None:
        self.id = secrets.token_hex(16)
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public(self) -> str:
        """Return the public key as eBay hands it out: PEM, without its line breaks."""
        public = self._key.public_key()
        return (
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            .decode()
            .replace("\n", "")
        )

    def sign(self, body: bytes) -> str:
        """Return the header of a body."""
        # eBay's own digest.
        signature = self._key.sign(body, ec.ECDSA(hashes.SHA1()))  # noqa: S303
        stated = {"alg": "ecdsa", "kid": self.id, "digest": "SHA1"}
        return _base64(_json({**stated, "signature": _base64(signature)}))


EBAY_KEY: Final = EBayKey()


def _ebay(event: Event, _hook: Hook) -> Sending:
    at = event.at.isoformat()
    body = _body(
        event,
        {
            "metadata": {"topic": event.topic, "schemaVersion": "1.0", "deprecated": False},
            "notification": {
                "notificationId": event.id,
                "eventDate": at,
                "publishDate": at,
                "publishAttemptCount": 1,
                "data": dict(event.content),
            },
        },
    )
    return Sending({"X-EBAY-SIGNATURE": EBAY_KEY.sign(body)}, body)


def _etsy(event: Event, hook: Hook) -> Sending:
    content = {"event_type": event.topic, "shop_id": int(event.account), **event.content}
    body, stamp = _body(event, content), str(int(event.at.timestamp()))
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    signature = _base64(_mac(key, f"{event.id}.{stamp}.".encode() + body))
    headers = {
        "webhook-id": event.id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
    }
    return Sending(headers, body)


def _tiktok(event: Event, hook: Hook) -> Sending:
    body = _body(
        event,
        {
            "type": int(event.topic),
            "tts_notification_id": event.id,
            "shop_id": event.account,
            "timestamp": int(event.at.timestamp()),
            "data": dict(event.content),
        },
    )
    signature = _mac(hook.secret.encode(), hook.client_id.encode() + body).hex()
    return Sending({"Authorization": signature}, body)


def _walmart(event: Event, hook: Hook) -> Sending:
    source = {"eventType": event.topic, "eventTime": event.at.isoformat(), "eventId": event.id}
    body = _body(
        event, {"source": source, "payload": {"partnerId": event.account, **event.content}}
    )
    stamp = str(int(event.at.timestamp()))
    path = urlsplit(hook.url).path
    message = "\n".join(("POST", path, stamp, hashlib.sha256(body).hexdigest()))
    signature = _base64(_mac(hook.secret.encode(), message.encode()))
    return Sending({"WM_SEC.TIMESTAMP": stamp, "WM_SEC.SIGNATURE": signature}, body)


def _quickbooks(event: Event, hook: Hook) -> Sending:
    content = {
        "specversion": "1.0",
        "id": event.id,
        "source": "intuit.sandbox",
        "type": event.topic,
        "datacontenttype": "application/json",
        "time": event.at.isoformat(),
        "intuitaccountid": event.account,
        "data": {},
        **event.content,
    }
    body = _body(event, [content])
    return Sending({"intuit-signature": _base64(_mac(hook.secret.encode(), body))}, body)


def _xero(event: Event, hook: Hook) -> Sending:
    category, _, kind = event.topic.partition(".")
    content = {
        "resourceId": event.id,
        "tenantId": event.account,
        "tenantType": "ORGANISATION",
        "eventCategory": category,
        "eventType": kind,
        "eventDateUtc": event.at.replace(tzinfo=None).isoformat(timespec="milliseconds"),
        **event.content,
    }
    sequence = int(hashlib.sha256(event.id.encode()).hexdigest()[:8], 16)
    body = _body(
        event,
        {
            # Nothing is the test of the address, "intent to receive".
            "events": [content] if event.topic else [],
            "firstEventSequence": sequence,
            "lastEventSequence": sequence,
            "entropy": "SANDBOX",
        },
    )
    return Sending({"x-xero-signature": _base64(_mac(hook.secret.encode(), body))}, body)


_SIGNED: Final[Mapping[str, Callable[[Event, Hook], Sending]]] = {
    "ebay": _ebay,
    "etsy": _etsy,
    "quickbooks": _quickbooks,
    "shopify": _shopify,
    "square": _square,
    "tiktok": _tiktok,
    "walmart": _walmart,
    "woocommerce": _woocommerce,
    "xero": _xero,
}


def signed(platform: str, event: Event, hook: Hook) -> Sending:
    """Return the request by which a platform tells a hook of an event."""
    sending = _SIGNED[platform](event, hook)
    return replace(sending, headers={"Content-Type": "application/json", **sending.headers})
