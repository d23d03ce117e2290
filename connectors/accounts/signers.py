"""Signers of webhooks: the secrets and fields by which a connection's deliveries are verified."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from connectors.accounts.accounts import Accounts
from connectors.accounts.credentials import application
from connectors.accounts.deliveries import DeliverySupport, Forged
from connectors.accounts.platforms import PLATFORMS
from connectors.accounts.webhook_secrets import WebhookSecrets
from connectors.database.registry import Connection

# A burst of deliveries decrypts the secrets once; whoever finds none that signed reads them anew.
KEPT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Signer:
    """Valid secrets, the newest first, the account's fields, and the source of public keys."""

    secrets: Sequence[str]
    fields: Mapping[str, str]
    public_key: Callable[[str], str]
    read_at: float


class Signers:
    """The signers of one process, by connection; threads may share them."""

    def __init__(self, accounts: Accounts, clock: Callable[[], float] = time.monotonic) -> None:
        """Read what the vault of `accounts` holds; `clock` tells seconds."""
        self._accounts, self._clock = accounts, clock
        self._signers: dict[str, Signer] = {}

    def cached(self, connection: Connection) -> Signer | None:
        """Return a signer that was read a moment ago; None where there is none."""
        signer = self._signers.get(connection.slug)
        return signer if signer is not None and self.age(signer) < KEPT_SECONDS else None

    def age(self, signer: Signer) -> float:
        """Return the seconds since a signer was read."""
        return self._clock() - signer.read_at

    def read(self, connection: Connection, support: DeliverySupport) -> Signer:
        """Return a connection's signer as the vault has it now."""
        access = self._accounts.access(connection.slug)
        platform = PLATFORMS[connection.channel]
        stored, now = WebhookSecrets(self._accounts.vault), datetime.now(UTC)
        secrets = [access.fields.get(support.signed_by or "", "")]
        secrets += stored.valid(connection.slug, now)
        # An application of its own has nothing to do with the one that is registered.
        registered = self._accounts.registered(platform).get("client_id")
        if registered is not None and access.fields.get("client_id") == registered:
            secrets += stored.valid(application(platform), now)
        ask = support.public_key
        public_key = partial(ask, access) if ask else partial(_no_key, platform.title)
        signer = Signer([s for s in secrets if s], access.fields, public_key, self._clock())
        # Never more than there are connections, and slugs of others are not asked for.
        self._signers[connection.slug] = signer
        return signer


def _no_key(title: str, _key_id: str) -> str:
    raise Forged(f"{title} signs with no public key")
