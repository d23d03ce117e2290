"""Dagster's pages and the books' behind the console's sign-in: each program under its own prefix.

The programs listen on Unix sockets and require no password, so the console's credentials are not
forwarded to them, and their responses stay within their prefix. Changes are recorded in the audit
log before they are forwarded.
"""

import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

import anyio
import httpx2
from anyio.to_thread import run_sync
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import Receive, Scope, Send

from connectors.errors import DaybookError
from connectors.home.redaction import redacted
from console.web import proxy_headers, sockets
from console.web.context import Console
from console.web.gate import NEEDS, SAFE
from console.web.mutations import LONGEST_BODY, RefusedRequest, check_address, mutation_of

# Long for reading: some of Dagster's queries take minutes before their first byte.
TIMEOUT: Final = httpx2.Timeout(300.0, connect=5.0)
# Programs are reached over plain HTTP; an empty context saves reading certificates per request.
_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

GRAPHQL: Final = "/graphql"
_TIGHT: Final[Mapping[str, str]] = {
    "default-src": "'self'",
    "script-src": "'self'",
    # Both programs set styles from scripts; injected styles can't run code.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


@dataclass(frozen=True, slots=True)
class Program:
    """A program behind the console: its prefix, its name, and what to say where it does not run.

    `policy` is the Content-Security-Policy of its pages, `policies` are those of single ones;
    `graphql` is where it takes GraphQL.
    """

    prefix: str
    title: str
    absent: str
    policy: Mapping[str, str]
    policies: Mapping[str, Mapping[str, str]]
    graphql: str | None = None

    def policy_of(self, path: str) -> Mapping[str, str]:
        """Return the policy of one of its pages."""
        return self.policies.get(path.removeprefix(self.prefix), self.policy)


DAGSTER: Final = Program(
    "/dagster",
    "Dagster",
    "Dagster does not run here: `daybook up` starts it",
    _TIGHT,
    # GraphiQL's page starts with an inline script.
    {GRAPHQL: {**_TIGHT, "script-src": "'self' 'unsafe-inline'"}},
    GRAPHQL,
)
BOOKS: Final = Program(
    "/books",
    "Fava",
    "Fava does not run here: `daybook up` starts it where it is installed",
    # Fava's editor parses the sources with WebAssembly.
    {**_TIGHT, "script-src": "'self' 'wasm-unsafe-eval'"},
    {},
)


def add(app: FastAPI, console: Console) -> None:
    """Add both programs."""
    for program, base in ((DAGSTER, console.dagster), (BOOKS, console.books)):
        app.router.add_route(program.prefix, _front)
        app.mount(program.prefix, Behind(console, program, base))


def _front(request: Request) -> RedirectResponse:
    # 307 keeps the method.
    return RedirectResponse(f"{request.url.path}/", 307)


@dataclass(frozen=True, slots=True)
class Behind:
    """ASGI application: one program at `base`, None where it does not run."""

    console: Console
    program: Program
    base: str | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the program."""
        if self.base is None:
            await _told(503, self.program.absent)(scope, receive, send)
            return
        target = proxy_headers.target(self.base, scope)
        if target is None:
            await _told(404, "there is no such page")(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._talk(target, scope, receive, send)
        else:
            try:
                await self._exchange(target, scope, receive, send)
            except ClientDisconnect:
                return
            except RefusedRequest as error:
                await _told(error.status, str(error))(scope, receive, send)
            except DaybookError:
                # A change that can't be recorded is not forwarded.
                await _told(503, "the audit log cannot be written")(scope, receive, send)

    async def _exchange(
        self, target: httpx2.URL, scope: Scope, receive: Receive, send: Send
    ) -> None:
        request = Request(scope, receive)
        content = await self._admitted(request)
        passed_on = httpx2.Request(
            request.method,
            target,
            headers=proxy_headers.request_headers(scope, self.program.prefix),
            content=content,
        )
        # One connection per request: cheap on loopback, and never closed by the other side.
        async with self._client() as client:
            try:
                answer = await client.send(passed_on, stream=True)
            except ClientDisconnect:
                return
            except httpx2.TransportError as error:
                await self._apology(error)(scope, receive, send)
                return
            try:
                await self._answer(answer, scope, receive, send)
            finally:
                await answer.aclose()

    async def _admitted(self, request: Request) -> bytes | AsyncIterator[bytes] | None:
        """Return the body to pass on; a change is written to the audit log before."""
        graphql = request.url.path == f"{self.program.prefix}{self.program.graphql}"
        if request.method in SAFE:
            if graphql:
                await run_sync(check_address, request.scope["query_string"])
            return request.stream() if _has_body(request) else None
        if not graphql:
            await self._note(request, "request", f"{request.method} {request.url.path}", {})
            return request.stream() if _has_body(request) else None
        # Read whole before it is forwarded: the audit log needs the mutation's names first.
        body = await _whole(request)
        content_type = request.headers.get("content-type", "")
        mutation = await run_sync(mutation_of, content_type, body)
        if mutation is not None:
            detail = {"variables": redacted(mutation.variables)}
            await self._note(request, "mutation", ", ".join(mutation.fields), detail)
        return body

    async def _note(
        self, request: Request, what: str, subject: str, detail: Mapping[str, str]
    ) -> None:
        who, action = request.state.who.name, f"{self.program.prefix.strip('/')}.{what}"
        await run_sync(self.console.registry.audit.record, who, action, subject, detail)

    def _client(self) -> httpx2.AsyncClient:
        unix = proxy_headers.socket_of(self.base or "")
        transport = None if unix is None else httpx2.AsyncHTTPTransport(verify=_NO_TLS, uds=unix)
        # A proxy named in the environment has no part in talk on this machine.
        return httpx2.AsyncClient(
            verify=_NO_TLS, trust_env=False, timeout=TIMEOUT, transport=transport
        )

    async def _answer(
        self, answer: httpx2.Response, scope: Scope, receive: Receive, send: Send
    ) -> None:
        policy = self.program.policy_of(scope["path"])
        headers = proxy_headers.answer_headers(answer, scope["path"], self.program.prefix, policy)
        begin = {"type": "http.response.start", "status": answer.status_code, "headers": headers}
        await send(begin)
        async with anyio.create_task_group() as tasks:

            async def until_gone() -> None:
                # Dagster's log downloads may take minutes: a browser that left must end the
                # program's work, too.
                while (await receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(until_gone)
            try:
                # Raw: decompressing and compressing again would cost time and change the length.
                async for chunk in answer.aiter_raw():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body"})
            except httpx2.TransportError:
                # No final chunk, so that the browser notices the truncated response.
                pass
            tasks.cancel_scope.cancel()

    async def _talk(self, target: httpx2.URL, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            unix = proxy_headers.socket_of(self.base or "")
            program = await sockets.reached(target, unix, scope, self.program.prefix)
        except sockets.UNREACHED:
            await self._not_there()(scope, receive, send)
            return
        permission = NEEDS[self.program.prefix]
        await sockets.joined(program, self.console.sessions, permission, scope, receive, send)

    def _apology(self, error: httpx2.TransportError) -> PlainTextResponse:
        match error:
            case httpx2.ConnectError() | httpx2.ConnectTimeout():
                return self._not_there()
            case httpx2.TimeoutException():
                return _told(504, f"{self.program.title} took too long to answer")
            case _:
                return _told(502, f"{self.program.title} broke off before it answered")

    def _not_there(self) -> PlainTextResponse:
        return _told(503, f"{self.program.title} does not answer: try again in a moment")


def _told(status: int, why: str) -> PlainTextResponse:
    return PlainTextResponse(why, status, {"Retry-After": "5"} if status == 503 else None)


def _has_body(request: Request) -> bool:
    return bool({"content-length", "transfer-encoding"} & set(request.headers))


async def _whole(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise RefusedRequest(413, "this request is too long")
    return bytes(body)
