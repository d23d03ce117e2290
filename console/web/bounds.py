"""Limits on the size and duration of request bodies, before anything parses them."""

from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.accounts.platforms import PLATFORMS

KIB: Final = 1024
# A form of ours is a few hundred bytes, and so are a platform's keys.
LONGEST: Final = 64 * KIB
# What programs send holds lists, and NiceGUI tells everything that changed on a page. A bank's file
# of a month, a firm's mappings, rates of decades and costs of a catalogue are larger; the first
# prefix that fits counts.
LONGEST_BY_PREFIX: Final = {
    **{
        f"/hooks/{name}/": platform.deliveries.longest
        for name, platform in PLATFORMS.items()
        if platform.deliveries is not None
    },
    "/api/v1/bank/statements": 8192 * KIB,
    "/api/v1/costs": 8192 * KIB,
    "/api/v1/mappings/import": 8192 * KIB,
    "/api/v1/rates": 8192 * KIB,
    "/api/": 1024 * KIB,
    "/_nicegui": 1024 * KIB,
}
# These are passed on as they arrive, by `proxy`.
STREAMED: Final = ("/dagster/", "/books/")
BODY_SECONDS: Final = 20.0


class Bounds:
    """ASGI middleware: reads a body whole, or answers that it is too long or too late."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bound the body of a request."""
        if scope["type"] != "http" or scope["path"].startswith(STREAMED):
            await self._application(scope, receive, send)
            return
        headers = Headers(scope=scope)
        # A request with neither has no body (RFC 9112, 6.3).
        if not {"content-length", "transfer-encoding"} & set(headers):
            await self._application(scope, receive, send)
            return
        longest = _longest(scope["path"])
        declared = headers.get("content-length", "0")
        # Refused by the header alone, before a byte of the body is read.
        # `int` would take signs, spaces and underscores too.
        if not declared.isdigit() or int(declared) > longest:
            await _refused(scope, 413, f"more than {longest} bytes")(scope, receive, send)
            return
        try:
            # Against slow clients that hold connections open byte by byte (slowloris).
            with anyio.fail_after(BODY_SECONDS):
                body = await _whole(receive, longest)
        except TimeoutError:
            await _refused(scope, 408, "too slow")(scope, receive, send)
            return
        if body is None:
            await _refused(scope, 413, f"more than {longest} bytes")(scope, receive, send)
            return
        await self._application(scope, _Again(body, receive), send)


class _Again:
    """The messages of a request whose body has been read."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def _whole(receive: Receive, longest: int) -> bytes | None:
    """Return the body; None for one that is too long. Of one that breaks off, what there is."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > longest:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(body)


def _longest(path: str) -> int:
    fitting = (most for prefix, most in LONGEST_BY_PREFIX.items() if path.startswith(prefix))
    return next(fitting, LONGEST)


def _refused(scope: Scope, status: int, why: str) -> Response:
    line = f"this request is {why}"
    # The rest of the body is on its way; nobody reads it.
    headers = {"Connection": "close"}
    if scope["path"].startswith("/api/"):
        return JSONResponse({"error": line}, status, headers)
    return PlainTextResponse(line, status, headers)
