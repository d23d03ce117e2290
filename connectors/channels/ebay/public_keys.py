"""eBay's public keys, which its notifications are signed with; each is asked for once an hour.

Facts: `getPublicKey` of the Notification API; it takes the application's token, and eBay's page
wants its answers kept for about an hour.
"""

import re
import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from connectors.accounts.broker import GrantRefused
from connectors.accounts.deliveries import Forged
from connectors.accounts.platform import Access
from connectors.errors import DaybookError
from connectors.http import Remote

KEPT_SECONDS: Final = 3600.0
# Whoever forges ids of keys has us ask eBay for no more than these.
ASKS_A_MINUTE: Final = 20
_ID: Final = re.compile(r"[A-Za-z0-9-]{8,64}")


class PublicKeys:
    """The keys of one process, by the host they are from and their id."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep no key yet; `clock` tells seconds."""
        self._clock, self._lock = clock, Lock()
        self._keys: dict[tuple[str, str], tuple[float, str | None]] = {}
        self._asks: list[float] = []

    def get(self, host: str, key_id: str, ask: Callable[[], str | None]) -> str:
        """Return a key, by `ask` where it is not kept; `Forged` where there is none."""
        now = self._clock()
        until, key = self._keys.get((host, key_id), (0.0, None))
        if until <= now:
            self._count(now)
            # Outside the lock: other keys do not wait for eBay's answer.
            key = ask()
            with self._lock:
                # Ids that nobody has fill no memory for long.
                self._keys = {k: v for k, v in self._keys.items() if v[0] > now}
                self._keys[host, key_id] = (now + (KEPT_SECONDS if key else 60.0), key)
        if key is None:
            raise Forged("eBay has no such key")
        return key

    def _count(self, now: float) -> None:
        with self._lock:
            self._asks = [at for at in self._asks if at > now - 60]
            if len(self._asks) >= ASKS_A_MINUTE:
                raise Forged("too many unknown keys are named")
            self._asks.append(now)


_KEYS: Final = PublicKeys()


def public_key(access: Access, key_id: str) -> str:
    """Return eBay's public key of an id, as PEM; `Forged` where eBay tells of none."""
    if not _ID.fullmatch(key_id):
        raise Forged("eBay's keys have other ids")
    url = access.url("api", f"/commerce/notification/v1/public_key/{key_id}")
    return _KEYS.get(access.url("api"), key_id, lambda: _asked(access, url))


def _asked(access: Access, url: str) -> str | None:
    # It names these deliveries itself.
    from connectors.channels.ebay.authorisation import application_token

    try:
        token = application_token(access)
        with Remote("eBay", headers={"Authorization": f"Bearer {token}"}) as ebay:
            return str(ebay.get(url, timeout=5.0)["key"])
    # eBay sends again what had no good answer, so nothing is lost while it does not answer us.
    except (DaybookError, GrantRefused, KeyError, TypeError):
        return None
