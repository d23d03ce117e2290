"""A token endpoint that rotates refresh tokens, as Xero, Etsy and QuickBooks do.

Each refresh replaces the refresh token. The one before stays acceptable for a grace, in which it
buys the same new pair again (an answer can get lost); any older one coming back revokes the grant.
"""

import secrets
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

# Xero's half an hour, as integrations report it; its documents don't say.
GRACE_SECONDS = 1800.0


class Cut(Response):
    """An answer that breaks off: the server died while it was sending."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Break off within an answer."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"400")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"acc', "more_body": True})
        raise ConnectionAbortedError("the emulator dies while answering")


@dataclass
class Grants:
    """One application's one grant. `faults` says what befalls each request, then none does."""

    client_id: str = "client"
    client_secret: str = "client-secret"
    lifetime: int = 1800
    grace: float = GRACE_SECONDS
    faults: Iterator[str | None] = field(default_factory=lambda: iter(()))
    refresh_token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    rotations: int = 0
    requests: int = 0
    revoked: bool = False
    _retired: set[str] = field(default_factory=set)
    _before: str | None = None
    _pair: dict[str, Any] = field(default_factory=dict)
    _rotated_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def application(self) -> Starlette:
        """Return the ASGI application: POST /token."""
        return Starlette(routes=[Route("/token", self._token, methods=["POST"])])

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        # Two refreshes at once are what the broker must prevent; here they must be told apart.
        with self._lock:
            self.requests += 1
            fault = next(self.faults, None)
            if fault == "503":
                return Response("upstream timeout", 503)
            if fault == "429":
                return JSONResponse({"error": "slow_down"}, 429, {"Retry-After": "7"})
            answer = self._answer(request, form["grant_type"], form["refresh_token"])
        return Cut() if fault == "cut" else answer

    def _answer(self, request: Request, grant_type: str, refresh_token: str) -> Response:
        expected = b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if grant_type != "refresh_token":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if self.revoked:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if refresh_token == self.refresh_token:
            return self._rotate()
        in_grace = time.monotonic() - self._rotated_at < self.grace
        if refresh_token == self._before and in_grace:
            # The same pair and no third one: the caller may have lost the first answer.
            return JSONResponse(self._pair)
        # An old token that comes back is how a stolen one looks (RFC 9700, section 4.14.2).
        self.revoked = refresh_token in self._retired
        return JSONResponse({"error": "invalid_grant"}, 400)

    def _rotate(self) -> Response:
        self._retired.add(self.refresh_token)
        self._before, self._rotated_at = self.refresh_token, time.monotonic()
        self.refresh_token = secrets.token_urlsafe(16)
        self.rotations += 1
        self._pair = {
            "access_token": f"access-{self.rotations}-{secrets.token_urlsafe(8)}",
            "refresh_token": self.refresh_token,
            "expires_in": self.lifetime,
            "token_type": "Bearer",
        }
        return JSONResponse(self._pair)
