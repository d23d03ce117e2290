"""Days that no settlement of Amazon's covers yet: looked at, booked only where that is asked."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from connectors.accounts.setup import Setup
from connectors.channels import CHANNELS
from connectors.documents.api_documents import ApiDocument
from connectors.documents.ingest import open_parser
from connectors.documents.manifest import Manifest
from connectors.home.settings import Settings
from connectors.lake.windows import Window
from console.connections import keep_setup
from mappings.channels import classify
from mappings.tables import PROVISIONAL_TRANSACTIONS
from pipelines.stages.explanation import sources
from pipelines.stages.provisional import write_provisional
from sandbox.amazon_files import amounts
from sandbox.amazon_money import AmazonMoney
from sandbox.limits import CLOCK
from tests.channels.house import ONE_DAY
from tests.channels.stores import Store, check_tied, store

TABLE = PROVISIONAL_TRANSACTIONS.name
DAYS = Window(date(2026, 7, 1), date(2026, 7, 15))


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    with store("amazon", quick_home, tmp_path) as opened:
        yield opened


def unsettled(at: Store) -> dict[str, Decimal]:
    """What each currency's lines come to after the last day that a settlement covers."""
    assert isinstance(at.money, AmazonMoney)
    last = last_covered(at)
    totals: dict[str, Decimal] = {}
    for instant, site, row in at.money.events():
        if last < instant.date() < at.money.today:
            totals[site.currency] = totals.get(site.currency, Decimal(0)) + sum(amounts(row))
    return totals


def last_covered(at: Store) -> date:
    return max(m.last_day for m in at.house.workspace.lake.effective_documents(at.house.slug))


def provisional(at: Store) -> dict[str, Decimal]:
    return {
        m.currency: m.total for m in at.house.workspace.lake.provisional_documents(at.house.slug)
    }


def figures(at: Store) -> dict[str, Decimal]:
    """What the warehouse's lines of days that no settlement covers come to, by currency."""
    write_provisional(at.house.workspace, at.house.connection, at.house.store.mapping)
    totals: dict[str, Decimal] = {}
    for row in at.house.rows(TABLE):
        totals[row["currency"]] = totals.get(row["currency"], Decimal(0)) + row["amount"]
    return totals


def choose(at: Store, booked: bool) -> set[date]:
    """Have provisional figures booked, or not; the days that this asks for."""
    before = len(at.desk.registry.inbox.list())
    setup = Setup.model_validate(at.house.connection.setup)
    imports = setup.imports.model_copy(update={"provisional": booked})
    changed_setup = setup.model_copy(update={"imports": imports})
    at.house.connection = keep_setup(at.house.workspace, at.house.connection, changed_setup, "test")
    return {day for event in at.desk.registry.inbox.list()[before:] for day in event.days}


def booked_ahead(at: Store) -> dict[str, Decimal]:
    """What the books hold of days that no settlement covers, by currency."""
    totals: dict[str, Decimal] = {}
    for name, proof in at.proofs().items():
        if name.startswith("provisional-"):
            assert (proof.state, proof.difference) == ("open", 0), proof
            totals[proof.currency] = totals.get(proof.currency, Decimal(0)) + (proof.posted or 0)
    return totals


def test_open_days_have_provisional_figures_that_no_book_sees(at: Store) -> None:
    at.sync()
    assert provisional(at) == figures(at) == unsettled(at)
    assert len(provisional(at)) == 2
    documents = at.house.workspace.lake.provisional_documents(at.house.slug)
    days = {day for m in documents for day in m.days}
    assert days
    assert days == at.house.workspace.lake.days(TABLE, at.house.slug)
    paid = {
        s.deposit_day
        for m in at.house.workspace.lake.effective_documents(at.house.slug)
        for s in m.settlements
    }
    assert days - paid <= set(at.house.normalise(at.whole).open)
    at.books()
    check_tied(at)
    assert not {row["document"] for row in at.rows()} & {m.document for m in documents}
    assert "provisional" not in at.house.books()
    assert at.sync().documents == []
    before = at.house.files()
    assert figures(at) == unsettled(at)
    assert at.house.files() == before


def test_they_give_way_to_the_settlement(at: Store) -> None:
    at.sync()
    before = at.house.workspace.lake.provisional_documents(at.house.slug)
    shown = figures(at)
    at.money.advance(9)
    fetched = at.sync()
    assert {c: total for c, total in provisional(at).items() if total} == unsettled(at)
    assert figures(at) == unsettled(at) != shown
    assert min(r["business_date"] for r in at.house.rows(TABLE)) > last_covered(at)
    after = at.house.workspace.lake.provisional_documents(at.house.slug)
    assert min(m.first_day for m in after) > max(m.last_day for m in before)
    closed = [m for m in fetched.documents if not m.provisional]
    assert fetched.days == {day for m in closed for day in m.days} | {
        m.first_day + n * ONE_DAY
        for m in closed
        for n in range((m.last_day - m.first_day).days + 1)
    }


def test_every_word_of_theirs_is_said_and_none_is_added_twice(at: Store) -> None:
    at.sync()
    for manifest in at.house.workspace.lake.provisional_documents(at.house.slug):
        words = {w.name for w in manifest.source_types}
        assert {"Shipment / OurPricePrincipal", "Shipment / Commission / Base"} <= words
        assert not any(w.startswith("Shipment / ProductCharges") for w in words)
        assert sum(t.amount for t in manifest.days.values()) == manifest.total
        assert manifest.period_end - manifest.period_start < timedelta(days=14)
    figures(at)
    rows = at.house.rows(TABLE)
    assert {r["category"] for r in rows if r["order_id"]} <= {
        "sales.principal", "tax.facilitator_in", "tax.facilitator_out", "tax.seller_collected",
        "discount.seller", "fee.referral", "fee.fulfilment", "refund.principal",
        "fee.referral_refund", "fee.refund_admin", "dispute.chargeback",
    }  # fmt: skip
    assert {r["sku"] for r in rows if r["order_id"]} <= {"MUG-BLUE", "KÄNNCHEN", "TRAY-OAK"}
    assert len({r["transaction_id"] for r in rows}) == len(rows)


def test_they_are_booked_where_that_is_asked_until_the_settlement_comes(at: Store) -> None:
    at.sync()
    figures(at)
    days = at.house.workspace.lake.days(TABLE, at.house.slug)
    assert choose(at, True) == days
    at.books()
    at.house.check_books()
    assert booked_ahead(at) == unsettled(at)
    assert at.house.books().count("(provisional)") == len(at.proofs()) - len(at.money.settlements())
    lines = sources(at.house.workspace, at.house.connection, max(days))
    assert {s.settlement_id.rpartition("-2")[0] for s in lines} <= {
        "provisional-EUR", "provisional-GBP",
    }  # fmt: skip
    assert all(s.cells and s.cells["postedDate"].startswith(f"{max(days)}") for s in lines)

    at.money.advance(9)
    since = Window(min(days | at.sync().days), at.whole.end + timedelta(days=40))
    assert at.house.run(since).failed == {}
    assert booked_ahead(at) == unsettled(at)
    assert choose(at, False)
    assert at.house.run(since).failed == {}
    at.house.check_books()
    check_tied(at)
    assert "provisional" not in at.house.books()
    assert at.house.held() == {}


def usd(amount: str) -> dict[str, str]:
    return {"currencyCode": "USD", "currencyAmount": amount}


def part(word: str, amount: str, *below: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"breakdownType": word, "breakdownAmount": usd(amount), "breakdowns": [*below]} | more


def transaction(number: int, total: str, *parts: Any, items: Any = None) -> dict[str, Any]:
    return {
        "transactionId": f"T{number}",
        "transactionType": "Shipment",
        "postedDate": "2026-07-03T10:00:00Z",
        "description": "Order Payment",
        "totalAmount": usd(total),
        "breakdowns": list(parts),
        "items": items,
    }


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Manifest]]:
    """What a document of some transactions says of itself."""

    def examined(*transactions: dict[str, Any]) -> Manifest:
        made = ApiDocument("amazon", "provisional", "provisional:USD", "USD", DAYS)
        made.put("listTransactions", list(transactions))
        return table.parse(
            CHANNELS["amazon"], made.source_file(), connection="store", time_zone="UTC"
        )

    home = Settings(home=tmp_path_factory.mktemp("home"), database_url=None, threads=1)
    with open_parser(home) as table:
        yield examined


def categories(manifest: Manifest) -> dict[str, str]:
    return {w.name: f"{w.amount.normalize():f}" for w in manifest.source_types}


def test_items_are_counted_where_they_make_the_total(read: Callable[..., Manifest]) -> None:
    fee = part("Commission", "-3", part("Base", "-2.5"), part("Tax", "-0.5"))
    item = {"breakdowns": [part("AmazonFees", "-3", fee), part("OurPricePrincipal", "20")]}
    coarse = [part("Sales", "20", part("ProductCharges", "20")), part("AmazonFees", "-3")]
    manifest = read(transaction(1, "17", *coarse, items=[item]))
    assert categories(manifest) == {
        "Shipment / Commission / Base": "-2.5",
        "Shipment / Commission / Tax": "-0.5",
        "Shipment / OurPricePrincipal": "20",
    }
    placed = {c.source_type: c.category for c in classify("amazon", categories(manifest))}
    assert list(placed.values()) == ["fee.referral", "tax.on_fees", "sales.principal"]


def test_what_nobody_knows_keeps_its_own_word(read: Callable[..., Manifest]) -> None:
    nothing = {"breakdowns": None, "totalAmount": usd("6.22")}
    manifest = read(
        transaction(1, "6.22", part("Wobble", "6.22"), items=[nothing]),
        transaction(2, "5", part("ProductCharges", "4"), items=[nothing]),
        transaction(3, "0.01", items=[]),
    )
    assert categories(manifest) == {
        "Shipment / Order Payment": "1.01",
        "Shipment / ProductCharges": "4",
        "Shipment / Wobble": "6.22",
    }
    placed = {c.source_type: c.category for c in classify("amazon", categories(manifest))}
    assert placed["Shipment / Wobble"] == placed["Shipment / Order Payment"] == "unclassified"


CENTS = st.integers(-50_000, 50_000).map(lambda cents: f"{Decimal(cents) / 100:f}")
TREES = st.recursive(
    st.builds(part, st.sampled_from(["Base", "Tax", "Sales", "Odd"]), CENTS),
    lambda below: st.builds(part, st.just("Group"), CENTS, below, below),
    max_leaves=6,
)


@examples(max_examples=15, deadline=None)
@given(st.lists(st.tuples(CENTS, st.lists(TREES, max_size=3), st.lists(TREES, max_size=3))))
def test_whatever_the_breakdowns_say_the_lines_make_the_total(
    read: Callable[..., Manifest], stated_lines: list[tuple[str, list[Any], list[Any]]]
) -> None:
    listed = [
        transaction(n, total, *trees, items=[{"breakdowns": [tree]} for tree in items])
        for n, (total, trees, items) in enumerate(stated_lines)
    ]
    manifest = read(*listed)
    assert manifest.total == sum(Decimal(total) for total, _, _ in stated_lines)
