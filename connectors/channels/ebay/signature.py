"""eBay's digital signatures: what calls about the money of EU and UK sellers must carry.

Facts: "Digital signatures for APIs" and the Key Management API. Four headers follow RFC 9421 and
RFC 9530, with the parts that are signed in an order of eBay's. eBay makes the key pair, shows the
private key once and never keeps it; a pair is good for three years, longer than any consent, so
every new consent may have its own.
"""

import base64
import binascii
import hashlib
import re
import time
from collections.abc import Callable, Generator
from typing import Any

import httpx2
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from connectors.errors import BadInput

CIPHER = "ED25519"
_KEY_HEADER = "x-ebay-signature-key"
_PARTS: tuple[str, ...] = (_KEY_HEADER, "@method", "@path", "@authority")


class Signature(httpx2.Auth):
    """Signs every request with a key pair's `jwe` and private key; `then` signs it further."""

    requires_request_body = True
    requires_response_body = True

    def __init__(
        self,
        jwe: str,
        private_key: str,
        then: httpx2.Auth,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Sign with a pair of keys, then as `then` does; `clock` tells seconds."""
        self._jwe, self._key = jwe, read_key(private_key)
        self._then, self._clock = then, clock

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add eBay's signature headers, and continue with the other authorisation."""
        # First: `then` may send the request again, with the same body and another token.
        self._sign(request)
        yield from self._then.auth_flow(request)

    def _sign(self, request: httpx2.Request) -> None:
        request.headers[_KEY_HEADER] = self._jwe
        parts = _PARTS
        if request.content:
            digest = hashlib.sha256(request.content).digest()
            request.headers["Content-Digest"] = f"sha-256={_bytes(digest)}"
            parts = ("content-digest", *parts)
        listed = " ".join(f'"{part}"' for part in parts)
        signed = f"({listed});created={int(self._clock())}"
        lines = [f'"{part}": {_value(request, part)}' for part in parts]
        base = "\n".join([*lines, f'"@signature-params": {signed}'])
        request.headers["Signature-Input"] = f"sig1={signed}"
        request.headers["Signature"] = f"sig1={_bytes(self._key.sign(base.encode()))}"


def _value(request: httpx2.Request, part: str) -> str:
    """Return a component's value in the signed text (RFC 9421, section 2)."""
    match part:
        case "@method":
            return request.method
        case "@path":
            # RFC 9421, section 2.2.6: the path as it is sent, still escaped, and without its query.
            return request.url.raw_path.partition(b"?")[0].decode()
        case "@authority":
            # RFC 9421, section 2.2.3: the authority is compared in small letters.
            return str(request.headers["Host"]).lower()
        case _:
            return str(request.headers[part])


def _bytes(raw: bytes) -> str:
    """Return a byte sequence of RFC 8941."""
    return f":{base64.b64encode(raw).decode()}:"


def read_key(text: str) -> Ed25519PrivateKey:
    """Return the private key that eBay handed out, bare or as PEM; `BadInput` for anything else."""
    encoded = re.sub(r"-----[A-Z ]+-----|\s", "", text)
    try:
        key = load_der_private_key(base64.b64decode(encoded, validate=True), None)
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise BadInput("signing_key is no private key: paste it as eBay showed it") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"signing_key must be of the cipher {CIPHER}: make another pair")
    return key


def read_pair(response: Any) -> tuple[str, str]:
    """Return the JWE and the private key in what `createSigningKey` answers."""
    # Before it is stored: eBay does not show it a second time.
    read_key(response["privateKey"])
    return response["jwe"], response["privateKey"]
