"""One request and its answer, as values: what paginators look at and limits are kept for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import httpx2
import orjson

from connectors.errors import Transient

# Above every page a platform documents; it bounds what a wrong or hostile host can make us hold.
LARGEST_BYTES = 64 * 2**20
# More than a machine word holds: orjson would make a float of it. Every digit is looked for as a
# nought, which takes a thirtieth of a regular expression's time.
_LONG_NUMBER = b"0" * 20
_NOUGHTS = bytes.maketrans(b"123456789", b"000000000")
_READ = "daybook.json"


def parsed(content: bytes) -> Any:
    """Return the value of a JSON text; raise `ValueError` for anything else.

    Half a character, which JavaScript writes and few parsers take, is text like any other, and a
    number of any length keeps its digits.
    """
    if _LONG_NUMBER in content.translate(_NOUGHTS):
        return json.loads(content)
    try:
        return orjson.loads(content)
    # orjson refuses lone surrogates, which JSON allows; the slower parser takes them.
    except ValueError:
        return json.loads(content)


def body(response: httpx2.Response) -> Any:
    """Return the parsed body of a response, cached; callers must not change it."""
    if _READ not in response.extensions:
        response.extensions[_READ] = parsed(response.content)
    return response.extensions[_READ]


def read_already(response: httpx2.Response) -> dict[str, Any]:
    """Return the part of an answer's extensions that `body` keeps."""
    return {name: value for name, value in response.extensions.items() if name == _READ}


@dataclass(frozen=True, slots=True)
class Request:
    """One request of an operation that the platform names and limits.

    `params` go into the query, in their order; with `json` it is a POST. An answer of more than
    `largest` bytes is refused. `cost` is what the platform counts it as.
    """

    operation: str
    url: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    largest: int = LARGEST_BYTES
    cost: float = 1.0

    @property
    def method(self) -> str:
        """Return how it is sent."""
        return "GET" if self.json is None else "POST"

    def with_params(self, **params: str | int) -> Self:
        """Return the same with these parameters set."""
        return replace(self, params={**self.params, **params})

    @property
    def key(self) -> str:
        """Return what makes two requests the same."""
        return json.dumps([self.url, list(self.params.items()), self.json], default=str)


@dataclass(frozen=True)
class Response:
    """A platform's answer: the body as it was written, and its headers."""

    content: bytes
    headers: httpx2.Headers
    status: int = 200

    @classmethod
    def of(cls, response: httpx2.Response) -> Self:
        """Return the answer that a response is, with what is read of it already."""
        answer = cls(response.content, response.headers, response.status_code)
        if _READ in response.extensions:
            vars(answer)["json"] = response.extensions[_READ]
        return answer

    @property
    def text(self) -> str:
        """Return the body as text; its encoding is UTF-8, as JSON's is."""
        return self.content.decode("utf-8")

    @cached_property
    def json(self) -> Any:
        """Return the body's JSON, None for an empty one; `Transient` when it is cut."""
        if not self.content:
            return None
        try:
            return parsed(self.content)
        except ValueError as error:
            raise Transient("an answer is cut or no JSON: try again") from error

    def at(self, path: str) -> Any:
        """Return the value at a dotted path; None if the path ends before it."""
        value = self.json
        for name in path.split("."):
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value
