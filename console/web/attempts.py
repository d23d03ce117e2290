"""Limits on password attempts, counted before a password is looked at.

The count is in the registry, so that no number of requests at once, of consoles or of restarts gets
past it. A name takes few attempts from everybody together, and so does an address. A browser in
which somebody signed in before carries a signed cookie: it has a count of its own, so that nobody
locks them out by guessing.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

from connectors.database.registry import ATTEMPTS, Permit, Registry
from connectors.errors import RateLimited

# An office shares one address, so an address has more attempts than a name.
PER_NAME, PER_ADDRESS, SECONDS = 5, 20, 60.0
DEVICE_SECONDS: Final = 180 * 24 * 3600
# One hash takes 64 MiB and several processors for a moment.
_HASHES_AT_ONCE: Final = 2
_HASH_WAIT_SECONDS: Final = 10.0
_hashing = threading.BoundedSemaphore(_HASHES_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Count:
    """So many attempts in `SECONDS`, counted together under a key."""

    key: str
    most: int

    @property
    def permit(self) -> Permit:
        """Return its token bucket."""
        return Permit(f"{ATTEMPTS}{self.key}", self.most / SECONDS, self.most, 0.0)


def counts(name: str, address: str) -> tuple[Count, ...]:
    """Return what an attempt from anywhere counts for."""
    # People mistype their password as the name, so only its hash is stored.
    hashed = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    return Count(f"address:{_network(address)}", PER_ADDRESS), Count(f"name:{hashed}", PER_NAME)


def count_attempt(registry: Registry, of: Sequence[Count]) -> None:
    """Count one attempt; `RateLimited` where there were too many already."""
    for count in of:
        try:
            registry.rate_limits.acquire(count.permit)
        except RateLimited as error:
            # A bucket from a time with a wrong clock must not announce a wait of days.
            wait = max(1.0, min(error.retry_after, SECONDS))
            message = f"too many wrong passwords: try again in {wait:.0f} s"
            raise RateLimited(message, wait) from error


def forget(registry: Registry, of: Sequence[Count]) -> None:
    """Take an attempt back that was a right password."""
    for count in of:
        # A correct password doesn't count: people sign in on many devices.
        registry.rate_limits.release(count.permit.key, 1.0)


@contextmanager
def hashing() -> Iterator[None]:
    """Hash one password; few are hashed at a time, and nobody waits for ever."""
    if not _hashing.acquire(timeout=_HASH_WAIT_SECONDS):
        raise RateLimited("too many users are signing in: try again in a moment", 1.0)
    try:
        yield
    finally:
        _hashing.release()


def new_device(name: str, password_hash: str) -> str:
    """Return the cookie of a browser in which somebody signed in; it ends with the password."""
    number, issued = secrets.token_urlsafe(12), str(int(time.time()))
    return f"{number}.{issued}.{_signature(name, password_hash, number, issued)}"


def known_device(cookie: str, name: str, password_hash: str | None) -> Count | None:
    """Return the count of a browser in which this user signed in before; None for any other."""
    number, _, rest = cookie.partition(".")
    issued, _, signature = rest.partition(".")
    if password_hash is None or not (issued.isascii() and issued.isdigit()):
        return None
    # Signed, not stored: a browser that never comes back leaves no row.
    expected = _signature(name, password_hash, number, issued)
    # Constant time, so that signatures can't be guessed byte by byte.
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    return Count(f"device:{number}", PER_NAME) if _is_fresh(int(issued)) else None


def _is_fresh(issued: int) -> bool:
    return time.time() - issued < DEVICE_SECONDS


def _signature(name: str, password_hash: str, number: str, issued: str) -> str:
    # Keyed with the password's hash, so that a new password invalidates every device.
    message = "\n".join(("daybook device", name, number, issued))
    return hmac.new(
        password_hash.encode(), message.encode("utf-8", "replace"), "sha256"
    ).hexdigest()


def _network(address: str) -> str:
    """Return the network of an IPv6 address, which one user has all of; else the address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    # One IPv6 customer has at least a /64: single addresses cost a guesser nothing.
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
