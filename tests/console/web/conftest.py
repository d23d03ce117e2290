"""The console over a fresh home, served on loopback, and people who use it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from connectors.database.registry import Registry, Role
from connectors.home.settings import Settings
from console.web.app import build, default_parts
from console.web.context import Console
from console.web.sessions import hash_password
from sandbox.browser import NO_TLS
from sandbox.platforms import EMULATORS, Emulator
from sandbox.server import address, bound, serving

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Site:
    """A console that is served, with every platform on loopback."""

    url: str
    console: Console
    platforms: dict[str, Emulator]

    @property
    def registry(self) -> Registry:
        return self.console.registry

    def add_user(self, name: str = "ada", role: Role = "admin") -> None:
        """Somebody may sign in, with the password of every test."""
        self.registry.users.add(name, hash_password(PASSWORD), role, "test")

    def browser(self) -> httpx2.Client:
        """A browser that has not signed in; it follows no redirect by itself."""
        return httpx2.Client(base_url=self.url, headers={"Origin": self.url}, verify=NO_TLS)

    @contextmanager
    def signed_in(self, name: str = "ada", role: Role = "admin") -> Iterator[httpx2.Client]:
        """A browser of somebody who has."""
        if name not in {user.name for user in self.registry.users.list()}:
            self.add_user(name, role)
        form = {"user": name, "password": PASSWORD, "next": "/"}
        with self.browser() as browser:
            answer = browser.post("/sign-in", data=form)
            assert answer.status_code == 303, answer.text
            yield browser


@dataclass(frozen=True)
class Platforms:
    """Every platform on loopback, and where each is."""

    emulators: dict[str, Emulator]
    hosts: dict[str, dict[str, str]]


@pytest.fixture(scope="session")
def all_platforms() -> Iterator[Platforms]:
    """They are served once a worker; every test takes back what was granted before it."""
    emulators = {name: made() for name, made in EMULATORS.items()}
    with ExitStack() as stack:
        hosts = {
            name: emulator.endpoints(stack.enter_context(serving(emulator.application, bound())))
            for name, emulator in emulators.items()
        }
        yield Platforms(emulators, hosts)


@pytest.fixture
def site(quick_home: Settings, tmp_path: Path, all_platforms: Platforms) -> Iterator[Site]:
    """The whole console, served."""
    for emulator in all_platforms.emulators.values():
        emulator.application.script = iter(())
        for account in (emulator.first, emulator.second):
            emulator.revoke(account)
    with ExitStack() as stack:
        file = tmp_path / "endpoints.json"
        file.write_text(json.dumps(all_platforms.hosts))
        listener = bound()
        changed = {
            "endpoints": file,
            "allowed_private_hosts": "127.0.0.1",
            "public_url": address(listener),
        }
        settings = quick_home.model_copy(update=changed)
        registry = stack.enter_context(Registry.open(settings))
        console = Console(settings, registry)
        yield Site(
            stack.enter_context(serving(build(console, default_parts()), listener)),
            console,
            all_platforms.emulators,
        )
