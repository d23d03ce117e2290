"""The console's side of a connection: who connects says soon what they want, and not too many do.

h11 is used rather than the faster parser, which takes headers of any length.
"""

import asyncio
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS: Final = 10.0
LONGEST_HEADERS: Final = 32 * 1024
# Of a page, on its socket.
LONGEST_MESSAGE: Final = 4 * 1024 * 1024
# Few people, each with a few pages, share a console; each page keeps some connections.
CONNECTIONS: Final = 400


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 in which headers are whole within `HEADER_SECONDS`, on `CONNECTIONS` at most."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a connection, or close it where there are too many."""
        super().connection_made(transport)
        # uvicorn's own limit answers whole requests only: who sends nothing escapes it.
        if len(self.connections) > CONNECTIONS:
            transport.abort()
            return
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        """Read on; the time for headers ends with the first that are whole."""
        super().data_received(data)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request of the connection, which may have begun to arrive."""
        super().on_response_complete()
        self._await_headers()

    def _await_headers(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._late is None:
            self._late = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.abort()
