"""Shopify: what we ask stands in its published GraphQL schema, and the emulator answers as it."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    build_client_schema,
    build_schema,
    graphql_sync,
    parse,
    validate,
)

from connectors.channels.shopify.authorisation import IDENTITY, UNINSTALL
from connectors.channels.shopify.graphql import VERSION
from connectors.settings import Settings
from tests.connectors.platforms import desk
from tests.emulators.shopify import SCHEMA

ROOTS = {"Query": "QueryRoot"}


@pytest.fixture(scope="module")
def published(specs: Path) -> GraphQLSchema:
    """Shopify's schema of the version that is asked for."""
    with gzip.open(specs / "shopify" / f"admin_{VERSION}.json.gz") as file:
        return build_client_schema(json.load(file)["data"])


@pytest.mark.parametrize("asked", [IDENTITY, UNINSTALL])
def test_every_question_is_one_that_shopify_knows(published: GraphQLSchema, asked: str) -> None:
    assert validate(published, parse(asked)) == []


def test_nothing_asked_is_on_its_way_out(published: GraphQLSchema) -> None:
    shop = published.type_map["Shop"].fields  # type: ignore[attr-defined]
    named = ("id", "name", "myshopifyDomain", "currencyCode", "ianaTimezone", "shopAddress")
    assert [name for name in named if shop[name].deprecation_reason] == []


def test_the_emulated_corner_of_the_schema_is_shopifys(published: GraphQLSchema) -> None:
    for name, emulated in build_schema(SCHEMA).type_map.items():
        real: Any = published.type_map.get(ROOTS.get(name, name))
        if name.startswith("__") or not hasattr(emulated, "fields"):
            continue
        ours = {field: str(of.type) for field, of in emulated.fields.items()}
        theirs = {field: str(of.type) for field, of in real.fields.items()}
        assert ours.items() <= theirs.items(), name


def test_answers_are_of_the_types_that_shopify_promises(
    published: GraphQLSchema, quick_home: Settings, tmp_path: Path
) -> None:
    with desk("shopify", quick_home, tmp_path) as at:
        at.whole_round()
    heard = [
        (json.loads(exchange.body)["query"], json.loads(exchange.answer)["data"])
        for exchange in at.emulator.application.exchanges
        if exchange.path.endswith("/graphql.json") and exchange.status == 200
    ]
    assert {query for query, _ in heard} == {IDENTITY, UNINSTALL}
    for query, data in heard:
        again = graphql_sync(published, query, data)
        assert again.errors is None
        assert again.data == data
