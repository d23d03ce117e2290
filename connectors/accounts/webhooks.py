"""Signatures of webhooks, recomputed and compared: proof that a body comes from its platform."""

import base64
import hashlib
import hmac


def is_signed(key: str, message: bytes, stated: str) -> bool:
    """Return whether `stated` is the base64 HMAC-SHA256 of a message; takes as long either way."""
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    # `==` stops at the first difference, and its time would tell how far a forgery is right.
    return hmac.compare_digest(base64.b64encode(digest), stated.encode())
