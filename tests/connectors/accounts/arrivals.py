"""Deliveries of webhooks as they arrive, to be verified."""

from collections.abc import Mapping
from datetime import UTC, datetime

from connectors.accounts.deliveries import Forged, Incoming

NOW = datetime.now(UTC)


def no_key(_key_id: str) -> str:
    raise Forged("there is none")


def incoming(headers: Mapping[str, str], body: bytes, *secrets: str, url: str = "") -> Incoming:
    return Incoming(
        headers={name.lower(): value for name, value in headers.items()},
        body=body,
        url=url,
        secrets=secrets,
        fields={},
        now=NOW,
        public_key=no_key,
    )
