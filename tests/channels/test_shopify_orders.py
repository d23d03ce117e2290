"""A shop without Shopify Payments: its gateways have the money, and its balance is nothing."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.accounts.setup import Imports, Setup
from connectors.costs import read_costs
from connectors.errors import BadInput
from connectors.home.settings import Settings
from connectors.lake.windows import ONE_DAY, Window
from mappings.journal.config import MappingConfig
from pipelines.stages.cost_tables import load_costs
from pipelines.stages.stock import import_costs, pull_costs
from sandbox.limits import CLOCK
from sandbox.money import TODAY
from sandbox.shopify import Shopify
from sandbox.shopify_gateways import GatewayMoney
from sandbox.shopify_orders import variant
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


def test_unit_costs_are_taken_from_the_shop_after_those_of_its_owner(at: Store) -> None:
    workspace, connection, shop = at.house.workspace, at.house.connection, at.desk.emulator
    assert isinstance(shop, Shopify)
    with pytest.raises(BadInput, match="books no cost of goods"):
        pull_costs(workspace, connection, connection, "ann", at.now)
    document = {"cost_of_goods": True}
    workspace.registry.mappings.save(document, "d", connection.slug, actor="ann")
    own = b"sku,cost,currency,from\nMUG-RED,9,GBP,2026-01-01\n"
    import_costs(workspace, connection, "own.csv", own, "ann")

    def pulled(now: datetime) -> tuple[int, int, tuple[str, ...]]:
        outcome = pull_costs(workspace, connection, connection, "ann", now)
        return outcome.rows, outcome.changed, outcome.ambiguous

    assert pulled(at.now) == (2, 2, ())
    # What is as it was is stored once; a change holds from the day on which it is seen.
    later = at.now + 3 * ONE_DAY
    shop.variants[at.account] += [variant("MUG-RED", "4.30"), variant("CUP", "2.00")]
    shop.variants[at.account][0] = variant("MUG-BLUE", "4.5")
    assert pulled(later) == (2, 2, ("MUG-RED",))
    assert pulled(later) == (2, 0, ("MUG-RED",))
    today, then = at.now.date(), later.date()
    with workspace.engine() as con:
        con.execute(
            "CREATE TEMP TABLE lines AS SELECT 'store' AS connection, day AS business_date, 'GBP' "
            "AS currency, sku, 1 AS quantity, 1.0 AS amount, 'sales.principal' AS category, "
            "NULL::VARCHAR AS fulfilment FROM (VALUES "
            f"(DATE '{today}', 'MUG-RED'), (DATE '{today}', 'MUG-BLUE'), "
            f"(DATE '{then}', 'MUG-BLUE')) AS v (day, sku)"
        )
        mapping = MappingConfig(cost_of_goods=True)
        load_costs(con, at.house.store, mapping, "FROM lines", [today, then])
        booked = con.execute("SELECT entry_date, amount FROM costed ORDER BY ALL").fetchall()
    assert booked == [(today, Decimal("13.10")), (then, Decimal("4.50"))]
    with pytest.raises(BadInput, match="'\\*channel' is no location"):
        read_costs(
            "own.csv", own.replace(b"from\n", b"from,location\n").replace(b"01\n", b"01,*channel\n")
        )
