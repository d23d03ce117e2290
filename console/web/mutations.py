"""Requests that change something at a program behind the console: what they are, in words.

Dagster accepts GraphQL in URLs, as text and as JSON. A browser sends the first two for any page
without a preflight, so changes are accepted as JSON only. Requests that can't be classified are
refused.
"""

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from graphql import FieldNode, GraphQLError, OperationDefinitionNode, OperationType, parse

LONGEST_BODY: Final = 4 * 1024 * 1024
_MOST_TOKENS: Final = 20_000
_LONGEST_DETAIL: Final = 1000
_KEYWORD: Final = "mutation"


class RefusedRequest(Exception):
    """A request that does not pass; `status` answers it."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Mutation:
    """A change that a GraphQL request makes: its fields, and the variables as they were sent."""

    fields: tuple[str, ...]
    variables: str


def check_address(query_string: bytes) -> None:
    """Refuse a change that stands in an address: any page may send a browser there."""
    try:
        # The limit guards against quadratic time in parsing and against huge lists.
        parameters = parse_qs(query_string.decode("latin-1"), max_num_fields=100)
    except ValueError as error:
        raise RefusedRequest(400, "this address has too many parameters") from error
    if any(_fields(query) for query in parameters.get("query", ())):
        raise RefusedRequest(405, "a mutation is sent with POST, as JSON")


def mutation_of(content_type: str, body: bytes) -> Mutation | None:
    """Return what a GraphQL request changes, None where it only reads; refuses all but JSON."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise RefusedRequest(415, "GraphQL is sent as application/json")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusedRequest(400, "this is no JSON") from error
    query = document.get("query") if isinstance(document, dict) else None
    if not isinstance(query, str):
        raise RefusedRequest(400, "this JSON holds no GraphQL query")
    fields = _fields(query)
    return Mutation(fields, _shown(document.get("variables"))) if fields else None


def _fields(query: str) -> tuple[str, ...]:
    # Every mutation contains the word literally, and parsing is slow.
    if _KEYWORD not in query:
        return ()
    try:
        # Parsed, not searched: comments, strings and fragments can hide the word in a query.
        document = parse(query, no_location=True, max_tokens=_MOST_TOKENS)
    except (GraphQLError, RecursionError) as error:
        raise RefusedRequest(400, "this GraphQL cannot be read") from error
    return tuple(
        # The fields of a fragment stand elsewhere: that something changes is what is recorded.
        chosen.name.value if isinstance(chosen, FieldNode) else "..."
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        and definition.operation is OperationType.MUTATION
        for chosen in definition.selection_set.selections
    )


def _shown(variables: Any) -> str:
    # ASCII, so that whatever was sent can be kept.
    text = json.dumps(variables, default=str)
    return text if len(text) <= _LONGEST_DETAIL else f"{text[:_LONGEST_DETAIL]}..."
