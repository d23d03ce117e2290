"""Signed calls out, as Standard Webhooks has them (standardwebhooks.com, version 1).

The signature is HMAC-SHA256, in base64, of the id, the time and the body, joined by points. The id
of a message stays through all attempts: a receiver that had it already knows it by that.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2

from connectors.errors import BadInput
from connectors.http.guard import Guard, check_url
from connectors.http.remote import USER_AGENT, tls

PREFIX: Final = "whsec_"
_SHORTEST, _LONGEST, _USUAL = 24, 64, 32
# The specification: 15 to 30 seconds.
TIMEOUT_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """The status that a receiver answered, and how long it asks to be left alone."""

    status: int
    retry_after: timedelta | None

    @property
    def is_success(self) -> bool:
        """Return whether the receiver took the message."""
        return 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Return whether the receiver wants no message any more."""
        return self.status == httpx2.codes.GONE

    @property
    def is_redirect(self) -> bool:
        """Return whether the receiver names another address."""
        return 300 <= self.status < 400

    @property
    def is_overloaded(self) -> bool:
        """Return whether all messages to the receiver should come more slowly."""
        return self.status == httpx2.codes.TOO_MANY_REQUESTS or self.status >= 500


def new_secret() -> str:
    """Return a secret that nobody has."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_USUAL)).decode()


def check_secret(secret: str) -> None:
    """Raise `BadInput` for a text that is no secret of Standard Webhooks."""
    try:
        size = len(_key(secret))
    except (ValueError, binascii.Error):
        size = 0
    if not secret.startswith(PREFIX) or not _SHORTEST <= size <= _LONGEST:
        raise BadInput(
            f"a webhook's secret is {PREFIX} and {_SHORTEST} to {_LONGEST} bytes in base64; leave "
            "it out to have one made"
        )


def check_webhook_url(url: str, private_hosts: Set[str]) -> None:
    """Raise `BadInput` for an address that is never called, whatever it resolves to."""
    try:
        check_url(httpx2.URL(url), private_hosts)
    except httpx2.InvalidURL as error:
        raise BadInput("a webhook's address is a URL like https://hooks.example/daybook") from error


def signed_headers(secret: str, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers that prove who sends a body, and when."""
    timestamp = str(int(now.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    digest = hmac.digest(_key(secret), content, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def webhook_client(private_hosts: Set[str]) -> httpx2.Client:
    """Return a client for calls to addresses that people typed: public ones alone."""
    return httpx2.Client(
        transport=Guard(private_hosts),
        verify=tls(),
        timeout=TIMEOUT_SECONDS,
        # A redirect leads to an address that nobody chose.
        follow_redirects=False,
        headers={"User-Agent": USER_AGENT, "Content-Type": "application/json"},
    )


def send_webhook(
    client: httpx2.Client, url: str, body: bytes, headers: dict[str, str]
) -> WebhookReply:
    """Call an address; raise `httpx2.TransportError` where nobody answers.

    `BadInput` where it leads to an address that is not public.
    """
    # The answer's body is nothing to us, and may be without end.
    with client.stream("POST", url, content=body, headers=headers) as response:
        return WebhookReply(response.status_code, _retry_after(response))


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def _retry_after(response: httpx2.Response) -> timedelta | None:
    stated = response.headers.get("Retry-After", "")
    if stated.isdigit():
        return timedelta(seconds=min(int(stated), 10**6))
    try:
        return parsedate_to_datetime(stated) - datetime.now(UTC)
    # Neither form of RFC 9110, or a date without a zone.
    except (TypeError, ValueError):
        return None
