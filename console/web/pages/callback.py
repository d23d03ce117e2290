"""The callback pages: platforms send sellers back here, and WooCommerce posts its keys.

Every way an answer can be wrong has its own plain words; none leaves anything behind.
"""

from collections.abc import Mapping
from typing import Any

from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from connectors.accounts.authorisations import receive, receive_keys, requested_connection
from connectors.accounts.consent import ConsentRefused
from connectors.accounts.platform import Denied, Platform
from connectors.accounts.platforms import platform_named
from connectors.errors import BadInput, DaybookError
from connectors.home.redaction import redacted
from console.roles import PERMISSIONS
from console.web.context import Console
from console.web.plain_pages import plain_page

_TITLES = {
    "unknown": "Unrecognised request",
    "foreign": "Started in another browser",
    "replayed": "Already finished",
    "expired": "Request expired",
}


def add(app: FastAPI, console: Console) -> None:
    """Add the routes."""

    @app.get("/connect/{name}/callback")
    async def callback(request: Request, name: str) -> Response:
        who, cookie = request.state.who, request.state.cookie
        if "connect" not in PERMISSIONS[who.role]:
            return _page("Not allowed", f"a {who.role} may not connect stores", 403)
        parameters = dict(request.query_params)
        return await run_sync(_received, console, name, parameters, cookie, who.name)

    @app.post("/connect/{name}/keys")
    async def keys(request: Request, name: str) -> Response:
        try:
            body: dict[str, Any] = await request.json()
            state = str(body.get("user_id", ""))
            await run_sync(
                lambda: receive_keys(console.accounts, platform_named(name), state, body)
            )
        except (DaybookError, ValueError, AttributeError, RecursionError):
            # Anybody may post here, so nobody is told which part was wrong.
            return JSONResponse({"error": "these keys were not asked for"}, 400)
        return JSONResponse({"ok": True}, 200)


def _received(
    console: Console, name: str, parameters: Mapping[str, str], cookie: str, actor: str
) -> Response:
    again = None
    try:
        platform = platform_named(name)
        again = _set_up_again(console, platform, parameters, cookie)
        received = receive(console.accounts, platform, parameters, cookie, actor)
    except ConsentRefused as error:
        return _page(_TITLES[error.reason], str(error), 400, again)
    except Denied as error:
        # The seller said no, and nothing failed.
        return _page("Access was not granted", str(error), 200, again)
    except BadInput as error:
        return _page("The store was not connected", str(error), 400, again)
    except DaybookError as error:
        return _page("That did not work", str(error), 502, again)
    asks = {"account": "choose=1", "timezone": "step=timezone", None: "authorised=1"}
    return RedirectResponse(f"/setup/{received.slug}?{asks[received.missing]}", 303)


def _set_up_again(
    console: Console, platform: Platform, parameters: Mapping[str, str], cookie: str
) -> str | None:
    """Return where this browser begins once more what it asked for; its choices are kept there."""
    state = parameters.get(platform.consent.state, "") if platform.consent else ""
    slug = requested_connection(console.accounts, state, cookie)
    if slug is None:
        return None
    pending = console.registry.connections.get(slug).account_id is None
    return f"/setup/{slug}" + ("" if pending else "?again=1")


def _page(title: str, text: str, status: int, retry: str | None = None) -> Response:
    line = redacted(text)
    sentence = f"{line[:1].upper()}{line[1:].removesuffix('.')}."
    return plain_page("callback.html", title, status, text=sentence, retry=retry)
