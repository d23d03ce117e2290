"""Paginators: the request after a response, as small functions; and the walk to the last page.

Every platform ends its lists in its own way. `pages` detects a platform that repeats pages without
end.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from connectors.errors import Permanent
from connectors.http.messages import Request, Response

# The request after a response; None when it was the last page.
Paginator = Callable[[Request, Response], Request | None]


def pages(
    send: Callable[[Request], Response], first: Request, paginator: Paginator
) -> Iterator[Response]:
    """Yield every page, the last one included.

    Raises `Permanent` when the platform repeats a page or a token.
    """
    requested: set[str] = set()
    digests: set[bytes] = set()
    request: Request | None = first
    while request is not None:
        if request.key in requested:
            raise Permanent(f"{request.operation} gives the same page token again and again")
        requested.add(request.key)
        response = send(request)
        digest = hashlib.sha256(response.content).digest()
        request = paginator(request, response)
        # A last page may repeat an earlier one (two empty pages); it ends the walk anyway.
        if digest in digests and request is not None:
            raise Permanent(f"{first.operation} answers different pages with the same one")
        digests.add(digest)
        yield response


def page_number(items: str, size: int, *, parameter: str = "page") -> Paginator:
    """Return pages 1, 2, ...; a page of fewer than `size` items under `items` is the last."""

    def next_request(request: Request, response: Response) -> Request | None:
        page = response.at(items) if items else response.json
        # A full last page costs one more request, whose empty page ends the list.
        if len(page or ()) < size:
            return None
        return request.with_params(**{parameter: int(request.params.get(parameter, 1)) + 1})

    return next_request


def counted_pages(header: str, *, parameter: str = "page") -> Paginator:
    """Return pages 1, 2, ... as many as a header of the response says."""

    def next_request(request: Request, response: Response) -> Request | None:
        here = int(request.params.get(parameter, 1))
        last = int(response.headers.get(header, 1))
        return request.with_params(**{parameter: here + 1}) if here < last else None

    return next_request


def offset(items: str, total: str) -> Paginator:
    """Return offsets from 0, up to the number of items that the response states."""

    def next_request(request: Request, response: Response) -> Request | None:
        count = len(response.at(items) or ())
        reached = int(request.params.get("offset", 0)) + count
        # An empty page ends the list even below the stated total, which may have shrunk meanwhile.
        if not count or reached >= int(response.at(total) or 0):
            return None
        return request.with_params(offset=reached)

    return next_request


def cursor(path: str, *, parameter: str) -> Paginator:
    """Repeat the query with the token at `path`, until there is none."""

    def next_request(request: Request, response: Response) -> Request | None:
        token = response.at(path)
        return request.with_params(**{parameter: str(token)}) if token else None

    return next_request


def token_only(path: str, *, parameter: str) -> Paginator:
    """Send the token under `path` as the only parameter, until there is none."""

    def next_request(request: Request, response: Response) -> Request | None:
        token = response.at(path)
        # Amazon and others refuse a page token beside the filters that it already contains.
        return replace(request, params={parameter: str(token)}) if token else None

    return next_request


def graphql_cursor(connection: str, *, variable: str = "after") -> Paginator:
    """Send a GraphQL connection's cursor as a variable, while `pageInfo` says there is more."""

    def next_request(request: Request, response: Response) -> Request | None:
        info = response.at(f"{connection}.pageInfo") or {}
        if not info.get("hasNextPage"):
            return None
        variables = {**request.json["variables"], variable: info["endCursor"]}
        return replace(request, json={**request.json, "variables": variables})

    return next_request
