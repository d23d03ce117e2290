"""Receivers on loopback: webhooks that answer as a script says, and a mail server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_server
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Call:
    """A call that a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A receiver; `answers` are its next statuses with their headers, and 204 where none is left.

    The status 0 breaks the connection without an answer.
    """

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def ids(self, path: str = "/") -> list[str]:
        """The message ids of the calls of a path."""
        return [call.headers["webhook-id"] for call in self.calls if call.path == path]


@contextmanager
def webhook_receiver() -> Iterator[Receiver]:
    """Serve a receiver on a free port of this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.calls.append(Call(self.path, headers, body))
            status, answer = receiver.answers.pop(0) if receiver.answers else (204, {})
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in answer.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class MailBox:
    """A mail server's address for Apprise, and what it was sent."""

    address: str = ""
    messages: list[Message] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a message, as aiosmtpd calls it."""
        if self.refuses:
            return "451 try again later"
        self.messages.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"


@contextmanager
def mail_server() -> Iterator[MailBox]:
    """Serve a mail server on a free port of this machine."""
    box = MailBox()
    # It calls the port that it is given, so the system cannot choose one for it.
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        box.address = (
            f"mailto://127.0.0.1:{port}?from=books@example.com&to=ann@example.com&mode=insecure"
        )
        yield box
    finally:
        controller.stop()
