"""Paginators: what to ask after an answer, as small functions; and the walk to the last page.

Every platform ends its lists in its own way. What they share is that a page may come again for
ever, which the walk notices.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from connectors.errors import Permanent
from connectors.http.asking import Answer, Ask

# The request after an answer; None when it was the last page.
Following = Callable[[Ask, Answer], Ask | None]


def pages(send: Callable[[Ask], Answer], first: Ask, following: Following) -> Iterator[Answer]:
    """Every page, the last one included; `Permanent` when the platform goes round in circles."""
    asked: set[str] = set()
    seen: set[bytes] = set()
    ask: Ask | None = first
    while ask is not None:
        if ask.key in asked:
            raise Permanent(f"{ask.operation} gives the same page token again and again")
        asked.add(ask.key)
        answer = send(ask)
        digest = hashlib.sha256(answer.content).digest()
        ask = following(ask, answer)
        if digest in seen and ask is not None:
            raise Permanent(f"{first.operation} answers different pages with the same one")
        seen.add(digest)
        yield answer


def by_page(items: str, size: int, *, parameter: str = "page") -> Following:
    """Pages 1, 2, ...; a page of fewer than `size` items under `items` is the last."""

    def following(ask: Ask, answer: Answer) -> Ask | None:
        found = answer.at(items) if items else answer.json
        if len(found or ()) < size:
            return None
        return ask.with_params(**{parameter: int(ask.params.get(parameter, 1)) + 1})

    return following


def by_counted_pages(header: str, *, parameter: str = "page") -> Following:
    """Pages 1, 2, ... as many as a header of the answer says."""

    def following(ask: Ask, answer: Answer) -> Ask | None:
        here = int(ask.params.get(parameter, 1))
        last = int(answer.headers.get(header, 1))
        return ask.with_params(**{parameter: here + 1}) if here < last else None

    return following


def by_offset(items: str, total: str) -> Following:
    """Offsets from 0, up to the number of items that the answer says there are."""

    def following(ask: Ask, answer: Answer) -> Ask | None:
        got = len(answer.at(items) or ())
        reached = int(ask.params.get("offset", 0)) + got
        if not got or reached >= int(answer.at(total) or 0):
            return None
        return ask.with_params(offset=reached)

    return following


def by_cursor(path: str, *, parameter: str) -> Following:
    """The same query again with the token that stands under `path`, until there is none."""

    def following(ask: Ask, answer: Answer) -> Ask | None:
        token = answer.at(path)
        return ask.with_params(**{parameter: str(token)}) if token else None

    return following


def by_token_alone(path: str, *, parameter: str) -> Following:
    """The token under `path` as the only parameter, until there is none."""

    def following(ask: Ask, answer: Answer) -> Ask | None:
        token = answer.at(path)
        return replace(ask, params={parameter: str(token)}) if token else None

    return following


def by_graphql(connection: str, *, variable: str = "after") -> Following:
    """A GraphQL connection's cursor as a variable, while `pageInfo` says there is more."""

    def following(ask: Ask, answer: Answer) -> Ask | None:
        info = answer.at(f"{connection}.pageInfo") or {}
        if not info.get("hasNextPage"):
            return None
        variables = {**ask.json["variables"], variable: info["endCursor"]}
        return replace(ask, json={**ask.json, "variables": variables})

    return following
