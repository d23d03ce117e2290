"""WooCommerce: what is asked and heard has the shape that a real store's has."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest

from connectors.accounts.deliveries import Forged
from connectors.channels.woocommerce.api import SUNSET_ON
from connectors.channels.woocommerce.deliveries import is_ping, read
from connectors.channels.woocommerce.months import UNSOLD
from connectors.database.registry import Registry
from connectors.documents.api_documents import ApiDocument
from connectors.home.settings import Settings
from mappings.channels import classify
from sandbox.browser import NO_TLS
from sandbox.server import bound, serving
from sandbox.woocommerce import WooCommerce
from tests.channels.feeds import read_feed
from tests.channels.house import House
from tests.channels.stores import store
from tests.connectors.accounts.arrivals import incoming
from tests.connectors.accounts.platforms import desk

INDEX = "wp-json_index_full.json"
# What WordPress itself takes on every route, and what signs a call.
EVERYWHERE = {"_fields", "rest_route"}
# WooPayments' own words (the documents of its REST API, and its list of transactions).
TRANSACTIONS = (
    "charge", "payment", "payment_failure_refund", "payment_refund", "refund", "refund_failure",
    "dispute", "dispute_reversal", "card_reader_fee", "financing_payout", "financing_paydown",
    "adjustment",
)  # fmt: skip
# An order whose lines somebody changed by hand: they do not come to its total.
BY_HAND = {963}


@pytest.fixture(scope="module")
def index(specs: Path) -> dict[str, Any]:
    """The whole index of a real store's routes."""
    text = (specs / "woocommerce" / "live-captures" / INDEX).read_text(encoding="utf-8")
    fields: dict[str, Any] = json.loads(text)
    return fields


def test_every_call_has_a_route_in_a_real_store(
    index: dict[str, Any], quick_home: Settings, tmp_path: Path
) -> None:
    with desk("woocommerce", quick_home, tmp_path) as at:
        at.whole_round()
    calls = {
        (exchange.method, exchange.path.removeprefix("/harbour/wp-json"))
        for exchange in at.emulator.application.exchanges
    }
    assert calls == {("GET", "/"), ("GET", "/wc/v3/settings/general")}
    for method, path in calls:
        routes = [
            route for pattern, route in index["routes"].items() if re.fullmatch(pattern, path)
        ]
        assert any(method in route["methods"] for route in routes), path


def test_the_emulated_index_has_the_shape_of_a_real_one(index: dict[str, Any]) -> None:
    with serving(WooCommerce().application, bound()) as url:
        emulated = httpx2.get(f"{url}/harbour/wp-json/", verify=NO_TLS).json()
    assert _shape(emulated) == _shape(index)


def _shape(answer: dict[str, Any]) -> dict[str, str]:
    return {name: type(value).__name__ for name, value in answer.items()}


def test_what_a_real_store_delivered_passes(specs: Path) -> None:
    path = specs / "woocommerce" / "live-captures" / "webhook_delivery.json"
    captured = json.loads(path.read_text(encoding="utf-8"))
    arrived = incoming(captured["headers"], captured["body"].encode(), "s3cr3t")
    (delivery,) = read(arrived)
    assert (delivery.topic, delivery.event_id) == (
        "order.created",
        "59842fa4a87b5609d8778422c9fc6aa8",
    )
    written_again = json.dumps(json.loads(arrived.body)).encode()
    for changed in (replace(arrived, body=written_again), replace(arrived, secrets=("another",))):
        with pytest.raises(Forged):
            read(changed)
    ping = json.loads((path.parent / "webhook_ping.json").read_text(encoding="utf-8"))
    asked_for = incoming(ping["headers"], ping["body"].encode())
    assert is_ping(asked_for.headers, asked_for.body)
    assert not is_ping(arrived.headers, arrived.body)


def test_every_filter_of_a_sync_is_one_that_a_real_store_knows(
    index: dict[str, Any], quick_home: Settings, tmp_path: Path
) -> None:
    with store("woocommerce", quick_home, tmp_path) as at:
        at.sync()
        at.money.restate()
        at.sync()
        for stream in ("orders", "products", "contacts"):
            assert read_feed(at, stream)
        filters = {
            (e.path.partition("/wp-json")[2], frozenset(dict(parse_qsl(e.query.decode()))))
            for e in at.exchanges
            if "/payments/" not in e.path
        }
    assert {path for path, _ in filters} == {
        "/", "/wc/v3/settings/general", "/wc/v3/orders", "/wc/v3/refunds",
        "/wc/v3/products", "/wc/v3/products/500/variations", "/wc/v3/customers",
    }  # fmt: skip
    for path, names in filters:
        routes = [r for pattern, r in index["routes"].items() if re.fullmatch(pattern, path)]
        accepted = {arg for route in routes for arg in route["endpoints"][0]["args"]}
        own = {name for name in names if not name.startswith("oauth_")}
        assert own <= accepted | EVERYWHERE, path


def test_emulated_orders_and_refunds_have_the_types_of_a_real_stores(
    specs: Path, quick_home: Settings, tmp_path: Path
) -> None:
    captures = specs / "woocommerce" / "live-captures"
    with store("woocommerce", quick_home, tmp_path) as at:
        at.sync()
        for stream in ("orders", "contacts"):
            read_feed(at, stream)
        lists = {"orders": "order_guest.json", "refunds": "refunds_all.json",
                 "customers": "customers_all.json"}  # fmt: skip
        heard = [(e.path.rpartition("/")[2], json.loads(e.answer)[0]) for e in at.exchanges
                 if e.path.endswith(tuple(lists)) and e.answer.startswith(b"[{")]  # fmt: skip
    assert {name for name, _ in heard} == set(lists)
    for name, record in heard:
        capture = json.loads((captures / lists[name]).read_text(encoding="utf-8"))
        capture = capture[0] if isinstance(capture, list) else capture
        for key, value in record.items():
            assert key in capture
            assert type(value) in {type(capture[key]), type(None)} or capture[key] is None, key


def test_every_word_of_woopayments_has_its_place() -> None:
    assert SUNSET_ON is None
    words = [f"payments / {kind}" for kind in TRANSACTIONS]
    placed = classify("woocommerce", [*words, *(f"{word} / fee" for word in words)])
    assert [c.source_type for c in placed if c.category == "unclassified"] == []


def test_every_status_is_sold_or_not(index: dict[str, Any]) -> None:
    args = index["routes"]["/wc/v3/orders"]["endpoints"][0]["args"]
    statuses = set(args["status"]["items"]["enum"]) - {"any"}
    assert set(UNSOLD) < statuses
    assert statuses - set(UNSOLD) == {"processing", "completed", "refunded", "on-hold"}


def test_orders_of_real_stores_come_to_nothing(
    samples: Path, specs: Path, registry: Registry, tmp_path: Path
) -> None:
    for number, order in enumerate(_orders(samples, specs)):
        document = ApiDocument("woocommerce", "settlement", f"month:{order['currency']}-{number}",
                           order["currency"])  # fmt: skip
        window = {"begins": "2017-01-01T00:00:00Z", "since": "2016-01-01T00:00:00Z"}
        window |= {"until": "2030-01-01T00:00:00Z", "unsold": list(UNSOLD), "payments": False}
        document.put("window", window)
        document.put("orders", [order])
        document.put("refunds", [])
        house = House.build(
            registry, tmp_path / str(number), channel="woocommerce", slug=f"s{number}"
        )
        manifest = house.take(document.source_file().content, "month.ndjson").manifest
        words = {word.name: word.amount for word in manifest.source_types}
        assert manifest.total == 0
        assert manifest.lines > 1
        gone_on = sum(a for word, a in words.items() if word.startswith(("gateway /", "fee /")))
        assert -gone_on == Decimal(order["total"])
        unknown = [
            c.source_type for c in classify("woocommerce", words) if c.category == "unclassified"
        ]
        assert unknown == (["order / unexplained"] if order["id"] in BY_HAND else []), order["id"]


def _orders(samples: Path, specs: Path) -> Iterator[dict[str, Any]]:
    """Paid orders of the published examples, once each."""
    files = [*sorted((samples / "woocommerce").glob("*order*.json"))]
    files.append(specs / "woocommerce" / "live-captures" / "order_guest.json")
    seen = set()
    for path in files:
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            continue
        fields = fields.get("data", fields) if isinstance(fields, dict) else fields
        for order in fields if isinstance(fields, list) else [fields]:
            if isinstance(order, dict) and order.get("date_paid_gmt") and order["id"] not in seen:
                seen.add(order["id"])
                yield order
