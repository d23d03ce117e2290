"""WooCommerce: what connecting asks and hears has the shape that a real store's has."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.channels.woocommerce.deliveries import is_the_stores
from connectors.settings import Settings
from tests.connectors.platforms import desk
from tests.emulators.serving import bound, serving
from tests.emulators.woocommerce import WooCommerce

INDEX = "wp-json_index_full.json"


@pytest.fixture(scope="module")
def index(specs: Path) -> dict[str, Any]:
    """The whole index of a real store's routes."""
    text = (specs / "woocommerce" / "live-captures" / INDEX).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_every_call_has_a_route_in_a_real_store(
    index: dict[str, Any], quick_home: Settings, tmp_path: Path
) -> None:
    with desk("woocommerce", quick_home, tmp_path) as at:
        at.whole_round()
    asked = {
        (exchange.method, exchange.path.removeprefix("/harbour/wp-json"))
        for exchange in at.emulator.application.exchanges
    }
    assert asked == {("GET", "/"), ("GET", "/wc/v3/settings/general")}
    for method, path in asked:
        routes = [
            route for pattern, route in index["routes"].items() if re.fullmatch(pattern, path)
        ]
        assert any(method in route["methods"] for route in routes), path


def test_the_emulated_index_has_the_shape_of_a_real_one(index: dict[str, Any]) -> None:
    with serving(WooCommerce().application, bound()) as url:
        emulated = httpx2.get(f"{url}/harbour/wp-json/").json()
    assert _shape(emulated) == _shape(index)


def _shape(answer: dict[str, Any]) -> dict[str, str]:
    return {name: type(value).__name__ for name, value in answer.items()}


def test_what_a_real_store_delivered_passes(specs: Path) -> None:
    path = specs / "woocommerce" / "live-captures" / "webhook_delivery.json"
    captured = json.loads(path.read_text(encoding="utf-8"))
    body = captured["body"].encode()
    signature = captured["headers"]["X-WC-Webhook-Signature"]
    assert is_the_stores("s3cr3t", body, signature)
    assert not is_the_stores("s3cr3t", json.dumps(json.loads(body)).encode(), signature)
    assert not is_the_stores("another", body, signature)
