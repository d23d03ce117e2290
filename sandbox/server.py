"""ASGI applications on a loopback port of their own, for as long as a test needs them."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn


def bound(port: int = 0) -> socket.socket:
    """Return a socket on a free loopback port; its number is known before anything is served.

    It is `port` where nobody has that.
    """
    listener = socket.socket()
    # A restart has its port back while old connections linger.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.bind(("127.0.0.1", 0))
    return listener


def address(listener: socket.socket) -> str:
    """Return the URL of what is served on a socket."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """One that ends at once: uvicorn's own takes its time, which hundreds of tests would wait."""

    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:
            await asyncio.sleep(0.01)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wait_tasks_to_complete(), 5)


@contextlib.contextmanager
def serving(
    application: Any,
    listener: socket.socket,
    certificate: Path | None = None,
    *,
    websockets: bool = False,
) -> Iterator[str]:
    """Serve an application in a thread; yields its URL once it answers.

    With a `certificate` (PEM, with its key) it is served over TLS; the URL is still the socket's.
    """
    config = uvicorn.Config(
        application,
        log_config=None,
        # The emulators take every scope for a request's, and a lifespan's has no path.
        lifespan="off",
        ws="auto" if websockets else "none",
        ssl_certfile=certificate,
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline, "the emulator did not start"
            time.sleep(0.01)
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
