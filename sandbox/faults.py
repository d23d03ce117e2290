"""Things that go wrong at a platform, on order: each request takes the next fault of a script."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SLOW_SECONDS = 1.0


@dataclass
class Exchange:
    """One request and its answer, as they went over the wire; `seconds` is what that took."""

    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    status: int = 0
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    answer: bytes = b""
    seconds: float = 0.0


@dataclass
class LateRequest:
    """A request that is carried out after `requests` more have come."""

    requests: int
    scope: Scope
    receive: Receive


class Faulty:
    """An application that misbehaves as `script` says, a word a request, then behaves.

    `429` and `429 N` (with Retry-After), `503`, `slow`, `cut` (the answer breaks off), `lost` (the
    request is carried out and the answer never arrives), `late N` (the same, but carried out when
    N more requests have come: a server that was slow for minutes); None is no fault. `only` limits
    faults to paths that begin so. `substitute` may give another answer to a request.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self.script: Iterator[str | None] = iter(())
        self.only = ""
        self.substitute: Callable[[Exchange], bytes | None] | None = None
        self.exchanges: list[Exchange] = []
        self.late: list[LateRequest] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with the faults that are due."""
        await self._carry_out_late()
        head = (scope["method"], scope["path"], scope["query_string"], scope["headers"])
        exchange = Exchange(*head)
        self.exchanges.append(exchange)
        started = time.perf_counter()
        try:
            hearing, noting = _hearing(exchange, receive), _noting(exchange, send)
            if self.substitute is not None:
                # A substitute may depend on the body, and the application reads it once more.
                hearing = await _heard_out(hearing)
                body = self.substitute(exchange)
                if body is not None:
                    await Response(body, media_type="application/json")(scope, hearing, noting)
                    return
            await self._answered(scope, hearing, noting)
        finally:
            exchange.seconds = time.perf_counter() - started

    async def _carry_out_late(self) -> None:
        for request in self.late:
            request.requests -= 1
        due = [request for request in self.late if request.requests <= 0]
        self.late = [request for request in self.late if request.requests > 0]
        for request in due:
            await self._application(request.scope, request.receive, _nowhere)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        fault = next(self.script, None) if path.startswith(self.only) else None
        match (fault or "").split():
            case ["429", *wait]:
                headers = {"Retry-After": wait[0]} if wait else {}
                await JSONResponse({"error": "slow_down"}, 429, headers)(scope, receive, send)
            case ["503"]:
                await Response("upstream timeout", 503)(scope, receive, send)
            case ["cut"]:
                await self._application(scope, receive, _cutting(send))
            case ["lost"]:
                await self._application(scope, receive, _nowhere)
                # The server has nothing to send then, and closes the connection.
                raise ConnectionAbortedError("the emulator dies before answering")
            case ["late", requests]:
                self.late.append(LateRequest(int(requests), scope, await _heard_out(receive)))
                raise ConnectionAbortedError("the emulator answers when nobody listens any more")
            case ["slow"]:
                await asyncio.sleep(SLOW_SECONDS)
                await self._application(scope, receive, send)
            case _:
                await self._application(scope, receive, send)


async def _heard_out(receive: Receive) -> Receive:
    """Read a request to its end; what is given back says all of it once more."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    queued = iter(messages)

    async def again() -> Message:
        return next(queued, None) or await receive()

    return again


def _hearing(exchange: Exchange, receive: Receive) -> Receive:
    async def noted() -> Message:
        message = await receive()
        exchange.body += message.get("body", b"")
        return message

    return noted


def _noting(exchange: Exchange, send: Send) -> Send:
    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            exchange.answer_headers = list(message.get("headers", []))
        else:
            exchange.answer += message.get("body", b"")
        await send(message)

    return noted


def _cutting(send: Send) -> Send:
    async def half(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message["body"]
            # Announced as unfinished: an answer that broke off, and not a short one.
            await send({**message, "body": body[: len(body) // 2], "more_body": True})
            raise ConnectionAbortedError("the emulator dies while answering")
        await send(message)

    return half


async def _nowhere(_message: Message) -> None:
    return None
