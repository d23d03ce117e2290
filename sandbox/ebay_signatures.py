"""eBay's side of digital signatures: makes key pairs, and verifies what a request carries.

Written from RFC 9421, apart from Daybook's own: the parts are read from `Signature-Input`.
"""

import base64
import hashlib
import re
import secrets
import time
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from starlette.requests import Request

REQUIRED = {"x-ebay-signature-key", "@method", "@path", "@authority"}
YEARS_3 = 3 * 365 * 86_400


class Unsigned(Exception):
    """A request without a good signature; `number` is eBay's errorId."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


class SigningKeys:
    """The public keys of the pairs that were made, by JWE."""

    def __init__(self) -> None:
        self.public: dict[str, Ed25519PublicKey] = {}

    def make(self) -> dict[str, Any]:
        """Return a new pair, as `createSigningKey` answers it; the private half is kept nowhere."""
        pair = Ed25519PrivateKey.generate()
        jwe = ".".join(secrets.token_urlsafe(n) for n in (90, 32, 12, 120, 16))
        self.public[jwe] = pair.public_key()
        private = pair.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        public = pair.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {
            "signingKeyId": secrets.token_hex(16),
            "signingKeyCipher": "ED25519",
            "privateKey": base64.b64encode(private).decode(),
            "publicKey": base64.b64encode(public).decode(),
            "jwe": jwe,
            "creationTime": int(time.time()),
            "expirationTime": int(time.time()) + YEARS_3,
        }

    def verify(self, request: Request, body: bytes = b"") -> None:
        """Raise `Unsigned` unless the request is signed with a key that was made here."""
        jwe = request.headers.get("x-ebay-signature-key")
        if jwe is None:
            raise Unsigned(215001, "Missing x-ebay-signature-key header")
        supplied = request.headers.get("signature-input", "")
        stated = re.fullmatch(r'sig1=(\(("[a-z@-]+" ?)+\);created=\d+)', supplied)
        signature = re.fullmatch(r"sig1=:([\w+/=]+):", request.headers.get("signature", ""))
        if stated is None or signature is None or jwe not in self.public:
            raise Unsigned(215120, "Signature validation failed")
        parts = re.findall(r'"([^"]+)"', stated[1])
        if not REQUIRED | ({"content-digest"} if body else set()) <= set(parts):
            raise Unsigned(215120, "Signature validation failed")
        # The path is signed without its query (eBay's guide to digital signatures).
        values = {"@method": request.method, "@path": request.url.path} | {
            "@authority": request.headers["host"]
        }
        base = [f'"{part}": {values.get(part) or request.headers.get(part)}' for part in parts]
        text = "\n".join([*base, f'"@signature-params": {stated[1]}'])
        try:
            self.public[jwe].verify(base64.b64decode(signature[1]), text.encode())
        except InvalidSignature as error:
            raise Unsigned(215122, "Signature validation failed") from error
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        if body and request.headers["content-digest"] != f"sha-256=:{digest}:":
            raise Unsigned(215122, "Signature validation failed")
