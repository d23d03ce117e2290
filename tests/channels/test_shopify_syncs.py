"""What is Shopify's own: what a query costs, searches that find nothing, and its exports."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.channels import channel
from connectors.database.registry import Registry
from connectors.errors import BadInput
from connectors.home.settings import Settings
from pipelines.stages.imports import import_file, open_connection
from sandbox.limits import CLOCK
from sandbox.money import TODAY
from sandbox.shopify import Shopify
from sandbox.shopify_money import ShopifyMoney
from tests.channels.house import House, total
from tests.channels.shopify_files import PAYOUTS, export, payout, row
from tests.channels.stores import Store, check_tied, connected
from tests.connectors.accounts.platforms import desk


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A shop of ten days."""
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    with desk("shopify", quick_home, tmp_path) as opened:
        emulator = opened.emulator
        assert isinstance(emulator, Shopify)
        emulator.money[emulator.first] = ShopifyMoney(("USD",), first=TODAY - timedelta(days=10))
        yield connected(opened, emulator.first)


def requested_sizes(at: Store, operation: str) -> list[int]:
    """How many nodes a page were asked for, question by question."""
    bodies = [json.loads(e.body) for e in at.exchanges if e.path.endswith("graphql.json")]
    return [b["variables"]["first"] for b in bodies if f"query {operation}(" in b["query"]]


def test_a_question_that_costs_too_much_is_asked_for_less(at: Store) -> None:
    at.sync()
    assert requested_sizes(at, "Payouts")[0] == 250
    assert requested_sizes(at, "BalanceTransactions")[:2] == [250, 125]
    assert set(requested_sizes(at, "BalanceTransactions")[1:]) == {125}


def test_a_throttled_question_in_a_200_is_asked_again(at: Store) -> None:
    assert isinstance(at.desk.emulator, Shopify)
    at.desk.emulator.throttled = 3
    assert at.sync().documents


@pytest.mark.parametrize("finds", ["ignored", "nothing"])
def test_a_payout_is_whole_whatever_a_search_by_payout_finds(at: Store, finds: str) -> None:
    assert isinstance(at.money, ShopifyMoney)
    at.money.knows_payouts = finds
    at.sync()
    at.books()
    check_tied(at)


def test_a_payout_that_begins_while_payouts_are_listed_is_not_missed(at: Store) -> None:
    emulator = at.desk.emulator
    assert isinstance(emulator, Shopify)
    friday = TODAY - timedelta(days=1)
    money = ShopifyMoney(("USD",), first=TODAY - timedelta(days=10), today=friday, hasty=True)
    emulator.money[emulator.first] = money
    before = len(money.payouts)
    at.sync()
    assert len(money.payouts) == before + 1
    assert len(requested_sizes(at, "Payouts")) == 2
    at.books()
    check_tied(at)


@pytest.fixture
def house(registry: Registry, tmp_path: Path) -> House:
    return House.build(registry, tmp_path / "home", channel="shopify")


def test_a_payout_in_two_months_files_is_one_settlement(house: House) -> None:
    paid = {"payout": "7001", "paid_on": TODAY.replace(day=3)}
    late = row("charge", "20.00", "0.88", at="2026-09-30 10:00:00 +0000", order="#1", **paid)
    more = row("charge", "30.00", "1.17", at="2026-09-30 11:00:00 +0000", status="pending")
    early = row("refund", "-5.00", at="2026-10-01 09:00:00 +0000", order="#1", **paid)
    other = {"payout": "7002", "paid_on": TODAY.replace(day=6)}
    rest = row("charge", "9.00", "0.56", at="2026-10-02 09:00:00 +0000", order="#2", **other)
    for rows in ([late, more], [early, rest]):
        house.take(export(rows))
    house.run()
    proofs = {proof.settlement_id: proof for proof in house.prove()}
    assert {name: (p.raw, p.paid, p.state) for name, p in proofs.items()} == {
        "7001": (Decimal("14.12"), Decimal("14.12"), "tied"),
        "7002": (Decimal("8.44"), Decimal("8.44"), "tied"),
        "open-USD": (Decimal("28.83"), None, "open"),
    }
    paid_out = [r for r in house.rows() if r["payout_id"] == "7001"]
    assert total(paid_out) == Decimal("-14.12")


def test_an_export_of_one_payout_is_that_payouts_document(house: House) -> None:
    paid = {"payout": "7001", "paid_on": TODAY.replace(day=3)}
    sold = row("charge", "20.00", "0.88", at="2026-09-30 10:00:00 +0000", **paid)
    assert house.take(export([sold])).manifest.statement == "payout:7001"
    itself = row("payout", "-19.12", at="2026-10-03 08:00:00 +0000", **paid)
    manifest = house.take(export([sold, itself])).manifest
    assert (manifest.statement, manifest.total) == ("payout:7001", Decimal("19.12"))
    assert (manifest.revision, manifest.rows_without_amount) == (2, 1)


def test_a_connected_shop_takes_payouts_of_before_its_history_alone(at: Store) -> None:
    path = at.house.settings.home / "payouts_export.csv"
    source = channel("shopify")
    target = open_connection(at.house.workspace, source, at.house.slug, timezone=None, name=None)
    first, before = (
        export([payout(TODAY - timedelta(days=days), Charges="20.00", Fees="-0.88")], PAYOUTS)
        for days in (10, 11)
    )
    path.write_text(first)
    with pytest.raises(BadInput, match="my-shop is synced automatically"):
        list(import_file(at.house.workspace, source, target, path))
    path.write_text(before)
    assert [taken.new for taken in import_file(at.house.workspace, source, target, path)] == [True]
