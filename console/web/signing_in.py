"""Signing in and out, and giving the password again: plain forms that need no script."""

import html
from importlib.resources import files
from typing import Annotated
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from fastapi import FastAPI, Form, Request
from fastapi.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from connectors.errors import RateLimited
from console.web.context import Console
from console.web.gate import cookie_name
from console.web.readiness import readiness
from console.web.sessions import LASTS, csrf_token

PAGE = files("console.web").joinpath("sign_in.html")


def add(app: FastAPI, console: Console) -> None:
    """Add the routes."""
    name = cookie_name(console.settings.public_url)
    secure = console.settings.public_url.startswith("https://")

    @app.get("/health")
    def health() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.get("/ready")
    def ready() -> JSONResponse:
        document = readiness(console)
        return JSONResponse(document, 200 if document["ready"] else 503)

    @app.get("/sign-in")
    def page(request: Request, next: str = "/") -> Response:
        if request.state.who is not None:
            return RedirectResponse(_local(next), 303)
        people = console.registry.people()
        note = "" if people else "Nobody may sign in yet: run `daybook users add NAME`."
        return _page(next, note)

    @app.post("/sign-in")
    async def sign_in(
        user: Annotated[str, Form()], password: Annotated[str, Form()], next: Annotated[str, Form()]
    ) -> Response:
        try:
            cookie = await run_sync(console.sessions.sign_in, user, password)
        except RateLimited as error:
            return _page(next, str(error).capitalize() + ".", status=429, user=user)
        if cookie is None:
            return _page(next, "The name or the password is wrong.", status=401, user=user)
        answer = RedirectResponse(_local(next), 303)
        answer.set_cookie(
            name,
            cookie,
            max_age=int(LASTS.total_seconds()),
            httponly=True,
            secure=secure,
            samesite="lax",
            path="/",
        )
        return answer

    @app.post("/sign-out")
    async def sign_out(request: Request, csrf: Annotated[str, Form()]) -> Response:
        if csrf != csrf_token(request.state.cookie):
            return PlainTextResponse("this form is stale: go back and try again", 403)
        await run_sync(console.sessions.sign_out, request.state.cookie)
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
        return answer


def _page(next: str, note: str, *, status: int = 200, user: str = "") -> Response:
    alert = f'<p role="alert" class="note">{html.escape(note)}</p>' if note else ""
    text = PAGE.read_text(encoding="utf-8")
    for mark, value in (("next", _local(next)), ("user", user)):
        text = text.replace("{{" + mark + "}}", html.escape(value, quote=True))
    return HTMLResponse(text.replace("{{note}}", alert), status)


def _local(address: str) -> str:
    """A page of ours to go on to; anything else is the first page."""
    parts = urlsplit(address)
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc
    return address if ours else "/"
