"""Programs behind the sign-in: what reaches them, what comes back, and who gets there at all."""

import http.client
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import anyio
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from connectors.database.registry import Registry, Role
from connectors.home.settings import Settings
from connectors.home.unix_sockets import socket_path
from console.web import sockets
from console.web.app import build, default_parts
from console.web.context import Console
from console.web.proxy_headers import within
from console.web.sessions import csrf_token
from sandbox.server import address, bound, serving
from tests.console.web.conftest import Site


class Program:
    """A program with a prefix of its own that tells what it was asked."""

    def __init__(self, prefix: str) -> None:
        self.asked: list[str] = []
        self.heard, self.go_on, self.left = (threading.Event() for _ in range(3))
        ways = ["GET", "POST"]
        self.application = Starlette(
            routes=[
                Route(f"{prefix}/headers", self._headers),
                Route(f"{prefix}/answer", self._answer),
                Route(f"{prefix}/graphql", self._answer),
                Route(f"{prefix}/slowly", self._slowly),
                Route(f"{prefix}/for-ever", self._for_ever),
                Route(f"{prefix}/upload", self._upload, methods=ways),
                Route(f"{prefix}/cut", _Cut()),
                Route(f"{prefix}/{{path:path}}", self._path, methods=ways),
                WebSocketRoute(f"{prefix}/echo", self._echo),
            ]
        )

    async def _headers(self, request: Request) -> Response:
        return JSONResponse(request.headers.items())

    async def _path(self, request: Request) -> Response:
        self.asked.append(f"{request.scope['raw_path'].decode()}?{request.url.query}")
        return Response(await request.body(), 207)

    async def _answer(self, request: Request) -> Response:
        """What the query says, as headers."""
        answer = Response("hello")
        for name, value in request.query_params.multi_items():
            answer.headers.append(name, value)
        return answer

    async def _slowly(self, _request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield b"first"
            await _set(self.go_on)
            yield b"second"

        return StreamingResponse(body())

    async def _for_ever(self, _request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"more"
                    await anyio.sleep(0.01)
            finally:
                self.left.set()

        return StreamingResponse(body())

    async def _upload(self, request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            self.heard.set()
        return Response(body)

    async def _echo(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol=socket.scope["subprotocols"][-1])
        await socket.send_json(socket.headers.items())
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                self.asked.append(f"closed {message['code']}")
                self.left.set()
                return
            if message.get("text") == "bye":
                await socket.close(4321, "enough")
                return
            await socket.send(message | {"type": "websocket.send"})


class _Cut:
    """An answer that breaks off."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})


async def _set(event: threading.Event) -> None:
    with anyio.fail_after(10):
        while not event.is_set():
            await anyio.sleep(0.01)


@pytest.fixture
def dagster() -> Program:
    """What stands where Dagster does."""
    return Program("/dagster")


@pytest.fixture
def behind(quick_home: Settings, dagster: Program) -> Iterator[Site]:
    """A console with a program behind it, and nobody where the books should be."""
    listener, behind_it = bound(), socket.socket(socket.AF_UNIX)
    behind_it.bind(str(socket_path(quick_home.sockets_folder, "dagster")))
    with bound() as nobody, ExitStack() as stack:
        program = stack.enter_context(serving(dagster.application, behind_it, websockets=True))
        settings = quick_home.model_copy(update={"public_url": address(listener)})
        registry = stack.enter_context(Registry.open(settings))
        console = Console(settings, registry, dagster=program, books=address(nobody))
        application = build(console, default_parts())
        url = stack.enter_context(serving(application, listener, websockets=True))
        yield Site(url, console, {})


def open_socket(site: Site, browser: httpx2.Client, origin: str | None = None) -> ClientConnection:
    """A WebSocket of a page that the browser shows."""
    url = site.url.replace("http", "ws", 1)
    cookies = "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)
    return connect(
        f"{url}/dagster/echo?x=1",
        origin=Origin(origin or site.url),
        subprotocols=[Subprotocol("graphql-ws"), Subprotocol("graphql-transport-ws")],
        additional_headers={"Cookie": f"{cookies}; mine=1", "Authorization": "Bearer secret"},
        proxy=None,
        max_size=None,
    )


def test_nobody_reaches_a_program_without_signing_in(behind: Site, dagster: Program) -> None:
    with behind.browser() as browser:
        response = browser.get("/dagster/runs")
        assert response.status_code == 303
        assert response.headers["location"].startswith("/sign-in?next=/dagster/runs")
        with pytest.raises(InvalidStatus, match="403"):
            open_socket(behind, browser)
    assert dagster.asked == []


@pytest.mark.parametrize(
    ("role", "pages", "books"),
    [("viewer", 403, 503), ("bookkeeper", 403, 503), ("operator", 207, 503), ("admin", 207, 503)],
)
def test_roles_decide_who_gets_where(
    behind: Site, dagster: Program, role: Role, pages: int, books: int
) -> None:
    with behind.signed_in(role, role) as browser:
        assert browser.get("/dagster/runs").status_code == pages
        assert browser.get("/books/").status_code == books
        if pages == 403:
            with pytest.raises(InvalidStatus, match="403"):
                open_socket(behind, browser)
    assert len(dagster.asked) == (pages == 207)


def test_a_request_goes_over_as_it_was_asked(behind: Site, dagster: Program) -> None:
    with behind.signed_in() as browser:
        assert browser.get("/dagster").headers["location"] == "/dagster/"
        answer = browser.post("/dagster/a%2Fb/%C3%A9?q=%20x&q=1", content=b"\x00body")
        assert (answer.status_code, answer.content) == (207, b"\x00body")
        assert dagster.asked == ["/dagster/a%2Fb/%C3%A9?q=%20x&q=1"]
        session = browser.cookies["daybook"]
    raw = http.client.HTTPConnection(urlsplit(behind.url).netloc)
    for climbing in ("/dagster/../books/", "/dagster/%2e%2e/server_info"):
        raw.request("GET", climbing, headers={"Cookie": f"daybook={session}"})
        answer_to_it = raw.getresponse()
        assert (answer_to_it.status, answer_to_it.read()) == (404, b"there is no such page")
    raw.close()
    assert len(dagster.asked) == 1


def test_what_lets_somebody_in_is_not_passed_on(behind: Site) -> None:
    headers = {
        "Authorization": "Bearer secret",
        "Connection": "keep-alive, X-Hop",
        "Keep-Alive": "timeout=5",
        "X-Hop": "1",
        "TE": "trailers",
        "X-Real-IP": "1.2.3.4",
        "Forwarded": "for=1.2.3.4",
        "X-Custom": "kept",
        "Accept-Encoding": "br",
    }
    with behind.signed_in() as browser:
        browser.cookies.set("pick", "1")
        got = dict(browser.get("/dagster/headers", headers=headers).json())
    assert got["cookie"] == "pick=1"
    assert got["x-custom"] == "kept"
    assert got["accept-encoding"] == "br"
    assert got["host"] == urlsplit(behind.url).netloc == got["x-forwarded-host"]
    assert got["x-forwarded-for"] == "127.0.0.1"
    assert (got["x-forwarded-proto"], got["x-forwarded-prefix"]) == ("http", "/dagster")
    gone = {"authorization", "connection", "keep-alive", "x-hop", "te", "forwarded", "x-real-ip"}
    assert not gone & set(got)


def test_an_answer_stays_within_its_prefix(behind: Site) -> None:
    lines = [
        ("location", "http://127.0.0.1:1/dagster/runs?x=1#top"),
        ("set-cookie", "pick=1; Path=/; Domain=example.com; HttpOnly"),
        ("set-cookie", "seen=2; Path=/dagster/runs"),
        ("set-cookie", "daybook=stolen; Path=/dagster"),
        ("connection", "X-Hop"),
        ("x-hop", "1"),
        ("proxy-authenticate", "Basic"),
        ("clear-site-data", '"cookies"'),
        ("service-worker-allowed", "/"),
        ("access-control-allow-origin", "*"),
        ("etag", '"1"'),
    ]
    with behind.signed_in() as browser:
        answer = browser.get("/dagster/answer", params=lines)
        assert browser.get("/dagster/headers").status_code == 200
    assert answer.text == "hello"
    assert answer.headers["location"] == "/dagster/runs?x=1#top"
    assert answer.headers.get_list("set-cookie") == [
        "pick=1; HttpOnly; Path=/dagster/",
        "seen=2; Path=/dagster/runs",
    ]
    assert answer.headers["etag"] == '"1"'
    dropped = {name for name, _ in lines[4:-1]} - {"connection"}
    assert not dropped & set(answer.headers)
    assert len(answer.headers.get_list("date")) == 1


@pytest.mark.parametrize(
    ("location", "leads"),
    [
        ("/dagster", "/dagster"),
        ("runs/", "/dagster/pages/runs/"),
        ("/", "/dagster/"),
        ("//evil.example/x", "/dagster/x"),
        ("https://evil.example/dagster/y", "/dagster/y"),
        ("/dagster-not", "/dagster/dagster-not"),
        ("/dagster/%2e%2e/audit", "/dagster/"),
        ("../../audit", "/dagster/audit"),
        ("javascript:alert(1)", "/dagster/alert(1)"),
        ("http://[", "/dagster/"),
    ],
)
def test_no_redirect_leads_out(location: str, leads: str) -> None:
    assert within("/dagster", "/dagster/pages/here", location) == leads


def test_the_policy_of_a_program_is_made_whole(behind: Site) -> None:
    own = {"content-security-policy": "base-uri 'none'; script-src 'nonce-x' 'strict-dynamic';"}
    with behind.signed_in() as browser:
        policy = browser.get("/dagster/answer", params=own).headers["content-security-policy"]
        plain = browser.get("/dagster/answer").headers["content-security-policy"]
        playground = browser.get("/dagster/graphql").headers["content-security-policy"]
    assert policy.startswith("base-uri 'none'; script-src 'nonce-x' 'strict-dynamic'; default-src")
    assert policy.count("script-src") == 1
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in plain
    assert "script-src 'self' 'unsafe-inline';" in playground


def test_bodies_flow_both_ways(behind: Site, dagster: Program) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"first"
        assert dagster.heard.wait(10), "the program sees nothing before the whole is there"
        yield b"second"

    with behind.signed_in() as browser:
        assert browser.post("/dagster/upload", content=pieces()).content == b"firstsecond"
        with browser.stream("GET", "/dagster/slowly") as answer:
            chunks = answer.iter_raw()
            assert next(chunks) == b"first"
            dagster.go_on.set()
            assert b"".join(chunks) == b"second"


def test_a_program_learns_that_its_reader_left(behind: Site, dagster: Program) -> None:
    with (
        behind.signed_in() as browser,
        browser.stream("GET", "/dagster/for-ever") as answer,
    ):
        assert next(answer.iter_raw())
    assert dagster.left.wait(10)


def test_an_answer_that_breaks_off_is_seen_to(behind: Site) -> None:
    with behind.signed_in() as browser, pytest.raises(httpx2.RemoteProtocolError):
        browser.get("/dagster/cut")


def test_a_program_that_is_not_there(behind: Site, quick_home: Settings) -> None:
    with behind.signed_in() as browser:
        answer = browser.get("/books/daybook/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.text == "Fava does not answer: try again in a moment"
    alone = Console(quick_home, behind.registry)
    with serving(build(alone, default_parts()), bound(), websockets=True) as url:
        site = Site(url, alone, {})
        with site.signed_in() as browser:
            absent = browser.get("/dagster/")
            assert absent.status_code == 503
            assert absent.text == "Dagster does not run here: `daybook up` starts it"
            with pytest.raises(InvalidStatus, match="503"):
                open_socket(site, browser)


def test_sockets_talk_in_the_subprotocol_they_agree_on(behind: Site, dagster: Program) -> None:
    with behind.signed_in() as browser:
        with open_socket(behind, browser) as talk:
            assert talk.subprotocol == "graphql-transport-ws"
            got = dict(json.loads(talk.recv(10)))
            assert got["cookie"] == "mine=1"
            assert "authorization" not in got
            assert got["origin"] == behind.url
            assert got["host"] == urlsplit(behind.url).netloc
            for message in ("text", b"\x00bytes", "x" * 2_000_000):
                talk.send(message)
                assert talk.recv(10) == message
            talk.close(4001, "done")
        assert dagster.left.wait(10)
        assert dagster.asked == ["closed 4001"]
        with open_socket(behind, browser) as talk:
            talk.recv(10)
            talk.send("bye")
            with pytest.raises(ConnectionClosed):
                talk.recv(10)
            assert (talk.close_code, talk.close_reason) == (4321, "enough")


def test_a_page_of_somebody_else_opens_no_socket(behind: Site) -> None:
    with behind.signed_in() as browser, pytest.raises(InvalidStatus, match="403"):
        open_socket(behind, browser, "https://evil.example")


def test_a_socket_ends_with_its_session(behind: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "CHECK_SECONDS", 0.1)
    with behind.signed_in() as browser, open_socket(behind, browser) as talk:
        talk.recv(10)
        token = csrf_token(browser.cookies["daybook"])
        assert browser.post("/sign-out", data={"csrf": token}).status_code == 303
        with pytest.raises(ConnectionClosed):
            talk.recv(10)
        assert talk.close_code == sockets.NOT_ALLOWED
