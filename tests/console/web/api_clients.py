"""Clients of the API: a program with a token, and a browser of somebody who signed in."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from connectors.database.registry import Registry, Role
from console.web.app import build, default_parts
from console.web.context import Console
from console.web.sessions import Sessions
from sandbox.browser import NO_TLS
from sandbox.server import bound, serving
from tests.console.user import User
from tests.console.web.conftest import Site

API = "/api/v1"


@contextmanager
def program(site: Site, role: Role = "admin", name: str = "grace") -> Iterator[httpx2.Client]:
    """A program with a token of somebody with that role."""
    site.add_user(name, role)
    token = site.console.sessions.new_token(name, "test", "test")
    with httpx2.Client(base_url=site.url + API, timeout=60, verify=NO_TLS) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@contextmanager
def browser(site: Site, role: Role = "admin") -> Iterator[httpx2.Client]:
    """A browser of somebody who signed in, at the API, with the token against forged requests."""
    with site.signed_in(role=role) as signed_in:
        signed_in.base_url = site.url + API
        signed_in.headers["X-CSRF-Token"] = signed_in.get("/me").json()["csrf_token"]
        yield signed_in


@contextmanager
def reading(user: User, role: Role) -> Iterator[tuple[Registry, httpx2.Client]]:
    """The home of a user at a terminal: its registry, and a program of that role at its API."""
    with (
        Registry.open(user.settings) as registry,
        serving(build(Console(user.settings, registry), default_parts()), bound()) as url,
        httpx2.Client(base_url=url + API, timeout=60, verify=NO_TLS) as client,
    ):
        registry.users.add("ada", "x", role, "test")
        token = Sessions(registry).new_token("ada", "test", "test")
        client.headers["Authorization"] = f"Bearer {token}"
        yield registry, client


def connected(site: Site, name: str = "square") -> str:
    """A connection with typed credentials; its slug."""
    emulator = site.platforms[name]
    first = emulator.first
    credentials = emulator.fields() | emulator.chosen(first) | emulator.keys(first)
    added = site.console.accounts.add(name, f"My {name}", credentials, account=first, actor="test")
    return added.slug
