"""What was asked of an emulator and answered, and a server that has its answers by heart.

It takes as long for each as the emulator did, so that a measurement may be repeated and nobody
competes with the emulator for the machine.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults import Exchange

# What differs each time that the same is asked.
_EVER_NEW = {"sign", "timestamp", "oauth_nonce", "oauth_timestamp", "oauth_signature"}
_OF_ONE_ANSWER = {b"content-length", b"transfer-encoding"}
_Key = tuple[str, str, tuple[tuple[str, str], ...], bytes]


@dataclass
class Switch:
    """An address that one application has after another."""

    now: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.now(scope, receive, send)


@dataclass
class Replay:
    """Answers as they were; where the same was asked twice, in their order, the last for ever."""

    _answers: dict[_Key, list[tuple[Response, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _given: dict[_Key, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def of(cls, exchanges: Iterable[Exchange]) -> "Replay":
        """A server of these answers."""
        replay = cls()
        for e in exchanges:
            answer = Response(e.answer, e.status)
            answer.raw_headers += [h for h in e.answer_headers if h[0] not in _OF_ONE_ANSWER]
            replay._answers[_key(e.method, e.path, e.query, e.body)].append((answer, e.seconds))
        return replay

    def begin(self) -> None:
        """Give the first answers again."""
        self._given.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        key = _key(request.method, scope["path"], scope["query_string"], body)
        answers = self._answers.get(key)
        if answers is None:
            await Response(f"was never asked: {key[:3]}", 404)(scope, receive, send)
            return
        answer, seconds = answers[min(self._given[key], len(answers) - 1)]
        self._given[key] += 1
        await asyncio.sleep(seconds)
        await answer(scope, receive, send)


def _header(exchange: Exchange, header_name: bytes) -> str:
    return next(value for name, value in exchange.headers if name == header_name).decode()


def _key(method: str, path: str, query: bytes, body: bytes) -> _Key:
    parameters = parse_qsl(query.decode(), keep_blank_values=True)
    return method, path, tuple(sorted(p for p in parameters if p[0] not in _EVER_NEW)), body


def write_requests(exchanges: Iterable[Exchange], to: Path) -> None:
    """The same requests for somebody who sends them as they are."""
    pairs = [
        {
            "method": e.method,
            "url": f"http://{_header(e, b'host')}{e.path}"
            + (f"?{e.query.decode()}" if e.query else ""),
            "headers": [
                (name.decode(), value.decode())
                for name, value in e.headers
                if name not in {b"host", b"content-length", b"connection"}
            ],
            "body": e.body.decode(),
        }
        for e in exchanges
    ]
    to.write_text(json.dumps(pairs))
