"""The gate in front of everything the console serves: authentication, origin and permission.

A request must name one of the console's own hosts. A change with a cookie must come from the
console's own pages (`Origin`, or `Sec-Fetch-Site` without one), and embedding by other sites is
refused. Every response has the security headers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import quote

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.database.registry import SignedIn
from console.roles import PERMISSIONS, Permission
from console.web.open_pages import PREFIX, OpenPage
from console.web.origins import Origins
from console.web.sessions import Sessions

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Paths without a sign-in: the sign-in page, assets, probes, and what platforms call.
PROBES: Final = frozenset({"/health", "/ready"})
ASSETS: Final = ("/_nicegui/", "/static/", "/health", "/ready")
HOOKS: Final = "/hooks/"
CALLED_BY_PLATFORMS: Final = ("/connect/woocommerce/keys", HOOKS)
OPEN: Final = (*ASSETS, "/sign-in", *CALLED_BY_PLATFORMS)
# Paths that need a permission.
NEEDS: Final[Mapping[str, Permission]] = {
    "/dagster": "run",
    "/books": "read",
    "/audit": "administer",
}
HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    # For browsers that don't know `frame-ancestors`.
    "X-Frame-Options": "DENY",
    # Our addresses name stores, and those of callbacks carry codes.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            # NiceGUI and Quasar set inline styles; without inline scripts these can't run code.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
}
WHO = "who"
# Browsers take the prefix over https only, so plain http has a name without it.
SESSION_COOKIES: Final = ("daybook", "__Host-daybook")
DEVICE_COOKIES: Final = ("daybook_device", "__Host-daybook_device")
# Cookies that programs behind the console neither receive nor set.
COOKIES: Final = (*SESSION_COOKIES, *DEVICE_COOKIES)


@dataclass(frozen=True, slots=True)
class Gate:
    """ASGI middleware; `public_url` is the console's own address, `application` what it guards."""

    application: ASGIApp
    sessions: Sessions
    public_url: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.application(scope, receive, send)
            return
        headers = Headers(scope=scope)
        malformed = self._malformed(scope, headers)
        if malformed is not None:
            await self._refuse(malformed, scope, receive, send)
            return
        cookie = cookie_of(headers, cookie_name(self.public_url))
        # A page has dozens of assets: authenticating each would cost a query each. Webhooks come
        # by thousands, and are authenticated by their signatures.
        asset = scope["path"].startswith((*ASSETS, HOOKS))
        who = None if asset else await run_sync(self._who, scope, headers, cookie)
        scope.setdefault("state", {})[WHO] = who
        scope["state"]["cookie"] = cookie
        refused = self._refusal(scope, headers, who)
        if refused is None:
            await self._admit(scope, receive, self._guarded(scope, send), cookie)
        else:
            await self._refuse(refused, scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send, cookie: str) -> None:
        # Long-lived: a page's socket must close when its session ends.
        if scope["path"].startswith(PREFIX):
            lives = partial(self.sessions.lives, cookie)
            await OpenPage(lives, receive, send).attend(self.application, scope)
        else:
            await self.application(scope, receive, send)

    async def _refuse(self, answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # Before `accept`, servers turn this into a 403.
            await send({"type": "websocket.close", "code": 4403, "reason": "not allowed"})
        else:
            await answer(scope, receive, self._guarded(scope, send))

    def _who(self, scope: Scope, headers: Headers, cookie: str) -> SignedIn | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        # Tokens work for the API only: a leaked one opens neither the pages nor Dagster.
        if scope["path"].startswith("/api/") and scheme.lower() == "bearer":
            return self.sessions.bearer(token.strip())
        return self.sessions.who(cookie)

    def _malformed(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to what is no request to this console, whoever sends it."""
        path = scope["path"]
        # No path contains a NUL, and PostgreSQL refuses one in a text.
        if "\x00" in path or b"%00" in scope["query_string"]:
            return _refused(path, 400, "there is no such address")
        host = self._origins.host_of(headers)
        # Load balancers call the machine by its address, whatever name it has.
        if path in PROBES:
            return None
        if host is None:
            return _refused(path, 400, "this request does not say which host it is for")
        # 421: misdirected request (RFC 9110, 15.5.20).
        if not self._origins.serve(host):
            why = f"this console is at {self.public_url}, as DAYBOOK_PUBLIC_URL says"
            return _refused(path, 421, why)
        return None

    def _refusal(self, scope: Scope, headers: Headers, who: SignedIn | None) -> Response | None:
        path = scope["path"]
        # A browser never adds this header by itself, so a request with it can't be forged by
        # another page.
        by_program = path.startswith("/api/") and "authorization" in headers
        # Browsers apply no same-origin policy to WebSockets (cross-site WebSocket hijacking).
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE
        # A platform's server posts there: no browser, so neither a cookie nor an Origin.
        called_by_platform = path.startswith(CALLED_BY_PLATFORMS)
        if not by_program and not called_by_platform:
            foreign = changes and not self._origins.sent(headers)
            if foreign or self._origins.embedded_elsewhere(headers):
                why = "this request does not come from the console's own pages"
                return _refused(path, 403, why)
        if path.startswith(OPEN):
            return None
        if who is None:
            if path.startswith("/api/"):
                return _refused(path, 401, "sign in, or send a token: Authorization: Bearer ...")
            query = scope["query_string"].decode("latin-1")
            destination = quote(path + ("?" + query if query and path != "/" else ""))
            # 303: a form sent after the session ended is not posted to the sign-in page.
            return RedirectResponse(f"/sign-in?next={destination}", 303)
        for prefix, permission in NEEDS.items():
            if path.startswith(prefix) and permission not in PERMISSIONS[who.role]:
                return _refused(path, 403, f"a {who.role} may not open this page")
        return None

    @property
    def _origins(self) -> Origins:
        return Origins(self.public_url)

    def _guarded(self, scope: Scope, send: Send) -> Send:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # Pages with scripts and the programs behind us bring policies of their own.
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self.public_url.startswith("https://"):
                    # Browsers ignore it over plain http (RFC 6797, 8.1).
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
                # Pages hold figures of the books; assets and the two programs decide for
                # themselves.
                if not scope["path"].startswith(("/_nicegui/", "/static/", "/dagster", "/books")):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return guarded


def cookie_name(public_url: str) -> str:
    """Return the session cookie's name; over https a browser takes it from this host alone."""
    return SESSION_COOKIES[public_url.startswith("https://")]


def device_cookie_name(public_url: str) -> str:
    """Return the name of the cookie that tells a browser in which somebody signed in."""
    return DEVICE_COOKIES[public_url.startswith("https://")]


def cookie_of(headers: Headers, name: str) -> str:
    """Return the cookie of that name, empty when there is none."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


def _refused(path: str, status: int, why: str) -> Response:
    if path.startswith("/api/"):
        return JSONResponse({"error": why}, status)
    return PlainTextResponse(why, status)
