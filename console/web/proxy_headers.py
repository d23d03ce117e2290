"""Addresses and headers of requests to a program behind the console, and of its responses.

Nothing here sends anything. Hop-by-hop headers are those of RFC 9110, section 7.6.1.
"""

import string
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

import httpx2
from starlette.datastructures import Headers
from starlette.types import Scope

from connectors.home.unix_sockets import UNIX
from console.web.gate import COOKIES

RawHeaders = list[tuple[bytes, bytes]]

_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Set anew by the proxy, or meant for the console alone.
_NOT_ASKED: Final = _HOP | {
    "authorization",
    "cookie",
    # The console has answered it (100 Continue) when it passes the request on.
    "expect",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-real-ip",
}
# Headers that would apply to the console's whole origin instead of the program's prefix.
_NOT_ANSWERED: Final = _HOP | {
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "clear-site-data",
    "content-security-policy",
    "date",
    "feature-policy",
    "location",
    "permissions-policy",
    "server",
    "service-worker-allowed",
    "set-cookie",
    "strict-transport-security",
}


def target(base: str, scope: Scope) -> httpx2.URL | None:
    """Return the address at the program at `base`; None for a path that climbs out of it."""
    # The program would resolve it to a path outside its prefix.
    if ".." in scope["path"].split("/"):
        return None
    raw_address = scope["raw_path"] + (
        b"?" + scope["query_string"] if scope["query_string"] else b""
    )
    # Illegal bytes are escaped; escaped ones stay unchanged.
    address = "http://localhost" if socket_of(base) else base
    return httpx2.URL(address).copy_with(
        raw_path=quote(raw_address, safe=string.punctuation).encode()
    )


def socket_of(base: str) -> str | None:
    """Return the path of the Unix socket on which a program listens; None for one on a port."""
    return base.removeprefix(UNIX) if base.startswith(UNIX) else None


def request_headers(scope: Scope, prefix: str) -> RawHeaders:
    """Return the headers of a request as the program gets them."""
    incoming = Headers(scope=scope)
    dropped = _NOT_ASKED | _named_in(incoming.getlist("connection"))
    passed = [(n, v) for n, v in incoming.raw if n.decode("latin-1").lower() not in dropped]
    secure = scope["scheme"] in {"https", "wss"}
    added = {
        "x-forwarded-for": scope["client"][0] if scope.get("client") else "",
        "x-forwarded-host": incoming.get("host", ""),
        "x-forwarded-prefix": prefix,
        "x-forwarded-proto": "https" if secure else "http",
        "cookie": _cookies(incoming.getlist("cookie")),
    }
    return passed + [(n.encode(), v.encode("latin-1")) for n, v in added.items() if v]


def answer_headers(
    answer: httpx2.Response, path: str, prefix: str, policy: Mapping[str, str]
) -> RawHeaders:
    """Return the headers of the answer to a request for `path` as the browser gets them.

    Redirects and cookies stay within the prefix. Where the program has a policy of its own, it
    holds, and `policy` says what it leaves open.
    """
    dropped = _NOT_ANSWERED | _named_in(answer.headers.get_list("connection"))
    raw = answer.headers.raw
    passed = [(n.lower(), v) for n, v in raw if n.decode("latin-1").lower() not in dropped]
    added = [("content-security-policy", _policy(answer, policy))]
    if "location" in answer.headers:
        added.append(("location", within(prefix, path, answer.headers["location"])))
    for cookie in answer.headers.get_list("set-cookie"):
        # A program must not set or replace the console's own session.
        if _name(cookie) not in COOKIES:
            added.append(("set-cookie", _cookie_within(prefix, cookie)))
    return passed + [(n.encode(), v.encode("latin-1", "replace")) for n, v in added]


def within(prefix: str, path: str, location: str) -> str:
    """Return where a redirect from `path` leads: to the program's own pages, whatever it says."""
    try:
        parts = urlsplit(urljoin(path, location))
    except ValueError:
        return f"{prefix}/"
    leads = parts.path
    # A redirect out of the prefix would lead to the console's own pages.
    if ".." in unquote(leads).split("/"):
        leads = f"{prefix}/"
    elif leads != prefix and not leads.startswith(f"{prefix}/"):
        leads = f"{prefix}/{leads.lstrip('/')}"
    return urlunsplit(("", "", leads, parts.query, parts.fragment))


def _policy(answer: httpx2.Response, policy: Mapping[str, str]) -> str:
    own = answer.headers.get("content-security-policy", "").strip().rstrip(";")
    named = {directive.split()[0].lower() for directive in own.split(";") if directive.strip()}
    # The program's own directives win; ours fill in those that it leaves out.
    further = [f"{name} {value}" for name, value in policy.items() if name not in named]
    return "; ".join([own, *further] if own else further)


def _cookie_within(prefix: str, cookie: str) -> str:
    pair, *attributes = (part.strip() for part in cookie.split(";"))
    path = f"{prefix}/"
    passed = []
    for attribute in attributes:
        name, _, value = attribute.partition("=")
        if name.strip().lower() == "path" and value.strip().startswith(path):
            path = value.strip()
        if name.strip().lower() not in {"path", "domain"}:
            passed.append(attribute)
    return "; ".join([pair, *passed, f"Path={path}"])


def _cookies(headers: Iterable[str]) -> str:
    pairs = [pair.strip() for header in headers for pair in header.split(";")]
    return "; ".join(pair for pair in pairs if pair and _name(pair) not in COOKIES)


def _name(cookie: str) -> str:
    return cookie.partition("=")[0].strip()


def _named_in(headers: Iterable[str]) -> frozenset[str]:
    """Return what a Connection header declares to be of this hop alone."""
    return frozenset(name.strip().lower() for header in headers for name in header.split(","))
