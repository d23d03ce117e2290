"""Orders, listings and customers: what is said and heard is what the platforms' documents say.

Then the emulator answers whatever a document allows, and reading ends in words.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from connectors.errors import DaybookError
from connectors.home.settings import Settings
from sandbox.faults import Exchange, Faulty
from sandbox.limits import CLOCK
from tests.channels.feeds import read_feed
from tests.channels.stores import Store, store
from tests.contract.openapi import checked, document
from tests.contract.shapes import answer_schema, example, matches, operations

SEEDS = 3


@dataclass(frozen=True)
class Contract:
    """A document, what its paths leave out, and the paths of each stream with their method."""

    channel: str
    file: str
    streams: dict[str, tuple[str, str]]
    prefix: str = ""


CONTRACTS = [
    Contract(
        "amazon",
        "amazon/orders_2026-01-01.json",
        {"orders": ("get", "/orders/2026-01-01/orders")},
        "/eu",
    ),
    Contract(
        "amazon",
        "amazon/listingsItems_2021-08-01.json",
        {"products": ("get", "/listings/2021-08-01/items/{sellerId}")},
        "/eu",
    ),
    Contract(
        "ebay",
        "ebay/sell_fulfillment_v1_oas3.json",
        {"orders": ("get", "/order")},
        "/sell/fulfillment/v1",
    ),
    Contract(
        "ebay",
        "ebay/sell_inventory_v1_oas3.json",
        {"products": ("get", "/inventory_item")},
        "/sell/inventory/v1",
    ),
    Contract(
        "etsy",
        "etsy/3.0.0.json",
        {
            "orders": ("get", "/v3/application/shops/{shop_id}/receipts"),
            "products": ("get", "/v3/application/shops/{shop_id}/listings"),
        },
    ),
    Contract(
        "walmart",
        "walmart/walmart-marketplace-orders-openapi-original.yml",
        {"orders": ("get", "/v3/orders")},
    ),
    Contract(
        "walmart",
        "walmart/walmart-marketplace-items-openapi-original.yml",
        {"products": ("get", "/v3/items")},
    ),
    Contract(
        "square",
        "square/api.json",
        {
            "orders": ("post", "/v2/orders/search"),
            "products": ("post", "/v2/catalog/search"),
            "contacts": ("post", "/v2/customers/search"),
            "payments": ("get", "/v2/payments"),
        },
    ),
]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.file)
def test_feeds_speak_the_contract_and_end_in_words(
    contract: Contract,
    quick_home: Settings,
    tmp_path: Path,
    specs: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    with store(contract.channel, quick_home, tmp_path) as at:
        for stream in contract.streams:
            assert read_feed(at, stream), stream
        seen = checked(document(specs / contract.file), at.exchanges, contract.prefix)
        for method, template in contract.streams.values():
            assert any(
                matches(f"{method.upper()} {template} 200", operation) for operation in seen
            ), template
        described = operations(specs / contract.file)
        for stream, (method, template) in contract.streams.items():
            schema = answer_schema(described, template, method)
            for seed in range(SEEDS):
                body = json.dumps(example(described, schema, Random(seed))).encode()
                _answer(at, f"{contract.prefix}{template}", body)
                assert _is_in_words(at, stream), f"{stream} {seed}"


def _answer(at: Store, template: str, body: bytes) -> None:
    """Let the emulator say the same to every call of a path."""
    faults: Faulty = at.desk.emulator.application

    def substitute(exchange: Exchange) -> bytes | None:
        return body if matches(template, exchange.path) else None

    faults.substitute = substitute


def _is_in_words(at: Store, stream: str) -> bool:
    """Return whether reading a stream ends, in an error of ours and one line if in one at all."""
    try:
        read_feed(at, stream)
    except DaybookError as error:
        return len(str(error).splitlines()) == 1
    return True
