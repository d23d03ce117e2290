"""The proof per settlement, and what it says when something is missing or wrong."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from connectors.database.registry import Registry
from connectors.lake.windows import Window
from mappings.journal.config import MappingConfig
from pipelines.stages.reconciliation import Proof
from sandbox.amazon_files import line, order, report
from tests.channels import etsy_files
from tests.channels.house import House
from tests.stages.conftest import FIRST

FIXTURES = Path(__file__).parents[1] / "fixtures"


def only(house: House) -> Proof:
    (proof,) = house.prove()
    return proof


def test_a_settlement_ties_once_every_stage_has_run(empty: House) -> None:
    empty.take(FIRST)
    proof = only(empty)
    assert (proof.state, proof.why) == ("waiting", "not normalised yet: run `daybook sync`")
    assert proof.difference
    assert not proof.ok
    empty.normalise()
    assert only(empty).why == "not journalled yet: run `daybook sync`"
    empty.journal()
    assert only(empty).why == "not posted yet: run `daybook publish`"
    empty.publish()
    proof = only(empty)
    assert (proof.state, proof.why, proof.difference) == ("tied", None, 0)
    assert proof.ok
    assert {proof.declared, proof.raw, proof.normalised, proof.journalled, proof.posted} == {
        Decimal("42.50")
    }
    assert proof.paid == Decimal("42.50")
    assert (proof.period_start, proof.period_end) == (date(2026, 3, 1), date(2026, 3, 15))


def test_part_of_a_window_does_not_tie(empty: House) -> None:
    empty.take(FIRST)
    empty.run(Window(date(2026, 3, 1), date(2026, 3, 10)))
    proof = only(empty)
    assert proof.state == "differs"
    assert proof.normalised == Decimal("17.00")
    assert proof.why is not None
    assert "declared 42.5000" in proof.why


def test_an_entry_that_waits_for_the_owner_holds_its_settlement(empty: House) -> None:
    odd = line("other-transaction", "other-transaction", "Moon Landing Surcharge", "-7.00")
    empty.take(report([*order(), odd]))
    empty.run()
    proof = only(empty)
    assert proof.state == "held"
    assert proof.why is not None
    assert proof.why.startswith("2026-03-03: no rule for other-transaction")
    word = "other-transaction / other-transaction / Moon Landing Surcharge"
    empty.mapping = MappingConfig(source_types={"amazon": {word: "fee.other"}})
    empty.run()
    assert only(empty).state == "tied"


def test_a_restatement_that_is_not_normalised_yet_differs(empty: House) -> None:
    empty.take(FIRST)
    empty.run()
    empty.take(FIRST.replace("30.00", "31.00").replace("42.50", "43.50"))
    proof = only(empty)
    assert (proof.state, proof.raw, proof.normalised) == (
        "differs",
        Decimal("43.50"),
        Decimal("42.50"),
    )
    assert proof.difference == Decimal("-1.00")
    empty.run()
    assert only(empty).state == "tied"


def test_a_settlement_of_nothing_ties(empty: House) -> None:
    empty.take(report(order(price="3.00")))
    empty.run()
    proof = only(empty)
    assert (proof.state, proof.declared, proof.difference) == ("tied", 0, 0)


def test_a_settlement_with_no_lines_at_all_ties(empty: House) -> None:
    empty.take(report([], total="0.00"))
    empty.run()
    assert only(empty).ok


def test_a_shortfall_is_carried_and_only_the_card_is_charged(empty: House) -> None:
    for path in sorted((FIXTURES / "amazon" / "v1-negative-chain").glob("document*")):
        empty.take_file(path)
    empty.run()
    assert [(p.paid, p.state, p.payout_status) for p in empty.prove()] == [
        (Decimal("-309.55"), "tied", "carried"),
        (Decimal("40.80"), "tied", "paid"),
    ]
    sums = {
        account: sum(r["amount"] for r in empty.rows("journal_lines") if r["account"] == account)
        for account in {r["account"] for r in empty.rows("journal_lines")}
    }
    assert sums["Assets:CarriedForward:Store"] == 0
    assert sums["Assets:Clearing:Store"] == 0
    assert sums["Liabilities:CreditCard"] == Decimal("-309.55")


@pytest.fixture
def shop(registry: Registry, tmp_path: Path) -> House:
    return House.build(registry, tmp_path / "home", channel="etsy")


def test_an_open_settlement_is_no_fault_and_closes_with_the_next_statement(shop: House) -> None:
    shop.take(etsy_files.statement([etsy_files.sale(date(2026, 3, 28), "1", "12.00")]))
    shop.run()
    proof = only(shop)
    assert (proof.settlement_id, proof.state, proof.paid) == ("open-2026-03-USD", "open", None)
    assert proof.ok
    april = [
        etsy_files.deposit(date(2026, 4, 2), "10.00"),
        etsy_files.sale(date(2026, 4, 3), "2", "5.00"),
    ]
    shop.take(etsy_files.statement(april))
    shop.run()
    closed, still_open = shop.prove()
    assert (closed.settlement_id, closed.raw, closed.paid, closed.state) == (
        "etsy-2026-04-02-USD",
        Decimal("12.00"),
        Decimal("10.00"),
        "tied",
    )
    assert (still_open.settlement_id, still_open.raw, still_open.state) == (
        "open-2026-04-USD",
        Decimal("5.00"),
        "open",
    )
    (row,) = [r for r in shop.rows("settlements") if r["closed"]]
    assert (row["opening_balance"], row["closing_balance"]) == (0, Decimal("2.00"))
    shop.check_books()


def test_deposits_of_one_day_in_two_currencies_are_two_settlements(shop: House) -> None:
    for currency in ("GBP", "USD"):
        march = [
            etsy_files.sale(date(2026, 3, 1), "1", "12.00"),
            etsy_files.deposit(date(2026, 3, 4), "10.00"),
        ]
        shop.take(etsy_files.statement(march, currency=currency))
    april = [
        etsy_files.sale(date(2026, 4, 1), "2", "5.00"),
        etsy_files.deposit(date(2026, 4, 4), "7.00"),
    ]
    shop.take(etsy_files.statement(april, currency="USD"))
    shop.run()
    assert {p.settlement_id: (p.raw, p.paid, p.state) for p in shop.prove() if p.paid} == {
        "etsy-2026-03-04-GBP": (Decimal("12.00"), Decimal("10.00"), "tied"),
        "etsy-2026-03-04-USD": (Decimal("12.00"), Decimal("10.00"), "tied"),
        "etsy-2026-04-04-USD": (Decimal("5.00"), Decimal("7.00"), "tied"),
    }
    shop.check_books()


def test_a_payout_that_the_bank_returned_is_owed_again(shop: House) -> None:
    day = date(2026, 3, 9)
    shop.take(
        etsy_files.statement(
            [
                etsy_files.sale(date(2026, 3, 1), "1", "12.00"),
                etsy_files.deposit(date(2026, 3, 4), "12.00"),
                etsy_files.Row(day, "Deposit", "$12.00 returned by your bank"),
                etsy_files.deposit(date(2026, 3, 11), "12.00"),
            ]
        )
    )
    shop.run()
    (back,) = [r for r in shop.rows() if r["business_date"] == day]
    assert (back["category"], back["amount"]) == ("transfer.payout_failed", Decimal("12.0000"))
    assert [(p.state, p.payout_status, p.why) for p in shop.prove()] == [
        ("tied", "failed", "the payout failed: its money is in a later one"),
        ("tied", "paid", None),
    ]


def test_an_entry_without_a_journal_is_a_difference_of_its_settlement(empty: House) -> None:
    empty.take(report([*order(), *order("111-2", at="2026-03-05 12:00:00 UTC")]))
    empty.run()
    empty.take(report(order()))
    empty.normalise()
    empty.journal()
    proof = only(empty)
    assert proof.state == "differs"
    assert proof.why == (
        "the books hold je:store:2026-03-05:USD, which no transactions support any more: "
        "run `daybook publish`"
    )
    empty.publish()
    assert only(empty).state == "tied"


MONTH = FIXTURES / "woocommerce" / "month-in-yen-with-cards-and-rounding" / "document.ndjson"


def test_a_month_that_comes_to_nothing_differs_by_its_entries(
    registry: Registry, tmp_path: Path
) -> None:
    store = House.build(registry, tmp_path / "home", channel="woocommerce")
    store.take_file(MONTH)
    store.normalise()
    store.journal()
    proof = only(store)
    assert (proof.state, proof.difference) == ("waiting", 0)
    store.publish()
    assert only(store).state == "open"
    day = date(2026, 3, 9)
    lost = store.workspace.lake.partition("journal_lines", store.slug, day)
    pq.write_table(pq.read_table(lost, partitioning=None).slice(0, 0), lost)
    proof = only(store)
    assert (proof.state, proof.difference) == ("differs", 0)
    assert proof.why is not None
    assert "the books hold je:store:2026-03-09:JPY, which no transactions support" in proof.why


def test_a_payout_of_what_no_statement_holds_is_incomplete(shop: House) -> None:
    april = [
        etsy_files.sale(date(2026, 4, 1), "2", "5.00"),
        etsy_files.deposit(date(2026, 4, 2), "12.00"),
        etsy_files.sale(date(2026, 4, 3), "3", "4.00"),
        etsy_files.deposit(date(2026, 4, 9), "4.00"),
    ]
    shop.take(etsy_files.statement(april))
    shop.run()
    proof, after = shop.prove()
    assert (proof.state, proof.ok, proof.brought_forward) == ("incomplete", False, Decimal("7.00"))
    assert proof.why is not None
    assert "paid out 7.0000 USD more than the files hold" in proof.why
    assert "import the monthly statement (.csv) of the days before" in proof.why
    assert (after.state, after.brought_forward) == ("tied", 0)
    shop.take(etsy_files.statement([etsy_files.sale(date(2026, 3, 28), "1", "7.00")]))
    shop.run()
    assert [(p.state, p.brought_forward) for p in shop.prove()] == [("tied", 0), ("tied", 0)]
