"""A shop without Shopify Payments: its gateways have the money, and its balance is nothing."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.accounts.setup import Imports, Setup
from connectors.home.settings import Settings
from connectors.lake.windows import ONE_DAY, Window
from sandbox.limits import CLOCK
from sandbox.money import TODAY
from sandbox.shopify import Shopify
from sandbox.shopify_gateways import GatewayMoney
from tests.channels.stores import Store, check_tied, connected
from tests.connectors.accounts.platforms import desk


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    with desk("shopify", quick_home, tmp_path) as opened:
        assert isinstance(opened.emulator, Shopify)
        yield connected(opened, opened.emulator.third)


def gateways(at: Store) -> dict[str, Decimal]:
    """What each gateway has by the lines."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in at.rows():
        kind, name, *_ = row["source_type"].split(" / ")
        if kind == "gateway":
            totals[name] -= row["amount"]
    return dict(totals)


def test_every_gateway_has_what_the_orders_say(at: Store) -> None:
    money = at.money
    assert isinstance(money, GatewayMoney)
    at.sync()
    at.books()
    check_tied(at)
    assert gateways(at) == money.taken
    categories = {row["category"] for row in at.rows()}
    assert {"sales.shipping", "tax.seller_collected", "tip", "giftcard.redeemed"} <= categories
    assert "cash.on_delivery" in categories
    at.house.check_books()

    calls = len(at.exchanges)
    again = at.sync(Window(at.whole.end - ONE_DAY, at.whole.end))
    assert (again.documents, again.days) == ([], set())
    assert len(at.exchanges) - calls <= 6

    late = at.money.restate()
    at.money.advance(4)
    fetched = at.sync()
    assert late <= fetched.days
    at.books()
    check_tied(at)
    assert gateways(at) == money.taken


def test_a_day_without_orders_is_empty_with_proof(at: Store) -> None:
    assert isinstance(at.money, GatewayMoney)
    at.money.orders.clear()
    fetched = at.sync()
    assert [m.statement for m in fetched.documents] == ["open:GBP"]
    assert not at.house.normalise(at.whole).open


def test_days_whose_orders_nobody_may_see_stay_open(at: Store) -> None:
    emulator = at.desk.emulator
    assert isinstance(emulator, Shopify)
    emulator.all_orders = False
    since = TODAY - timedelta(days=70)
    setup = Setup(step="done", imports=Imports(history_from=since))
    at.desk.registry.connections.set_setup(at.house.slug, setup.model_dump(mode="json"), "test")
    (manifest,) = [m for m in at.sync().documents if m.statement == "open:GBP"]
    assert manifest.first_day == TODAY - timedelta(days=59)
    assert at.sync().documents == []
    assert at.house.normalise(at.whole).open == list(Window(since, manifest.first_day))


def test_an_order_of_before_the_history_brings_what_came_after(at: Store) -> None:
    assert isinstance(at.money, GatewayMoney)
    setup = Setup(step="done", imports=Imports(history_from=TODAY - timedelta(days=3)))
    at.desk.registry.connections.set_setup(at.house.slug, setup.model_dump(mode="json"), "test")
    late = at.money.restate()
    at.sync()
    at.books()
    rows = [row for row in at.rows() if row["order_id"] == at.money.orders[0]["name"]]
    assert {row["business_date"] for row in rows} == late
    assert {row["business_date"] for row in at.rows()} <= set(at.whole)
