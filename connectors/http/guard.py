"""A transport that keeps calls to typed addresses on the public internet (no SSRF).

A name is resolved once. All its addresses must be public, and the connection goes to one of the
checked addresses, so a name that resolves differently a moment later gains nothing. TLS and the
Host header stay those of the name. `Remote` follows no redirects.
"""

import socket
from collections.abc import Set
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx2

from connectors.errors import BadInput
from connectors.http.remote import tls

# Of IPv6, IANA has assigned this block alone for global unicast.
_UNICAST = IPv6Network("2000::/3")
# RFC 6052: the IPv4 address is in the last four bytes, and could be a private one.
_NAT64 = IPv6Network("64:ff9b::/96")


class Guard(httpx2.BaseTransport):
    """A transport for one store's calls.

    `private_hosts` are hosts (no ports) that the operator vouches for: they may have any address
    and speak plain http. Raises `BadInput` for every other host that is not public.
    """

    def __init__(self, private_hosts: Set[str] = frozenset()) -> None:
        self._private_hosts = private_hosts
        # By name: two names at one address must not share a TLS connection.
        self._ways: dict[str, httpx2.HTTPTransport] = {}

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to a checked address, or to the next one if it refuses the connection."""
        check_url(request.url, self._private_hosts)
        host = _host(request.url)
        addresses = _resolved(request.url)
        # One private address among public ones is refused too: the resolver's owner chooses their
        # order.
        if host not in self._private_hosts and not all(map(is_public, addresses)):
            raise BadInput(
                f"{host} is not on the public internet: where it is a store of your own network, "
                "name it in DAYBOOK_ALLOWED_PRIVATE_HOSTS"
            )
        way = self._ways.setdefault(host, httpx2.HTTPTransport(verify=tls()))
        # Only a refused connection moves on to the next address: a request that was sent may have
        # been executed.
        for address in addresses[:-1]:
            try:
                return way.handle_request(_sent_to(address, request))
            except httpx2.ConnectError:
                continue
        return way.handle_request(_sent_to(addresses[-1], request))

    def close(self) -> None:
        """Close every connection."""
        for way in self._ways.values():
            way.close()


def check_url(url: httpx2.URL, private_hosts: Set[str]) -> None:
    """Raise `BadInput` for an address that must not be called whatever it resolves to."""
    host = _host(url)
    if url.userinfo or not host:
        raise BadInput("a store's address is https://host, with no user or password in it")
    if url.scheme != "https" and not (url.scheme == "http" and host in private_hosts):
        raise BadInput(
            f"{host} must be reached over https; where it is a store of your own network, name it "
            "in DAYBOOK_ALLOWED_PRIVATE_HOSTS"
        )


def is_public(text: str) -> bool:
    """Return whether an IP address is public (IANA's special-purpose registries)."""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        # `ipaddress` calls a NAT64 or 6to4 address global although it may lead to 10.0.0.1.
        within = _within(address)
        if within is not None:
            return is_public(str(within))
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast


def _within(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to: mapped, NAT64 or 6to4."""
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


def _host(url: httpx2.URL) -> str:
    # The punycode form: what is resolved, and what the operator's list is compared with.
    return url.raw_host.decode("ascii")


def _resolved(url: httpx2.URL) -> list[str]:
    """Return every address of a URL's host, each once, in the resolver's order."""
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        answers = socket.getaddrinfo(_host(url), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        # As a failed connection, which is tried again: a resolver can be down for a while.
        raise httpx2.ConnectError(f"{_host(url)} has no address") from error
    return list(dict.fromkeys(str(place[0]) for *_, place in answers))


def _sent_to(address: str, request: httpx2.Request) -> httpx2.Request:
    """Return the same request to an address, with its Host header and the name for TLS."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        # Without SNI the certificate would be checked against the bare address.
        extensions={**request.extensions, "sni_hostname": _host(request.url)},
    )
