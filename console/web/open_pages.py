"""Pages that stay open: what they are sent ends with the session in which they were opened."""

from collections.abc import Callable
from typing import Final

import anyio
from anyio.to_thread import run_sync
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CHECK_SECONDS: Final = 2.0
# 4000 to 4999 are the applications' own (RFC 6455, 7.4.2); 403 as in HTTP.
NOT_ALLOWED: Final = 4403
# NiceGUI talks over a socket, and over requests that wait for an answer where there is none.
PREFIX: Final = "/_nicegui_ws/"


class OpenPage:
    """One connection of a page; `lives` says whether its session still does."""

    def __init__(self, lives: Callable[[], bool], receive: Receive, send: Send) -> None:
        self._lives, self._receive, self._send = lives, receive, send
        self._ended = self._started = False
        self._waiting: anyio.CancelScope | None = None

    async def attend(self, application: ASGIApp, scope: Scope) -> None:
        """Run the application until it is done; the browser hears nothing once the session ends."""
        self._is_socket = scope["type"] == "websocket"
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch)
            try:
                await application(scope, self.receive, self.send)
            finally:
                tasks.cancel_scope.cancel()

    async def receive(self) -> Message:
        """Return what the browser says; that it left, once its session has ended."""
        with anyio.CancelScope() as self._waiting:
            if not self._ended:
                return await self._receive()
        if self._is_socket:
            return {"type": "websocket.disconnect", "code": NOT_ALLOWED}
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Pass an answer on while the session lives."""
        if not self._ended:
            self._started = True
            await self._send(message)

    async def _watch(self) -> None:
        while await run_sync(self._lives):
            await anyio.sleep(CHECK_SECONDS)
        self._ended = True
        if self._is_socket:
            await self._send(
                {"type": "websocket.close", "code": NOT_ALLOWED, "reason": "signed out"}
            )
        # An answer that has begun can't become a refusal: it is sent no further.
        elif not self._started:
            await self._send({"type": "http.response.start", "status": 403, "headers": []})
            await self._send({"type": "http.response.body"})
        if self._waiting is not None:
            self._waiting.cancel()
