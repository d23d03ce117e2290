"""Whatever shape a platform's own document allows an answer to have, reading it ends in words."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest
from graphql import build_client_schema

from connectors.channels.shopify.feed_queries import CUSTOMERS, ORDER_FEED, PRODUCTS
from connectors.channels.shopify.graphql import VERSION
from connectors.channels.shopify.queries import CHANGED, ORDERS, PAYOUTS, TRANSACTIONS
from connectors.errors import DaybookError
from connectors.home.settings import Settings
from sandbox.limits import CLOCK
from sandbox.walmart_money import WalmartMoney
from tests.channels.feeds import read_feed
from tests.channels.stores import store
from tests.connectors.accounts.platforms import desk
from tests.contract.shapes import answer_schema, example, graphql_answer, matches, operations

SEEDS = 2
ETSY = "/v3/application/shops/{shop_id}"
RECON = "/v3/report/reconreport"
# What a read path asks, by the document that describes it.
SYNCS = [
    ("amazon", "amazon/reports_2021-06-30.json", "/reports/2021-06-30/reports"),
    ("amazon", "amazon/finances_2024-06-19.json", "/finances/2024-06-19/transactions"),
    ("ebay", "ebay/sell_finances_v1_oas3.json", "/payout"),
    ("ebay", "ebay/sell_finances_v1_oas3.json", "/payout/{payout_Id}"),
    ("ebay", "ebay/sell_finances_v1_oas3.json", "/transaction"),
    ("etsy", "etsy/3.0.0.json", f"{ETSY}/payment-account/ledger-entries"),
    ("etsy", "etsy/3.0.0.json", f"{ETSY}/payments"),
    ("square", "square/api.json", "/v2/payouts"),
    ("square", "square/api.json", "/v2/payouts/{payout_id}/payout-entries"),
    ("square", "square/api.json", "/v2/payments"),
    ("square", "square/api.json", "/v2/refunds"),
    ("walmart", "walmart/walmart-marketplace-reports-openapi-original.yml",
     f"{RECON}/availableReconFiles"),
    ("walmart", "walmart/walmart-marketplace-reports-openapi-original.yml",
     f"{RECON}/reconFileJson"),
]  # fmt: skip
CONNECTING = [
    ("amazon", "amazon/sellers.json", "/sellers/v1/marketplaceParticipations"),
    ("ebay", "ebay/commerce_identity_v1_oas3.json", "/user/"),
    ("etsy", "etsy/3.0.0.json", ETSY),
    ("square", "square/api.json", "/v2/merchants/{merchant_id}"),
    ("square", "square/api.json", "/v2/locations"),
    ("walmart", "walmart/walmart-marketplace-authentication-openapi-original.yml",
     "/v3/token/detail"),
    ("xero", "xero/xero-identity.yaml", "/Connections"),
    ("xero", "xero/xero_accounting.yaml", "/Organisation"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulators' clock goes on where a sync waits before it asks again."""
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)


@pytest.mark.parametrize(("channel", "contract", "template"), SYNCS)
def test_reading_a_store_ends_summary(
    channel: str, contract: str, template: str, quick_home: Settings, tmp_path: Path, specs: Path
) -> None:
    document = operations(specs / contract)
    schema = answer_schema(document, template)
    outcomes: Counter[str] = Counter()
    with store(channel, quick_home, tmp_path) as at:
        if isinstance(at.money, WalmartMoney):
            # Files first; the pages only where a report has no file.
            at.money.no_files = {at.money.reports[-1].listed}
        faults = at.desk.emulator.application
        for seed in range(SEEDS):
            body = json.dumps(example(document, schema, Random(seed))).encode()
            faults.substitute = lambda exchange, body=body: (
                body if _asked(template, exchange.path) else None
            )
            outcomes[_outcome(at.sync)] += 1
        assert any(_asked(template, e.path) for e in at.exchanges), "nobody asked for it"
    assert [kind for kind in outcomes if kind.startswith("lines")] == []


@pytest.mark.parametrize(
    ("route", "options"),
    [
        ("orders", "schema_orders_OPTIONS.json"),
        ("refunds", "schema_refunds_OPTIONS.json"),
        ("products", "schema_products_OPTIONS.json"),
        ("customers", "schema_customers_OPTIONS.json"),
    ],
)
def test_reading_woocommerce_ends_summary(
    route: str, options: str, quick_home: Settings, tmp_path: Path, specs: Path
) -> None:
    """A WooCommerce store tells the schema of its lists itself."""
    routes = json.loads((specs / "woocommerce" / "live-captures" / options).read_text())
    with store("woocommerce", quick_home, tmp_path) as at:
        for seed in range(SEEDS):
            body = json.dumps([example({}, routes["schema"], Random(seed))]).encode()
            at.desk.emulator.application.substitute = lambda exchange, body=body: (
                body if exchange.path.endswith(f"/wc/v3/{route}") else None
            )
            assert not _outcome(at.sync).startswith("lines")
            stream = "contacts" if route == "customers" else route
            if stream != "refunds":
                assert not _outcome(partial(read_feed, at, stream)).startswith("lines")


def test_reading_shopify_ends_summary(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with gzip.open(specs / "shopify" / f"admin_{VERSION}.json.gz") as file:
        schema = build_client_schema(json.load(file)["data"])
    with store("shopify", quick_home, tmp_path) as at:
        # One each: of what cannot be read, a sync asks several times, and waits between.
        for seed, query in enumerate((PAYOUTS, TRANSACTIONS, ORDERS, CHANGED)):
            body = json.dumps(graphql_answer(schema, query, Random(seed))).encode()
            at.desk.emulator.application.substitute = lambda exchange, query=query, body=body: (
                body if json.loads(exchange.body or "{}").get("query") == query else None
            )
            assert not _outcome(at.sync).startswith("lines")
        feeds = {"orders": ORDER_FEED, "products": PRODUCTS, "contacts": CUSTOMERS}
        for seed, (stream, query) in enumerate(feeds.items()):
            body = json.dumps(graphql_answer(schema, query, Random(seed))).encode()
            at.desk.emulator.application.substitute = lambda exchange, query=query, body=body: (
                body if json.loads(exchange.body or "{}").get("query") == query else None
            )
            reading = partial(read_feed, at, stream)
            assert not _outcome(reading).startswith("lines")


@pytest.mark.parametrize(("channel", "contract", "template"), CONNECTING)
def test_connecting_ends_summary(
    channel: str, contract: str, template: str, quick_home: Settings, tmp_path: Path, specs: Path
) -> None:
    document = operations(specs / contract)
    schema = answer_schema(document, template)
    with desk(channel, quick_home, tmp_path) as at:
        slug = at.add(at.emulator.first)
        for seed in range(SEEDS * 4):
            body = json.dumps(example(document, schema, Random(seed))).encode()
            at.emulator.application.substitute = lambda exchange, body=body: (
                body if _asked(template, exchange.path) else None
            )
            _outcome(lambda: at.accounts.check(slug, actor="test"))
        assert any(_asked(template, e.path) for e in at.emulator.application.exchanges)


def _outcome(work: Callable[[], object]) -> str:
    """Return the kind of error that work ends in, which is one of ours and one line, or `read`."""
    try:
        work()
    except DaybookError as error:
        return type(error).__name__ if len(str(error).splitlines()) == 1 else f"lines: {error}"
    return "read"


def _asked(template: str, path: str) -> bool:
    """Return whether a path is the operation's, whatever its host puts before it."""
    names = template.lower().strip("/").split("/")
    parts = path.lower().strip("/").split("/")
    return matches("/".join(names), "/".join(parts[-len(names) :]))
