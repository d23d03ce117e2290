"""The signature of calls to a WooCommerce store: HTTP Basic over https, OAuth 1.0a over plain http.

Some servers keep the Authorization header to themselves; the keys then go in the query, over https.

Facts: WooCommerce's own check of a call (9.9.5, class-wc-rest-authentication.php). Over http the
secret never travels: a call is signed with it, one-legged, in its query. Authlib's OAuth 1 client
refuses plain http altogether, so only its base string (RFC 5849, section 3.4.1) is used.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Generator

import httpx2

from connectors.errors import ConfigError

METHOD = "HMAC-SHA256"


class OneLegged(httpx2.Auth):
    """OAuth 1.0a without a token, its parameters in the query."""

    def __init__(self, key: str, secret: str) -> None:
        """Sign with the store's own pair of keys."""
        self._key, self._secret = key, secret

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Sign one sending; a nonce is good once."""
        parameters = {
            "oauth_consumer_key": self._key,
            "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": METHOD,
            "oauth_timestamp": str(int(time.time())),
        }
        signed = signature(request.method, request.url.copy_merge_params(parameters), self._secret)
        request.url = request.url.copy_merge_params({**parameters, "oauth_signature": signed})
        yield request


class InQuery(httpx2.Auth):
    """The keys as parameters: the last resort of WooCommerce's documents, over https alone."""

    def __init__(self, key: str, secret: str) -> None:
        """Carry the store's own pair of keys."""
        self._keys = {"consumer_key": key, "consumer_secret": secret}

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the keys to one sending."""
        # Once more at each sending: a wrong choice of signature would show the keys.
        if request.url.scheme != "https":
            raise ConfigError("keys travel over https alone: connect the store by that")
        request.url = request.url.copy_merge_params(self._keys)
        yield request


def signature(method: str, url: httpx2.URL, secret: str) -> str:
    """Return the signature of a call, all of whose parameters stand in its query."""
    # Imported here: few stores are called over plain http.
    from authlib.oauth1.rfc5849.signature import construct_base_string

    base = construct_base_string(method, str(url), url.params.multi_items())
    # RFC 5849, section 3.4.2: the ampersand stays where there is no token's secret.
    digest = hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
