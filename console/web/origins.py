"""Origins and hosts of requests: the console's own addresses, and no others.

A name that somebody else points at this machine makes a browser take their page for ours: so a
request must name the host of `public_url`, or this machine.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers

_HOST: Final = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._~-]+)(:[0-9]{1,5})?")
_PORTS: Final = {"http": ":80", "https": ":443"}
# A sibling of our subdomain counts as same-site, and may be somebody else's.
_ELSEWHERE: Final = frozenset({"cross-site", "same-site"})


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins of the console at `public_url`, and of nobody else."""

    public_url: str

    def host_of(self, headers: Headers) -> str | None:
        """Return the name of the host that a request asks for; None where it names none, or two."""
        named = headers.getlist("host")
        # A proxy before us might read the other of two (RFC 9112, 3.2, refuses them as well).
        match = _HOST.fullmatch(named[0]) if len(named) == 1 else None
        return match["name"].strip("[]").lower() if match else None

    def serve(self, host: str) -> bool:
        """Return whether the console is meant by a host's name."""
        return host == urlsplit(self.public_url).hostname or _is_this_machine(host)

    def sent(self, headers: Headers) -> bool:
        """Return whether a page of the console sent a request."""
        origin = headers.get("origin")
        # Browsers leave Origin out of their own GETs; other programs send neither header.
        if origin is None:
            return headers.get("sec-fetch-site") == "same-origin"
        parts = _parts(origin)
        if parts is None or parts.scheme not in _PORTS:
            return False
        own = _parts(self.public_url)
        same = own is not None and _place(parts) == _place(own) and parts.scheme == own.scheme
        # Other names of this machine, such as 127.0.0.1: the gate has checked the host.
        return same or parts.netloc.lower() == headers.get("host", "").lower()

    def embedded_elsewhere(self, headers: Headers) -> bool:
        """Return whether a page of somebody else asks by itself, and no person follows a link."""
        if headers.get("sec-fetch-site") not in _ELSEWHERE:
            return False
        # A link in a mail must open a page; an image or frame of another site must not.
        followed = headers.get("sec-fetch-mode") == "navigate"
        return not (followed and headers.get("sec-fetch-dest") == "document")


def _parts(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _place(parts: SplitResult) -> str:
    return parts.netloc.lower().removesuffix(_PORTS.get(parts.scheme, ""))


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
