"""WooCommerce stores: their keys, and who may call with them."""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

# As in the source of WooCommerce 9.9.5.
WINDOW_SECONDS = 900
CANNOT_VIEW = "woocommerce_rest_cannot_view"
WRONG = "woocommerce_rest_authentication_error"
SIGNED = ("consumer_key", "timestamp", "nonce", "signature", "signature_method")


@dataclass
class WoocommerceStore:
    """One store; `keys` are its secrets by consumer key.

    With `plain` permalinks the route is a parameter; a `deaf` server keeps Authorization to itself.
    """

    name: str
    country: str
    currency: str
    timezone_string: str
    gmt_offset: str = "0"
    plain: bool = False
    deaf: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)

    def new_key(self) -> tuple[str, str]:
        """Return a row of WooCommerce's API keys."""
        key, secret = f"ck_{secrets.token_hex(20)}", f"cs_{secrets.token_hex(20)}"
        self.keys[key] = secret
        return key, secret


def refused_answer(request: Request, store: WoocommerceStore) -> Response | None:
    """Return the answer to a caller who may not; None for one who may."""
    supplied = dict(request.query_params)
    # Keys as a password count over TLS only; plain HTTP takes OAuth 1.0a.
    if request.url.scheme == "http":
        return _unsigned(request, store, supplied)
    header = request.headers.get("authorization", "").removeprefix("Basic ")
    header = "" if store.deaf else header
    key, _, secret = base64.b64decode(header).decode().partition(":")
    # Looked at first, before the header.
    if supplied.get("consumer_key"):
        key, secret = supplied["consumer_key"], supplied.get("consumer_secret", "")
    if key not in store.keys:
        return error_answer(CANNOT_VIEW, "Sorry, you cannot list resources.")
    return None if store.keys[key] == secret else error_answer(WRONG, "Consumer secret is invalid.")


def _unsigned(
    request: Request, store: WoocommerceStore, supplied: dict[str, str]
) -> Response | None:
    missing = [f"oauth_{name}" for name in SIGNED if not supplied.get(f"oauth_{name}")]
    if len(missing) == len(SIGNED):
        return error_answer(CANNOT_VIEW, "Sorry, you cannot list resources.")
    if missing:
        code = "woocommerce_rest_authentication_missing_parameter"
        return error_answer(code, f"Missing OAuth parameters {', '.join(missing)}")
    secret = store.keys.get(supplied["oauth_consumer_key"])
    if secret is None:
        return error_answer(WRONG, "Consumer key is invalid.")
    # A plus sign of base64 comes out of a query as a blank.
    if _signature(request, secret, supplied) != unquote(
        supplied["oauth_signature"].replace(" ", "+")
    ):
        return error_answer(WRONG, "Invalid signature - provided signature does not match.")
    return _stale(store, supplied["oauth_timestamp"], supplied["oauth_nonce"])


def _stale(store: WoocommerceStore, timestamp: str, nonce: str) -> Response | None:
    if abs(time.time() - int(timestamp)) > WINDOW_SECONDS:
        return error_answer(WRONG, "Invalid timestamp.")
    if nonce in store.nonces:
        return error_answer(WRONG, "Invalid nonce - nonce has already been used.")
    store.nonces.add(nonce)
    return None


def _signature(request: Request, secret: str, supplied: dict[str, str]) -> str:
    """Sign as WooCommerce does: base string from its home address, sorted by raw name."""
    address = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
    pairs = [
        f"{quote(quote(name, safe='~'), safe='~')}%3D{quote(quote(value, safe='~'), safe='~')}"
        for name, value in sorted(supplied.items())
        if name != "oauth_signature"
    ]
    text = f"{request.method}&{quote(address, safe='~')}&{'%26'.join(pairs)}"
    kind = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
    how = kind[supplied["oauth_signature_method"]]
    # OAuth without a token: the second half of the key is empty.
    return base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), how).digest()).decode()


def error_answer(code: str, message: str) -> Response:
    """Return a refusal as WordPress words it."""
    return JSONResponse({"code": code, "message": message, "data": {"status": 401}}, 401)
