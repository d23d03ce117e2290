"""Shopify: what we ask stands in its published GraphQL schema, and the emulator answers as it."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    build_client_schema,
    build_schema,
    graphql_sync,
    parse,
    validate,
)

from connectors.channels.shopify import CHANNEL, subscriptions
from connectors.channels.shopify.api import SUNSET_ON
from connectors.channels.shopify.authorisation import IDENTITY, UNINSTALL
from connectors.channels.shopify.feed_queries import (
    BULK_OPERATION,
    CUSTOMERS,
    ORDER_FEED,
    ORDER_LINES,
    ORDERS_COUNT,
    PRODUCT_VARIANTS,
    PRODUCTS,
    RUN_BULK,
    anonymous,
    bulk_orders,
)
from connectors.channels.shopify.graphql import VERSION
from connectors.channels.shopify.queries import (
    CHANGED,
    ORDERS,
    PAYOUTS,
    SCOPES,
    TRANSACTIONS,
    VARIANTS,
)
from connectors.documents.api_documents import ApiDocument
from connectors.documents.source_file import DecodedFile
from connectors.home.settings import Settings
from mappings.channels import classify
from mappings.model import UNCLASSIFIED
from pipelines.stages.stock import pull_costs
from sandbox.faults import Exchange
from sandbox.limits import CLOCK
from sandbox.sales import SoldItem
from sandbox.shopify import Shopify
from sandbox.shopify_schema import SCHEMA
from sandbox.shopify_webhooks import SCHEMA as WEBHOOKS
from tests.channels.feeds import read_feed
from tests.channels.stores import connected
from tests.connectors.accounts.platforms import desk

ROOTS = {"Query": "QueryRoot"}
FEEDS = [
    *(ORDER_FEED, anonymous(ORDER_FEED), ORDER_LINES, PRODUCTS, PRODUCT_VARIANTS, CUSTOMERS),
    *(ORDERS_COUNT, RUN_BULK, BULK_OPERATION),
]
BULK = [bulk_orders("a:'1'"), anonymous(bulk_orders("b"))]
QUESTIONS = [
    *(IDENTITY, UNINSTALL, PAYOUTS, TRANSACTIONS, SCOPES, CHANGED, ORDERS, VARIANTS),
    *FEEDS,
]
WEBHOOK_QUESTIONS = [subscriptions.LIST, subscriptions.CREATE, subscriptions.DELETE]


@pytest.fixture(scope="module")
def published(specs: Path) -> GraphQLSchema:
    """Shopify's schema of the version that is asked for."""
    with gzip.open(specs / "shopify" / f"admin_{VERSION}.json.gz") as file:
        return build_client_schema(json.load(file)["data"])


@pytest.mark.parametrize("query", [*QUESTIONS, *WEBHOOK_QUESTIONS, *BULK])
def test_every_question_is_one_that_shopify_knows(published: GraphQLSchema, query: str) -> None:
    assert validate(published, parse(query)) == []


def test_the_version_that_is_asked_answers_for_a_month_at_least() -> None:
    assert SUNSET_ON is not None
    assert SUNSET_ON - datetime.now(UTC).date() > timedelta(days=30)


def test_nothing_asked_is_on_its_way_out(published: GraphQLSchema) -> None:
    named = build_schema(SCHEMA + WEBHOOKS).type_map
    for name, emulated in named.items():
        real: Any = published.type_map.get(ROOTS.get(name, name))
        for field in getattr(emulated, "fields", {}) if real is not None else ():
            assert real.fields[field].deprecation_reason is None, f"{name}.{field}"


def test_the_emulated_corner_of_the_schema_is_shopifys(published: GraphQLSchema) -> None:
    for name, emulated in build_schema(SCHEMA + WEBHOOKS).type_map.items():
        real: Any = published.type_map.get(ROOTS.get(name, name))
        if isinstance(emulated, GraphQLEnumType) and not name.startswith("__"):
            assert emulated.values.keys() <= real.values.keys(), name
        if name.startswith("__") or not hasattr(emulated, "fields"):
            continue
        ours = {field: str(of.type) for field, of in emulated.fields.items()}
        theirs = {field: str(of.type) for field, of in real.fields.items()}
        assert ours.items() <= theirs.items(), name
        if isinstance(emulated, GraphQLInputObjectType):
            continue
        for field, of in emulated.fields.items():
            takes = {arg: str(how.type) for arg, how in of.args.items()}
            assert (
                takes.items()
                <= {arg: str(how.type) for arg, how in real.fields[field].args.items()}.items()
            ), f"{name}.{field}"


def heard(exchanges: list[Exchange]) -> list[tuple[str, dict[str, Any], Any]]:
    """Every question that was answered, with its variables and data."""
    queries = []
    for exchange in exchanges:
        if not exchange.path.endswith("/graphql.json") or exchange.status != 200:
            continue
        request, answer = json.loads(exchange.body), json.loads(exchange.answer)
        if answer.get("data") is not None:
            queries.append((request["query"], request.get("variables") or {}, answer["data"]))
    return queries


def test_answers_are_of_the_types_that_shopify_promises(
    published: GraphQLSchema,
    quick_home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    with desk("shopify", quick_home, tmp_path) as at:
        assert isinstance(at.emulator, Shopify)
        for account in (at.emulator.first, at.emulator.third):
            shop = connected(at, account)
            shop.sync()
            house = shop.house
            shop.desk.emulator.sales[account].place(*[SoldItem("CUP", 1, Decimal(1))] * 3)
            for stream in ("orders", "products", "contacts"):
                assert read_feed(shop, stream)
            at.emulator.protecting = {account}
            assert read_feed(shop, "orders")
            at.emulator.protecting = set()
            monkeypatch.setattr("connectors.channels.shopify.feeds.FEW", 0)
            assert read_feed(shop, "orders")
            monkeypatch.undo()
            at.registry.mappings.save({"cost_of_goods": True}, "d", house.slug, actor="test")
            pull_costs(house.workspace, house.connection, house.connection, "test", shop.now)
            at.accounts.disconnect(at.registry.connections.list()[-1].slug, "test")
        seen = heard(at.emulator.application.exchanges)
    assert {query for query, _, _ in seen} == set(QUESTIONS)
    for query, variables, data in {q: (q, v, d) for q, v, d in seen}.values():
        again = graphql_sync(published, query, data, variable_values=variables)
        assert again.errors is None
        assert again.data == data


def test_every_type_of_transaction_is_classified(published: GraphQLSchema) -> None:
    listed = published.type_map["ShopifyPaymentsTransactionType"]
    assert isinstance(listed, GraphQLEnumType)
    names = [name for kind in listed.values for name in (kind, f"{kind} / fee")]
    assert len(names) == 2 * 113
    placed = classify("shopify", names)
    assert [c.source_type for c in placed if c.category == UNCLASSIFIED] == []


def test_every_kind_of_an_orders_transaction_that_moves_money_is_classified(
    published: GraphQLSchema,
) -> None:
    kinds = published.type_map["OrderTransactionKind"]
    assert isinstance(kinds, GraphQLEnumType)
    still = {"AUTHORIZATION", "EMV_AUTHORIZATION", "SUGGESTED_REFUND", "VOID"}
    for kind in kinds.values.keys() - still:
        placed = classify("shopify", [f"order / {kind}", f"gateway / some_bank / {kind}"])
        assert UNCLASSIFIED not in {c.category for c in placed}


def test_shopifys_own_example_is_read_and_a_payout_is_no_line(
    samples: Path, tmp_path: Path
) -> None:
    text = (samples / "shopify" / "graphql_balanceTransactions_docs.json").read_text()
    nodes = json.loads(text)["shopifyPaymentsAccount"]["balanceTransactions"]["nodes"]
    # The example leaves dates out.
    dated = [{**node, "transactionDate": "2026-03-01T00:00:00Z"} for node in nodes]
    document = ApiDocument("shopify", "open", "open:USD", "USD")
    document.put("balanceTransactions", dated)
    source_file = document.source_file()
    copy = tmp_path / "document.txt"
    copy.write_bytes(source_file.content)
    head = source_file.content.decode().partition("\n")[0]
    decoded = DecodedFile(source_file.name, "0" * 64, "utf-8", head, copy, "store", "UTC")
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        source_format = CHANNEL.identify(head)
        assert source_format is not None
        manifest = source_format.inspect(con, decoded)
    words = {word.name: word.amount for word in manifest.source_types}
    assert words == {
        "TRANSFER_FAILURE": Decimal("54.12"),
        "TRANSFER_FAILURE / fee": Decimal("-1.00"),
    }
