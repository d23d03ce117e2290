"""Answers that an official OpenAPI document allows, made by chance from its schemas.

The library for this (hypothesis-jsonschema) knows no recursive references, which most of these
documents have. Objects come with and without what is optional, lists empty and with several,
and text as odd as its schema lets it be.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import yaml
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from tests.contract.swagger import converted

_DEEPEST = 7
_TEXTS = ("", " ", "0", "-1.50", "12.345", "abc", "ÄÖ 日本", "2026-03-01", "USD", "x" * 300, "null")
_INSTANTS = ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00.000-07:00", "1970-01-01T00:00:00Z")
_INTEGERS = (0, 1, -1, 1234, 99_999_999_999)
_PLAIN = {
    "integer": _INTEGERS,
    "number": (*_INTEGERS, 0.1, -12.34),
    "boolean": (True, False),
    "null": (None,),
}

_SCALARS: dict[str, tuple[Any, ...]] = {
    "Boolean": (True, False),
    "Int": _INTEGERS,
    "DateTime": _INSTANTS,
    "Decimal": ("0.0", "12.34", "-5.005", "99999999.99"),
}

# Shopify says with every answer what it cost; without it, the next one is waited for.
_COST = {
    "requestedQueryCost": 1,
    "actualQueryCost": 1,
    "throttleStatus": {
        "maximumAvailable": 2000.0,
        "currentlyAvailable": 1999.0,
        "restoreRate": 100.0,
    },
}


def operations(path: Path) -> dict[str, Any]:
    """Return an OpenAPI document, a Swagger one said as such."""
    text = path.read_text(encoding="utf-8")
    # Written in C, where there is that: a tenth of the time.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, Any] = (
        json.loads(text) if path.suffix == ".json" else yaml.load(text, loader)  # noqa: S506
    )
    return converted(loaded) if "swagger" in loaded else loaded


def answer_schema(document: Mapping[str, Any], template: str, method: str = "get") -> Any:
    """Return the schema of what an operation answers with 200."""
    answer = _resolved(document, document["paths"][template][method]["responses"]["200"])
    content = answer["content"]
    return next(content[kind]["schema"] for kind in content if "json" in kind)


def matches(template: str, path: str) -> bool:
    """Return whether a path is one of an operation's, whose parameters stand in braces."""
    pattern = re.sub(r"\\?\{[^}]*\\?\}", "[^/]+", re.escape(template).replace(r"\{", "{"))
    return re.fullmatch(pattern.replace(r"\}", "}"), path) is not None


def example(document: Mapping[str, Any], schema: Any, chance: Random, depth: int = 0) -> Any:
    """Return one value that a schema allows."""
    schema = _resolved(document, schema)
    if schema.get("nullable") and chance.random() < 0.1:
        return None
    if "allOf" in schema:
        parts = [example(document, part, chance, depth + 1) for part in schema["allOf"]]
        return {name: part[name] for part in parts if isinstance(part, dict) for name in part}
    either = schema.get("oneOf") or schema.get("anyOf")
    if either:
        return example(document, chance.choice(either), chance, depth + 1)
    return _plain(document, schema, chance, depth)


def _plain(document: Mapping[str, Any], schema: Any, chance: Random, depth: int) -> Any:
    kind = _kind(schema, chance)
    if kind == "object":
        return _object(document, schema, chance, depth)
    if kind == "array":
        many = 0 if depth > _DEEPEST else chance.choice((0, 1, 1, 3))
        items = schema.get("items", {})
        return [example(document, items, chance, depth + 1) for _ in range(many)]
    texts = _INSTANTS if "date-time" in schema.get("format", "") else _TEXTS
    return chance.choice(schema.get("enum") or _PLAIN.get(kind, texts))


def graphql_answer(schema: GraphQLSchema, query: str, chance: Random) -> dict[str, Any]:
    """Return one answer that a GraphQL schema allows to a query, as its `data`."""
    operation = parse(query).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    assert schema.query_type is not None
    answer = {"data": _selected(schema.query_type, operation.selection_set, chance)}
    return {**answer, "extensions": {"cost": _COST}}


def _selected(parent: Any, selections: SelectionSetNode | None, chance: Random) -> dict[str, Any]:
    nodes = (
        [node for node in selections.selections if isinstance(node, FieldNode)]
        if selections
        else []
    )
    return {
        node.name.value: _value(parent.fields[node.name.value].type, node.selection_set, chance)
        for node in nodes
    }


def _value(kind: Any, selections: SelectionSetNode | None, chance: Random) -> Any:
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    elif chance.random() < 0.2:
        return None
    if isinstance(kind, GraphQLList):
        return [_value(kind.of_type, selections, chance) for _ in range(chance.choice((0, 1, 3)))]
    if isinstance(kind, GraphQLEnumType):
        return chance.choice(list(kind.values))
    if selections is not None:
        return _selected(kind, selections, chance)
    return chance.choice(_SCALARS.get(kind.name, _TEXTS))


def _kind(schema: Mapping[str, Any], chance: Random) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return str(chance.choice(kind)) if isinstance(kind, list) else str(kind)


def _object(document: Mapping[str, Any], schema: Any, chance: Random, depth: int) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    likely = 0.0 if depth > _DEEPEST else chance.choice((0.2, 0.6, 0.95))
    return {
        name: example(document, each, chance, depth + 1)
        for name, each in schema.get("properties", {}).items()
        if name in required or chance.random() < likely
    }


def _resolved(document: Mapping[str, Any], schema: Any) -> Any:
    while "$ref" in schema:
        value: Any = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            value = value[name.replace("~1", "/").replace("~0", "~")]
        schema = value
    return schema
