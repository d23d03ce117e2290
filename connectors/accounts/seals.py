"""One sealed value: a version, the id of the key, a nonce, and AES-256-GCM's ciphertext.

Owner and field are authenticated with the value, so a copy under another owner or field doesn't
decrypt.
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
    """Return an identifier of a key that reveals nothing about it."""
    # The prefix separates this hash from any other use of the key.
    return hashlib.sha256(b"daybook key id" + key).digest()[:_ID_BYTES]


def seal(key: bytes, value: bytes, place: tuple[str, str]) -> bytes:
    """Encrypt a value for a place, which is (owner, field)."""
    # Random 96-bit nonces are safe for 2^32 values a key (NIST SP 800-38D, 8.3); a data key seals a
    # few.
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
    # Neither part contains a zero byte, so two places never make the same text.
    return "\0".join(place).encode()
