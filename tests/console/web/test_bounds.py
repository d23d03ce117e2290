"""How much anybody may send, how slowly, and over how many connections."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, Request, WebSocket
from starlette.responses import PlainTextResponse
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from connectors.database.registry.access_models import SessionRow
from console.web import bounds, open_pages, protocol, sessions
from console.web.app import build, default_parts
from console.web.context import Console
from console.web.pages import callback
from console.web.protocol import LONGEST_HEADERS, BoundedProtocol
from sandbox.browser import NO_TLS
from sandbox.server import bound, serving
from tests.console.web.conftest import PASSWORD, Site

KEYS = "/connect/woocommerce/keys"


@pytest.fixture
def guarded() -> Iterator[tuple[str, int]]:
    """An application behind the console's side of connections."""
    listener = bound()
    config = uvicorn.Config(
        PlainTextResponse("hello"),
        log_config=None,
        lifespan="off",
        http=BoundedProtocol,
        h11_max_incomplete_event_size=LONGEST_HEADERS,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def handed(site: Site) -> Iterator[httpx2.Client]:
    """A browser in front of a console to which platforms hand keys."""
    application = build(site.console, (*default_parts(), callback.add))
    with (
        serving(application, bound()) as url,
        httpx2.Client(base_url=url, verify=NO_TLS) as browser,
    ):
        browser.headers["Origin"] = url
        yield browser


def hung_up(client: socket.socket) -> bool:
    """Whether the other end has closed, within five seconds."""
    client.settimeout(5)
    try:
        while client.recv(4096):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("path", ["/sign-in", KEYS])
def test_a_long_body_is_refused(handed: httpx2.Client, path: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for content in (b"x" * (bounds.LONGEST + 1), iter([b"x" * bounds.LONGEST, b"x"])):
        assert handed.post(path, content=content, headers=form).status_code == 413
    almost = b"user=" + b"x" * (bounds.LONGEST - 5)
    assert handed.post(path, content=almost, headers=form).status_code in {400, 422}


def test_the_api_says_so_in_its_own_way(site: Site) -> None:
    with site.signed_in() as browser:
        body = b" " * (1024 * 1024 + 1)
        answer = browser.post("/api/v1/confirm", content=body)
        assert (answer.status_code, answer.json()["error"]) == (
            413,
            "this request is more than 1048576 bytes",
        )


def test_a_slow_body_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BODY_SECONDS", 0.2)
    with socket.create_connection((urlsplit(site.url).hostname, urlsplit(site.url).port)) as client:
        host = urlsplit(site.url).netloc
        head = f"POST {KEYS} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\nhalf"
        client.sendall(head.encode())
        client.settimeout(10)
        assert client.recv(100).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "body",
    [
        "[" * 60_000,
        '{"user_id": ' + '{"a":' * 10_000 + "1" + "}" * 10_001,
        '{"user_id": "\\u0000"}',
        '{"user_id": "\\ud800"}',
        '"text"',
        "null",
        "\0",
        "",
    ],
)
def test_keys_that_are_none_are_refused(handed: httpx2.Client, body: str) -> None:
    assert handed.post(KEYS, content=body.encode()).status_code == 400


def test_deep_json_is_refused_by_the_api(site: Site) -> None:
    with site.signed_in() as browser:
        token = browser.get("/api/v1/me").json()["csrf_token"]
        headers = {"X-CSRF-Token": token, "Content-Type": "application/json"}
        for body in ("[" * 100_000, '{"password":' * 20_000, json.dumps({"password": "\ud800"})):
            answer = browser.post("/api/v1/confirm", content=body.encode(), headers=headers)
            assert 400 <= answer.status_code < 500, answer.text


def test_whoever_says_nothing_is_hung_up_on(
    guarded: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.3)
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for message in (b"", b"GET / HTTP/1.1\r\nHost: loc", request + b"GET / HT"):
        with socket.create_connection(guarded) as client:
            client.sendall(message)
            assert hung_up(client)


def test_a_byte_now_and_then_does_not_help(
    guarded: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.5)
    with socket.create_connection(guarded) as client, suppress(OSError):
        began = time.monotonic()
        while time.monotonic() - began < 5:
            client.sendall(b"G")
            time.sleep(0.05)
    assert time.monotonic() - began < 5


def test_headers_of_any_length_are_not_read(guarded: tuple[str, int]) -> None:
    with socket.create_connection(guarded) as client:
        with suppress(OSError):
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * (4 * LONGEST_HEADERS))
        assert hung_up(client)


def test_there_are_never_too_many_connections(
    guarded: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "CONNECTIONS", 5)
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(guarded)) for _ in range(5)]
        time.sleep(0.2)
        with socket.create_connection(guarded) as one_more:
            assert hung_up(one_more)
        held[0].close()
        time.sleep(0.2)
        host, port = guarded
        assert httpx2.get(f"http://{host}:{port}/").text == "hello"


def test_a_form_still_arrives(site: Site) -> None:
    site.add_user()
    form = {"user": "ada", "password": PASSWORD, "next": "/"}
    with site.browser() as browser:
        assert browser.post("/sign-in", data=form).status_code == 303


def test_an_open_page_hears_nothing_once_its_user_is_removed(site: Site) -> None:
    def feed(app: FastAPI, _console: Console) -> None:
        @app.websocket("/_nicegui_ws/feed")
        async def _feed(socket: WebSocket) -> None:
            await socket.accept()
            left = asyncio.ensure_future(socket.receive())
            while not left.done():
                await socket.send_text("figures")
                await asyncio.sleep(0.05)
            messages.append(left.result())

        @app.get("/_nicegui_ws/poll")
        async def _poll(request: Request) -> PlainTextResponse:
            while not await request.is_disconnected():
                await asyncio.sleep(0.05)
            return PlainTextResponse("figures")

    messages: list[dict[str, object]] = []
    application = build(site.console, (*default_parts(), feed))
    with (
        serving(application, bound(), websockets=True) as url,
        site.signed_in("bob", "viewer") as b,
    ):
        cookie = {"Cookie": f"daybook={b.cookies['daybook']}"}
        waiting = ThreadPoolExecutor(1).submit(
            httpx2.get, f"{url}/_nicegui_ws/poll", headers=cookie, timeout=30
        )
        address = url.replace("http", "ws", 1) + "/_nicegui_ws/feed"
        with connect(address, origin=Origin(url), additional_headers=cookie, proxy=None) as talk:
            assert talk.recv(10) == "figures"
            site.add_user("ada")
            site.registry.users.remove("bob", "ada")
            removed = time.monotonic()
            with suppress(ConnectionClosed):
                while time.monotonic() - removed < 20:
                    talk.recv(10)
            assert time.monotonic() - removed < 5
            assert talk.close_code == open_pages.NOT_ALLOWED
        answer = waiting.result(10)
        assert (answer.status_code, answer.content) == (403, b"")
        with pytest.raises(InvalidStatus, match="403"):
            connect(address, origin=Origin(url), additional_headers=cookie, proxy=None)
    assert messages[0]["type"] == "websocket.disconnect"


def test_looking_on_is_no_use_of_a_session(site: Site) -> None:
    with site.signed_in() as browser:
        digest = sessions.digest(browser.cookies["daybook"])
    with site.registry.connections._transaction() as session:
        row = session.get_one(SessionRow, digest)
        row.seen_at -= timedelta(minutes=20)
        before = row.seen_at
    assert site.console.sessions.lives(browser.cookies["daybook"])
    with site.registry.connections._transaction() as session:
        assert session.get_one(SessionRow, digest).seen_at == before
