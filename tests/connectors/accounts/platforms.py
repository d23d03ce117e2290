"""Every platform on loopback, with a home that knows where it is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.accounts.accounts import Accounts
from connectors.accounts.authorisations import receive_keys
from connectors.accounts.platform import Platform
from connectors.accounts.platforms import platform_named
from connectors.database.registry import Registry
from connectors.errors import BadInput
from connectors.home.settings import Settings
from sandbox.platforms import EMULATORS, Emulator
from sandbox.server import address, bound, serving


@dataclass(frozen=True)
class Desk:
    """Somebody's home, and a platform to connect it to."""

    name: str
    emulator: Emulator
    accounts: Accounts
    url: str

    @property
    def registry(self) -> Registry:
        """The home's registry."""
        return self.accounts.registry

    def fields(self, account: str) -> dict[str, str]:
        """Everything that somebody types to connect an account without a consent."""
        emulator = self.emulator
        return emulator.fields() | emulator.chosen(account) | emulator.keys(account)

    def add(self, account: str, title: str = "My Shop") -> str:
        """Connect an account with typed keys; its slug."""
        fields = self.fields(account)
        added = self.accounts.add(self.name, title, fields, account=account, actor="test")
        return added.slug

    def whole_round(self) -> None:
        """Everything that connecting asks a platform: keys, check, renewal, disconnection."""
        slug = self.add(self.emulator.first)
        self.emulator.expire()
        self.accounts.check(slug, actor="test")
        assert self.accounts.disconnect(slug, "test") is None

    def register_application(self) -> None:
        """Keep the application's fields, as an administrator does once."""
        self.accounts.register(platform_named(self.name), self.emulator.fields(), "test")


@contextmanager
def desk(name: str, home: Settings, folder: Path) -> Iterator[Desk]:
    """A home with the platform's emulator in the place of the platform."""
    emulator, console = EMULATORS[name](), bound()
    with serving(emulator.application, bound()) as url:
        hosts = folder / "endpoints.json"
        hosts.write_text(json.dumps({name: emulator.endpoints(url)}))
        settings = home.model_copy(
            update={
                "endpoints": hosts,
                "allowed_private_hosts": "127.0.0.1,localhost",
                # By name, as it is by default: Xero sends nobody back to a bare address.
                "public_url": address(console).replace("127.0.0.1", "localhost"),
            }
        )
        with Registry.open(settings) as registry:
            accounts = Accounts(settings, registry)
            with _console(accounts, platform_named(name), console):
                yield Desk(name, emulator, accounts, url)


@contextmanager
def _console(accounts: Accounts, platform: Platform, listener: socket) -> Iterator[None]:
    """As much of the console as platforms call by themselves: where keys are handed over."""
    if platform.consent is None or platform.consent.hands_over is None:
        listener.close()
        yield
        return
    state = platform.consent.state

    async def keys(request: Request) -> Response:
        body = await request.json()
        try:
            await run_in_threadpool(receive_keys, accounts, platform, str(body.get(state)), body)
        except BadInput as error:
            return Response(str(error), 400)
        return Response()

    route = Route(f"/connect/{platform.name}/keys", keys, methods=["POST"])
    with serving(Starlette(routes=[route]), listener):
        yield
