"""The console as one ASGI application: the gate, the pages, the API, the pages of others behind it.

Everything it knows is in the registry; several browsers, the command line and runs may work on one
home at once.
"""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from console.web import proxy, sign_in, webhooks
from console.web.api import routes as api
from console.web.bounds import Bounds
from console.web.context import Console
from console.web.gate import Gate

STATIC = Path(__file__).parent / "static"

Part = Callable[[FastAPI, Console], None]


def build(console: Console, parts: tuple[Part, ...] | None = None) -> ASGIApp:
    """Return the application over an open home; `parts` add routes, all of them unless told."""
    # FastAPI's own documentation loads scripts from a CDN, which the policy of the gate refuses.
    app = FastAPI(title="Daybook", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=STATIC))
    for add in parts if parts is not None else (*default_parts(), _pages):
        add(app, console)
    # The gate stands outside: nobody reads the body of a request that it refuses.
    return Gate(Bounds(app), console.sessions, console.settings.public_url)


def _pages(app: FastAPI, console: Console) -> None:
    """Add the pages last: they take every address that nothing else does."""
    from console.web import pages

    pages.add(app, console)


def default_parts() -> tuple[Part, ...]:
    """Return what any number of consoles of one process may serve: everything but the pages."""
    return (sign_in.add, api.add, webhooks.add, proxy.add)
