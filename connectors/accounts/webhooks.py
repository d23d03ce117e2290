"""Signatures of webhooks, recomputed and compared: proof that a body comes from its platform."""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def is_signed(key: str, message: bytes, stated: str) -> bool:
    """Return whether `stated` is the base64 HMAC-SHA256 of a message; takes as long either way."""
    return _is_digest(key.encode(), message, stated)


def is_signed_by_any(
    secrets: Iterable[str], message: bytes, stated: str, *, hexadecimal: bool = False
) -> bool:
    """Return whether one of some secrets signed a message, as base64 or in hexadecimal digits."""
    # Every secret is tried: stopping at the first would tell which one is in use.
    results = [
        _is_digest(secret.encode(), message, stated, hexadecimal=hexadecimal)
        for secret in secrets
        if secret
    ]
    return any(results)


def is_digest_of_any(keys: Iterable[bytes], message: bytes, stated: Iterable[str]) -> bool:
    """Return whether one of some keys made one of the base64 HMAC-SHA256 that are stated."""
    signatures = list(stated)
    return any([_is_digest(key, message, each) for key in keys for each in signatures])


def _is_digest(key: bytes, message: bytes, stated: str, *, hexadecimal: bool = False) -> bool:
    digest = hmac.new(key, message, hashlib.sha256).digest()
    text = digest.hex().encode() if hexadecimal else base64.b64encode(digest)
    # `==` stops at the first difference, and its time would tell how far a forgery is right.
    return hmac.compare_digest(text, stated.encode())
