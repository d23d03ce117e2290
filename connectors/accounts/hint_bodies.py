"""Bodies of webhooks at rest: they name buyers, so each is sealed where it is stored.

All are sealed under one data key, which the vault keeps: a body is too short-lived to be sealed
again when the master key changes.
"""

import base64
from dataclasses import dataclass
from typing import Final

from connectors.accounts.keys import new_key
from connectors.accounts.seals import DoesNotOpen, seal, unseal
from connectors.accounts.vault import Vault
from connectors.errors import ConfigError

# No connection's slug has a colon.
OWNER: Final = "hints:bodies"
_KEY: Final = "key"


@dataclass(frozen=True, slots=True)
class HintBodies:
    """Sealed bodies of one home."""

    vault: Vault

    def key(self) -> bytes:
        """Return the key of the bodies, made where there is none yet."""
        stored = self.vault.read(OWNER).get(_KEY)
        return base64.b64decode(stored) if stored is not None else self._made()

    def _made(self) -> bytes:
        with self.vault.hold(OWNER) as locked:
            # Of two first deliveries the second one uses the first one's.
            if _KEY not in locked.fields:
                locked.save({_KEY: base64.b64encode(new_key()).decode()})
            return base64.b64decode(locked.fields[_KEY])


def seal_body(key: bytes, platform: str, event_id: str, body: bytes) -> bytes:
    """Return a body sealed for its own event."""
    return seal(key, body, (platform, event_id))


def open_body(key: bytes, platform: str, event_id: str, sealed: bytes) -> bytes:
    """Return the body of an event; `ConfigError` where it was sealed under another key."""
    try:
        return unseal(key, sealed, (platform, event_id))
    except DoesNotOpen as error:
        raise ConfigError(
            f"the event {event_id[:80]} of {platform} does not open ({error}): the key of bodies "
            "was restored from another backup"
        ) from error
