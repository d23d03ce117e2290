"""WebSockets to a program behind the console: two ends joined until one closes.

A socket outlives the request that opened it, so its user is checked again while it is open: signing
out, or losing the role, closes it.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

import anyio
import httpx2
from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin, Subprotocol

from connectors.errors import DaybookError
from console.roles import PERMISSIONS, Permission
from console.web import proxy_headers
from console.web.sessions import Sessions

UNREACHED: Final = (OSError, TimeoutError, WebSocketException)
CONNECT_SECONDS = 5.0
# The console promises that pages of a signed-out user receive nothing after five seconds.
CHECK_SECONDS = 3.0
NOT_ALLOWED: Final = 4403
# Headers of the browser's handshake, which `connect` sets anew.
_HANDSHAKE: Final = ("host", "origin", "sec-websocket-")


class CloseFrame(NamedTuple):
    """The close of one end, to pass on to the other."""

    code: int
    reason: str = ""


async def reached(
    target: httpx2.URL, unix: str | None, scope: Scope, prefix: str
) -> ClientConnection:
    """Connect to the program with the browser's subprotocols; raises one of `UNREACHED`."""
    browser_headers = Headers(scope=scope)
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in proxy_headers.request_headers(scope, prefix)
        if not name.decode("latin-1").lower().startswith(_HANDSHAKE)
    ]
    host = browser_headers.get("host", target.netloc.decode())
    # The browser's Host, as over HTTP; the connection itself goes to the program.
    address = f"ws://{host}{target.raw_path.decode()}"
    if unix is None:
        opener = partial(connect, address, host=target.host, port=target.port)
    else:
        opener = partial(unix_connect, unix, address)
    return await opener(
        additional_headers=headers,
        origin=Origin(browser_headers["origin"]) if "origin" in browser_headers else None,
        subprotocols=[Subprotocol(offered) for offered in scope["subprotocols"]] or None,
        user_agent_header=None,
        # Loopback: compressing costs more than it saves.
        compression=None,
        proxy=None,
        open_timeout=CONNECT_SECONDS,
        # Dagster sends large workspaces in one message.
        max_size=None,
    )


async def joined(
    program: ClientConnection,
    sessions: Sessions,
    permission: Permission,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Pass messages on both ways until one end closes, or its session loses the `permission`."""
    browser = WebSocket(scope, receive, send)
    closing = CloseFrame(1000)
    async with program:
        # The program chose; a browser drops a socket whose subprotocol it did not offer.
        await browser.accept(program.subprotocol)
        async with anyio.create_task_group() as tasks:

            async def until_over(way: Callable[[], Awaitable[CloseFrame]]) -> None:
                nonlocal closing
                closing = await way()
                tasks.cancel_scope.cancel()

            tasks.start_soon(until_over, partial(_to_program, browser, program))
            tasks.start_soon(until_over, partial(_to_browser, browser, program))
            allowed = partial(_while_allowed, sessions, scope["state"]["cookie"], permission)
            tasks.start_soon(until_over, allowed)
        if browser.client_state is not WebSocketState.DISCONNECTED:
            # The browser may have left at the same moment.
            with suppress(RuntimeError, WebSocketDisconnect):
                await browser.close(*closing)
        await program.close(*closing)


async def _to_program(browser: WebSocket, program: ClientConnection) -> CloseFrame:
    while True:
        message = await browser.receive()
        if message["type"] == "websocket.disconnect":
            return _closing(message.get("code"), message.get("reason"))
        text = message.get("text")
        try:
            await program.send(message["bytes"] if text is None else text)
        except ConnectionClosed:
            return _closing(program.close_code, program.close_reason)


async def _to_browser(browser: WebSocket, program: ClientConnection) -> CloseFrame:
    try:
        while True:
            message = await program.recv()
            if isinstance(message, str):
                await browser.send_text(message)
            else:
                await browser.send_bytes(message)
    except ConnectionClosed:
        return _closing(program.close_code, program.close_reason)
    except WebSocketDisconnect as gone:
        return _closing(gone.code, gone.reason)


async def _while_allowed(sessions: Sessions, cookie: str, permission: Permission) -> CloseFrame:
    while True:
        await anyio.sleep(CHECK_SECONDS)
        try:
            who = await run_sync(sessions.seen, cookie)
        # A database that is away for a moment must not close every open page.
        except DaybookError:
            continue
        if who is None or permission not in PERMISSIONS[who.role]:
            return CloseFrame(NOT_ALLOWED, "signed out")


def _closing(code: int | None, reason: str | None) -> CloseFrame:
    """Return a close as it may be sent on: some codes are never sent (RFC 6455, 7.4)."""
    # RFC 6455, 7.4.1: 1005, 1006 and 1015 are reserved and must never be sent.
    if code is None or code == 1005:
        return CloseFrame(1000)
    return CloseFrame(1011) if code in {1004, 1006, 1015} else CloseFrame(code, reason or "")
