"""What went over the wire held against a platform's own OpenAPI document."""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.templating.paths.exceptions import PathNotFound
from openapi_core.templating.responses.exceptions import ResponseNotFound
from werkzeug.datastructures import Headers, ImmutableMultiDict

from sandbox.faults import Exchange
from tests.contract.swagger import converted


@dataclass
class _Request:
    """openapi-core's protocol of a request."""

    host_url: str
    path: str
    method: str
    parameters: RequestParameters
    content_type: str
    body: bytes | None


@dataclass
class _Response:
    """openapi-core's protocol of a response."""

    data: bytes
    status_code: int
    content_type: str
    headers: Headers


def document(
    path: Path, base: str = "https://platform.test", *, is_strict: bool = False
) -> OpenAPI:
    """An OpenAPI document, or a Swagger one said as such, whose servers are `base`.

    Where it is served is not what is tested. In a strict one no object has members beside those
    that are described, which hardly any document says itself.
    """
    text = path.read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded = json.loads(text) if path.suffix == ".json" else yaml.load(text, loader)  # noqa: S506
    if is_strict:
        for schema in loaded["components"]["schemas"].values():
            if "properties" in schema:
                schema["additionalProperties"] = False
    if "swagger" in loaded:
        loaded = converted(loaded)
    loaded["servers"] = [{"url": base}]
    # How a call is authorised is what the emulators insist on; schemes are described too loosely.
    loaded.pop("security", None)
    for path_item in loaded["paths"].values():
        for operation in path_item.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
                _drop_null_defaults(operation)
    return OpenAPI.from_dict(loaded, config=Config(spec_validator_cls=None))


def _drop_null_defaults(operation: dict[str, Any]) -> None:
    """Take no default for one that is null: Etsy's parameters have it, and may not be null."""
    for parameter in operation.get("parameters", ()):
        schema = parameter.get("schema", {})
        if schema.get("default", "") is None:
            del schema["default"]


def checked(contract: OpenAPI, exchanges: Iterable[Exchange], prefix: str = "") -> set[str]:
    """Validate every exchange that the contract describes; gives their operations back.

    `prefix` is what the contract's paths leave out.
    """
    seen = set()
    for exchange in exchanges:
        request = _request(exchange, prefix)
        try:
            contract.validate_request(request)
        except PathNotFound:
            continue
        # Contracts seldom say what a refusal looks like.
        with suppress(*([ResponseNotFound] if exchange.status >= 400 else [])):
            contract.validate_response(request, _response(exchange))
        seen.add(f"{exchange.method} {exchange.path.removeprefix(prefix)} {exchange.status}")
    return seen


def _request(exchange: Exchange, prefix: str) -> _Request:
    headers = Headers([(k.decode(), v.decode()) for k, v in exchange.headers])
    return _Request(
        host_url="https://platform.test",
        path=exchange.path.removeprefix(prefix),
        method=exchange.method.lower(),
        parameters=RequestParameters(
            query=ImmutableMultiDict(parse_qsl(exchange.query.decode())), header=headers
        ),
        content_type=headers.get("content-type", ""),
        body=exchange.body or None,
    )


def _response(exchange: Exchange) -> _Response:
    headers = Headers([(k.decode(), v.decode()) for k, v in exchange.answer_headers])
    return _Response(
        data=exchange.answer,
        status_code=exchange.status,
        content_type=headers.get("content-type", ""),
        headers=headers,
    )
