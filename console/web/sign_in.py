"""Signing in and out, and giving the password again: plain forms that need no script."""

from typing import Annotated
from urllib.parse import urlsplit

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from connectors.errors import RateLimited
from console.web.attempts import DEVICE_SECONDS
from console.web.context import Console
from console.web.gate import cookie_name, cookie_of, device_cookie_name
from console.web.plain_pages import plain_page
from console.web.readiness import readiness
from console.web.sessions import SESSION_LIFETIME, csrf_token


def add(app: FastAPI, console: Console) -> None:
    """Add the routes."""
    _add_probes(app, console)
    name = cookie_name(console.settings.public_url)
    device = device_cookie_name(console.settings.public_url)
    # Waiting for a hash must not occupy the threads of other requests.
    at_once = CapacityLimiter(4)
    secure = console.settings.public_url.startswith("https://")

    @app.get("/sign-in")
    def page(request: Request, next: str = "/") -> Response:
        # Somebody who is signed in and follows an old link.
        if request.state.who is not None:
            return RedirectResponse(_local(next), 303)
        users = console.registry.users.list()
        note = "" if users else "No users yet. Add one with `daybook users add NAME`."
        return _page(next, note)

    @app.post("/sign-in")
    async def sign_in(
        request: Request,
        user: Annotated[str, Form()],
        password: Annotated[str, Form()],
        next: Annotated[str, Form()],
    ) -> Response:
        attempt = (user, password, _address(request), cookie_of(request.headers, device))
        try:
            signed_in = await run_sync(console.sessions.sign_in, *attempt, limiter=at_once)
        except RateLimited as error:
            return _page(next, str(error).capitalize() + ".", status=429, user=user)
        if signed_in is None:
            # One message for both, so that names can't be probed.
            return _page(next, "The name or the password is wrong.", status=401, user=user)
        answer = RedirectResponse(_local(next), 303)
        for cookie, value, seconds in (
            (name, signed_in.session, int(SESSION_LIFETIME.total_seconds())),
            (device, signed_in.device, DEVICE_SECONDS),
        ):
            _keep(answer, cookie, value, seconds, secure=secure)
        return answer

    @app.post("/sign-out")
    async def sign_out(request: Request, csrf: Annotated[str, Form()]) -> Response:
        # Another site could sign somebody out with a form of its own.
        if csrf != csrf_token(request.state.cookie):
            return PlainTextResponse("this form is stale: go back and try again", 403)
        await run_sync(console.sessions.sign_out, request.state.cookie)
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
        return answer


def _add_probes(app: FastAPI, console: Console) -> None:
    @app.get("/health")
    def health() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.get("/ready")
    def ready() -> JSONResponse:
        document = readiness(console)
        return JSONResponse(document, 200 if document["ready"] else 503)


def _page(next: str, note: str, *, status: int = 200, user: str = "") -> Response:
    values = {"next": _local(next), "user": user, "note": note}
    return plain_page("sign_in.html", "Sign in", status, **values)


def _local(address: str) -> str:
    """Return a page of ours to go on to; anything else is the first page."""
    try:
        # Browsers take `//host` and `/\host` for another site's address.
        elsewhere = bool(urlsplit(address).netloc) or address.startswith(("//", "/\\"))
    except ValueError:
        return "/"
    # An open redirect would lend the console's name to a phishing page.
    return address if address.startswith("/") and address.isprintable() and not elsewhere else "/"


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _keep(answer: Response, name: str, value: str, seconds: int, *, secure: bool) -> None:
    # Lax, not strict: platforms send sellers back by a link of their site, signed in still.
    answer.set_cookie(name, value, seconds, httponly=True, secure=secure, samesite="lax", path="/")
