"""Where platforms send sellers back to, and where WooCommerce posts its keys.

Every way an answer can be wrong has its own plain words; none leaves anything behind.
"""

import html
from collections.abc import Mapping
from typing import Any

from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from connectors.auth.consent import ConsentRefused
from connectors.auth.platform import Denied
from connectors.authorising import receive, take_keys
from connectors.errors import BadInput, DaybookError
from connectors.platforms import platform
from connectors.redaction import redacted
from console.roles import MAY
from console.web.context import Console

_TITLES = {
    "unknown": "Nobody asked for this",
    "foreign": "This began in another browser",
    "replayed": "This is finished already",
    "expired": "This took too long",
}


def add(app: FastAPI, console: Console) -> None:
    """Add the routes."""

    @app.get("/connect/{name}/callback")
    async def callback(request: Request, name: str) -> Response:
        who, cookie = request.state.who, request.state.cookie
        if "connect" not in MAY[who.role]:
            return _page("Not allowed", f"a {who.role} may not connect stores", 403)
        given = dict(request.query_params)
        return await run_sync(_received, console, name, given, cookie, who.name)

    @app.post("/connect/{name}/keys")
    async def keys(request: Request, name: str) -> Response:
        try:
            body: dict[str, Any] = await request.json()
            state = str(body.get("user_id", ""))
            await run_sync(lambda: take_keys(console.accounts, platform(name), state, body))
        except (DaybookError, ValueError, AttributeError, RecursionError):
            return JSONResponse({"error": "these keys were not asked for"}, 400)
        return JSONResponse({"ok": True}, 200)


def _received(
    console: Console, name: str, given: Mapping[str, str], cookie: str, actor: str
) -> Response:
    try:
        wanted = platform(name)
        received = receive(console.accounts, wanted, given, cookie, actor)
    except ConsentRefused as error:
        return _page(_TITLES[error.reason], str(error), 400)
    except Denied as error:
        return _page("Access was not granted", str(error), 200)
    except BadInput as error:
        return _page("The store was not connected", str(error), 400)
    except DaybookError as error:
        return _page("That did not work", str(error), 502)
    if received.choices:
        return RedirectResponse(f"/setup/{received.slug}?choose=1", 303)
    return RedirectResponse(f"/setup/{received.slug}?authorised=1", 303)


def _page(title: str, text: str, status: int) -> Response:
    said = html.escape(redacted(text))
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)} · Daybook</title>"
        '<link rel="stylesheet" href="/static/sign_in.css"></head><body><main>'
        f"<h1>{html.escape(title)}</h1><p>{said[:1].upper()}{said[1:]}.</p>"
        '<p><a href="/">Back to Connected Stores</a></p></main></body></html>',
        status,
    )
