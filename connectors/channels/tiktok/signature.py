"""The signature of calls to TikTok Shop: a digest over path, query and body, beside the token.

Facts: Partner Center, "Sign your API request". The token is in a header and never signed. A
signature is good for five minutes.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Generator, Iterable

import httpx2

from connectors.channels.tiktok.errors import token_refused
from connectors.http import TokenAuth
from connectors.http.tokens import TokenSource

TOKEN_HEADER = "x-tts-access-token"  # noqa: S105 - the name of a header
_UNSIGNED = {"sign", "access_token"}


def signature(secret: str, path: str, query: Iterable[tuple[str, str]], body: bytes) -> str:
    """Return the `sign` of a call.

    `query` is decoded, `body` the very bytes sent, none of a form's.
    """
    named = sorted((name, value) for name, value in query if name not in _UNSIGNED)
    canonical = path + "".join(name + value for name, value in named)
    message = secret.encode() + canonical.encode() + body + secret.encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


class ShopAuth(httpx2.Auth):
    """Signs a call as the application and carries the seller's token; `clock` tells seconds."""

    requires_request_body = True
    requires_response_body = True

    def __init__(
        self,
        app_key: str,
        app_secret: str,
        token: TokenSource,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Sign as the application, and carry `token`."""
        self._app_key, self._app_secret, self._clock = app_key, app_secret, clock
        self._tokens = TokenAuth(token, TOKEN_HEADER, "{}", token_refused)

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Send the signed request, and once more with a newer token if the token was refused."""
        kind = request.headers.setdefault("content-type", "application/json")
        query = {"app_key": self._app_key, "timestamp": str(int(self._clock()))}
        url = request.url.copy_merge_params(query)
        # "Sign your API request": the body of a form with files is not signed.
        body = b"" if kind.startswith("multipart/form-data") else request.content
        sign = signature(self._app_secret, url.path, url.params.multi_items(), body)
        request.url = url.copy_set_param("sign", sign)
        # The token is not signed, so a second try with a newer one keeps its signature.
        yield from self._tokens.auth_flow(request)
