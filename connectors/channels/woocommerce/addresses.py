"""The address of a store: in the form that is kept, and as the name of the account.

A store is its address: WordPress has no other name for it that its owner knows.
"""

import re

import httpx2

from connectors.accounts.platform import Access
from connectors.errors import BadInput

# How a store is called whose permalinks are plain; kept with the connection.
PERMALINKS, PLAIN = "permalinks", "plain"
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")


def read_store_url(text: str) -> str:
    """Return `https://host[:port][/path]` of what was typed; http is left for `check_url`."""
    typed = text.strip()
    try:
        url = httpx2.URL(typed if "://" in typed else f"https://{typed}")
    except httpx2.InvalidURL as error:
        raise _refused() from error
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(url.raw_host.decode("ascii")):
        raise _refused()
    if url.userinfo or url.query or url.fragment:
        raise _refused()
    return str(url).rstrip("/")


def account_id(store_url: str) -> str:
    """Return what a store is pinned by: its address without scheme and trailing slash.

    The scheme is left out: a store behind a proxy that ends TLS often calls itself http.
    """
    url = httpx2.URL(store_url)
    return (url.netloc.decode("ascii") + url.path).rstrip("/")


def endpoint(access: Access, route: str) -> tuple[str, dict[str, str]]:
    """Return where a route of the REST API is (`/wc/v3/orders`): its URL, and parameters it needs.

    With plain permalinks the route is a parameter. WooCommerce looks at keys only where the
    address that was asked for has `wp-json/wc/` in it (9.9.5), so it is in there too.
    """
    if access.fields.get(PERMALINKS) == PLAIN:
        return access.url("store", f"/index.php/wp-json{route}"), {"rest_route": route}
    return access.url("store", f"/wp-json{route}"), {}


def _refused() -> BadInput:
    return BadInput(
        "store_url cannot be read: give the store's address, such as https://shop.example, without "
        "a question mark, user or password in it"
    )
