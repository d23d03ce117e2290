"""Points of a GraphQL query at Shopify: what is requested, and what an answer comes to.

Every object counts a point, and a page two more; the objects of a page count as many times as nodes
are asked for. UNCONFIRMED in detail: Shopify's documents give the rule and no worked example.
"""

from collections.abc import Mapping
from typing import Any

from graphql import FieldNode, IntValueNode, OperationDefinitionNode, VariableNode, parse

LARGEST_COST = 1_000


def requested_cost(query: str, variables: Mapping[str, Any]) -> int:
    """Return the points of a query before it is answered, as if every page were full."""
    return max(1, sum(_requested(field, variables) for field in _fields(_operation(query))))


def actual_cost(query: str, data: Mapping[str, Any] | None) -> int:
    """Return the points of the objects that an answer holds."""
    return max(1, sum(_actual(field, data or {}) for field in _fields(_operation(query))))


def _operation(query: str) -> OperationDefinitionNode:
    operation = parse(query).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return operation


def _fields(node: OperationDefinitionNode | FieldNode) -> list[FieldNode]:
    selections = node.selection_set.selections if node.selection_set else ()
    return [s for s in selections if isinstance(s, FieldNode) and s.name.value != "pageInfo"]


def _size(field: FieldNode, variables: Mapping[str, Any]) -> int | None:
    """Return how many nodes of a page are asked for; None for what has no pages."""
    for argument in field.arguments:
        if argument.name.value == "first" and isinstance(argument.value, IntValueNode):
            return int(argument.value.value)
        if argument.name.value == "first" and isinstance(argument.value, VariableNode):
            return int(variables.get(argument.value.name.value) or 0)
    return None


def _requested(field: FieldNode, variables: Mapping[str, Any]) -> int:
    if field.selection_set is None:
        return 0
    size = _size(field, variables)
    if size is None or not _is_page(field):
        return 1 + sum(_requested(inner, variables) for inner in _fields(field))
    nodes = _fields(field)[0]
    return 2 + size * (1 + sum(_requested(inner, variables) for inner in _fields(nodes)))


def _actual(field: FieldNode, parent: Mapping[str, Any]) -> int:
    value = parent.get(field.name.value)
    if field.selection_set is None or value is None:
        return 0
    if not _is_page(field):
        items = value if isinstance(value, list) else [value]
        return sum(1 + sum(_actual(inner, item) for inner in _fields(field)) for item in items)
    inner_fields = _fields(_fields(field)[0])
    return 2 + sum(
        1 + sum(_actual(inner, node) for inner in inner_fields) for node in value["nodes"]
    )


def _is_page(field: FieldNode) -> bool:
    return any(inner.name.value == "nodes" for inner in _fields(field))
