"""Every kind of list is read to its last page, however its pages are told apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import Permanent
from connectors.http import Remote, Request, Response
from connectors.http.pagination import (
    Paginator,
    counted_pages,
    cursor,
    graphql_cursor,
    offset,
    page_number,
    token_only,
)
from sandbox.server import bound, serving
from tests.connectors.http.lists import Lists

PAGINATORS: dict[str, tuple[Paginator, str, dict[str, str], Any]] = {
    "page": (page_number("items", 3), "items", {}, None),
    "counted": (counted_pages("X-Pages"), "", {}, None),
    "offset": (offset("items", "total"), "items", {}, None),
    "cursor": (cursor("cursor", parameter="cursor"), "items", {"kind": "all"}, None),
    "alone": (token_only("token", parameter="token"), "items", {"kind": "all"}, None),
    "graphql": (graphql_cursor("data.list"), "data.list.items", {}, {"variables": {}}),
}


@contextmanager
def served(lists: Lists) -> Iterator[str]:
    with serving(lists.application, bound()) as url:
        yield url


def read(url: str, kind: str) -> list[int]:
    following, path, params, body = PAGINATORS[kind]
    with Remote("The list") as remote:
        pages = remote.pages(Request("list", f"{url}/{kind}", params, body), following)
        return [item for page in pages for item in _items(page, path)]


def _items(page: Response, path: str) -> list[int]:
    items: list[int] = page.at(path) if path else page.json
    return items


@pytest.mark.parametrize("kind", sorted(PAGINATORS))
def test_every_item_comes_once_and_in_order(kind: str) -> None:
    lists = Lists()
    with served(lists) as url:
        for lists.items in (0, 1, 3, 4, 9):
            assert read(url, kind) == list(range(lists.items))


@pytest.mark.parametrize("kind", ["offset", "cursor", "alone", "graphql"])
def test_a_list_that_goes_round_in_circles_is_noticed(kind: str) -> None:
    with served(Lists(stuck=True)) as url, pytest.raises(Permanent, match="list"):
        read(url, kind)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=40), st.integers(1, 7))
def test_pages_of_any_size_make_the_whole(items: list[int], size: int) -> None:
    import json

    import httpx2

    def send(request: Request) -> Response:
        start = int(request.params.get("offset", 0))
        body = {"items": items[start : start + size], "total": len(items), "at": start}
        return Response(json.dumps(body).encode(), httpx2.Headers())

    from connectors.http.pagination import pages

    walk = pages(send, Request("list", "https://x.test"), offset("items", "total"))
    assert [item for page in walk for item in page.at("items")] == items
