"""One sealed value: a version, the id of the key, a nonce, and AES-256-GCM's ciphertext.

What a value belongs to is authenticated with it: copied to another owner or field, it does not
open.
"""

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_ID_BYTES = 8
_NONCE_BYTES = 12


class DoesNotOpen(Exception):
    """The value was sealed under another key, or for another place, or was changed since."""


def key_id(key: bytes) -> bytes:
    """Return what names a key without telling anything about it."""
    return hashlib.sha256(b"daybook key id" + key).digest()[:_ID_BYTES]


def seal(key: bytes, value: bytes, place: tuple[str, str]) -> bytes:
    """Encrypt a value for a place, which is (owner, field)."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    header = _VERSION + key_id(key)
    return header + nonce + AESGCM(key).encrypt(nonce, value, header + _bound(place))


def sealed_under(sealed: bytes) -> bytes:
    """Return the id of the key that a value was sealed under."""
    return sealed[1 : 1 + _ID_BYTES]


def unseal(key: bytes, sealed: bytes, place: tuple[str, str]) -> bytes:
    """Decrypt a value; `DoesNotOpen` unless key and place are those it was sealed with."""
    header, rest = sealed[: 1 + _ID_BYTES], sealed[1 + _ID_BYTES :]
    if header[:1] != _VERSION:
        raise DoesNotOpen("it was sealed by another version of Daybook")
    nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, header + _bound(place))
    except (InvalidTag, ValueError) as error:
        raise DoesNotOpen("it is of another key or place, or was changed") from error


def _bound(place: tuple[str, str]) -> bytes:
    return "\0".join(place).encode()
