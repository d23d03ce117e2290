"""Entries: they balance, the marketplace's tax nets to zero, what is unclear waits."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.database.registry import Registry
from mappings.journal.config import MappingConfig
from mappings.model import CLEARING, GATEWAY
from pipelines.stages.explanation import behind, sources
from pipelines.stages.journals import read_entries
from sandbox.amazon_files import line, order, report
from tests.channels.house import House, total
from tests.stages.conftest import FIRST

FIXTURES = Path(__file__).parents[1] / "fixtures"
DAY = date(2026, 3, 3)


def hashes(house: House) -> dict[str, str]:
    built = house.journal()
    return {e.entry_id: e.content_hash for entries in built.days.values() for e in entries}


@pytest.mark.parametrize("case", ["v2-us", "v2-de", "v1-36-columns"])
def test_every_entry_balances_and_facilitator_tax_nets_to_zero(empty: House, case: str) -> None:
    empty.take((FIXTURES / "amazon" / case / "document.txt").read_bytes())
    empty.normalise()
    built = empty.journal()
    assert not built.failed
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in empty.rows("journal_lines"):
        sums[row["entry_id"], row["part"]] += row["amount"]
    assert set(sums.values()) == {Decimal(0)}
    for entries in built.days.values():
        for entry in entries:
            assert entry.balance == entry.facilitator_tax == 0


def test_tax_withheld_without_tax_collected_is_told(empty: House) -> None:
    orphan = line(
        "Order", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal", "-1.25", order_id="9"
    )
    empty.take(report([*order(), orphan]))
    empty.normalise()
    (entry,) = empty.journal().days[DAY]
    assert entry.facilitator_tax == Decimal("1.25")
    assert entry.balance == 0


def test_tax_of_one_item_does_not_make_the_next_items_tax_the_marketplaces(empty: House) -> None:
    def item(name: str, *kinds: tuple[str, str, str]) -> list[dict[str, str]]:
        return [line("Order", *kind, order_id="1", order_item_code=name) for kind in kinds]

    tax = ("ItemPrice", "Tax", "2.00")
    withheld = ("ItemWithheldTax", "MarketplaceFacilitatorTax-Principal", "-2.00")
    empty.take(report([*item("a", tax, withheld), *item("b", tax)]))
    empty.normalise()
    rows = empty.rows()
    assert [r["category"] for r in rows if r["source_type"].endswith("Tax")] == [
        "tax.facilitator_in",
        "tax.seller_collected",
    ]
    assert total(rows, tax_collected_by="marketplace") == 0


def test_an_unknown_word_holds_its_day_until_it_is_mapped(empty: House) -> None:
    word = "other-transaction / other-transaction / Moon Landing Surcharge"
    empty.take((FIXTURES / "amazon" / "v2-unclassified-word" / "document.txt").read_bytes())
    empty.run()
    ((entry, why),) = empty.held().items()
    assert entry == "je:store:2026-03-04:USD"
    assert why.startswith(f"no rule for {word}: ")
    assert "daybook mappings set" in why
    assert "2026-03-04" not in empty.books()
    assert total(empty.rows()) == 0
    empty.mapping = MappingConfig(source_types={"amazon": {word: "fee.other"}})
    empty.run()
    assert empty.held() == {}
    assert "Daily journal 2026-03-04" in empty.books()
    assert {proof.state for proof in empty.prove()} == {"tied"}


def test_amounts_finer_than_a_coin_are_held(empty: House) -> None:
    empty.take(report(order(price="100.5", fee="-0.5"), currency="JPY"))
    empty.run()
    (why,) = set(empty.held().values())
    assert why == "an amount is finer than the smallest coin of JPY"


def test_a_hash_is_of_accounts_amounts_and_tax_codes_alone(empty: House) -> None:
    empty.take(FIRST)
    empty.normalise()
    before = hashes(empty)
    assert hashes(empty) == before
    # The same figures from another file: other rows, ids and bytes.
    empty.take(FIRST.replace("\n", "\r\n").replace("MUG-BLUE", "MUG-RED"))
    empty.normalise()
    assert hashes(empty) == before
    accounts = {"sales": "Income:Sales:Online"}
    codes = {"sales.principal": "OUTPUT2"}
    for changed in (MappingConfig(accounts=accounts), MappingConfig(tax_codes=codes)):
        empty.mapping = changed
        after = hashes(empty)
        assert after.keys() == before.keys()
        sold = {e for e in before if before[e] != after[e]}
        assert sold == {"je:store:2026-03-02:USD", "je:store:2026-03-15:USD"}


def test_only_the_day_whose_amount_changed_is_posted_again(empty: House) -> None:
    empty.take(FIRST)
    empty.run()
    before = hashes(empty)
    later = order("111-0000002-0000002", at="2026-03-15 11:59:59 UTC", price="31.00", fee="-5.50")
    first = order("111-0000001-0000001", at="2026-03-02 08:00:00 UTC")
    empty.take(
        report(
            [*first, *later],
            start="2026-03-01 12:00:00 UTC",
            end="2026-03-15 12:00:00 UTC",
            deposit="2026-03-18 12:00:00 UTC",
        )
    )
    empty.normalise()
    after = hashes(empty)
    assert {e for e in after if after[e] != before[e]} == {"je:store:2026-03-15:USD"}
    outcome = empty.publish()
    assert [p.entry_id for p in outcome.posted] == ["je:store:2026-03-15:USD"]
    assert outcome.posted[0].revision == 2


def test_a_day_without_lines_has_no_entry_and_is_recorded(house: House) -> None:
    house.run()
    empty_day = date(2026, 3, 10)
    assert empty_day in house.workspace.lake.days("journal_lines", house.slug)
    assert house.read("journal_lines", [empty_day]) == []
    assert "2026-03-10" not in house.books()


@pytest.mark.parametrize("published", [False, True])
def test_the_entry_of_a_day_that_is_no_more_is_withdrawn(empty: House, published: bool) -> None:
    """A restated report pays on another day, and the day it paid on before is covered by none."""
    empty.take(FIRST)
    empty.normalise()
    empty.journal()
    if published:
        empty.publish()
    empty.take(FIRST.replace("2026-03-18 12:00:00", "2026-03-19 12:00:00"))
    outcome = empty.run()
    assert outcome.withdrawn == [date(2026, 3, 18)]
    assert "Payout 20000000001" in empty.books()
    assert "2026-03-18 *" not in empty.books()
    assert {proof.state for proof in empty.prove()} == {"tied"}
    empty.check_books()


def sold_through_gateways(registry: Registry, home: Path) -> House:
    house = House.build(registry, home, channel="woocommerce")
    house.take_file(
        FIXTURES / "woocommerce" / "month-in-yen-with-cards-and-rounding/document.ndjson"
    )
    house.normalise()
    return house


def test_every_gateway_has_a_clearing_account_that_tells_its_transactions(
    registry: Registry, tmp_path: Path
) -> None:
    house = sold_through_gateways(registry, tmp_path / "home")
    house.journal()
    day = date(2026, 3, 7)
    (entry,) = read_entries(house.workspace, house.slug, [day], {})
    rows = sources(house.workspace, house.connection, day)
    explained = {
        posting.account: {source.source_type for source in behind(posting, entry, rows)}
        for posting in entry.lines
        if posting.category == GATEWAY
    }
    assert explained == {
        "Assets:Clearing-Gateways:Store:Cod": {"gateway / cod"},
        "Assets:Clearing-Gateways:Store:Stripe": {"gateway / stripe"},
    }
    for posting in entry.lines:
        owed = sum(source.amount for source in behind(posting, entry, rows))
        assert owed == (posting.amount if posting.category == CLEARING else -posting.amount)


def test_an_owner_may_put_all_gateways_into_one_account(registry: Registry, tmp_path: Path) -> None:
    house = sold_through_gateways(registry, tmp_path / "home")
    house.mapping = MappingConfig(accounts={"gateway": "Assets:Elsewhere:{connection}"})
    house.journal()
    day = date(2026, 3, 7)
    (entry,) = read_entries(house.workspace, house.slug, [day], {})
    (gateway_line,) = [it for it in entry.lines if it.category == GATEWAY]
    assert gateway_line.account == "Assets:Elsewhere:Store"
    assert len(behind(gateway_line, entry, sources(house.workspace, house.connection, day))) == 2


def test_what_is_of_no_gateway_stands_beside_them(registry: Registry, tmp_path: Path) -> None:
    house = sold_through_gateways(registry, tmp_path / "home")
    house.mapping = MappingConfig(roles={"fee.payment_processing": "gateway"})
    house.journal()
    accounts = {r["account"] for r in house.rows("journal_lines") if "Gateways" in r["account"]}
    names = {account.rpartition(":")[2] for account in accounts}
    assert names == {"Cod", "Stripe", "Other"}
