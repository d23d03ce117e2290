"""Readiness: what holds an entry, in three parts with their cures, and what only waits."""

from datetime import date

import pytest

from connectors.lake.windows import Window
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS
from pipelines.stages.readiness import StoreReadiness, readiness
from pipelines.stages.stock import import_costs
from sandbox.amazon_files import line, report
from tests.channels.house import House
from tests.stages.organisation_books import CURRENCIES, Books, books
from tests.stages.test_settlement_mode import choose_mode, entries, two_months

__all__ = ["books"]
MARCH = Window(date(2026, 3, 1), date(2026, 4, 1))


def ready(house: House, target: str = BOOKS, window: Window | None = None) -> StoreReadiness:
    return readiness(house.store, target, window or house.window)


def test_each_part_names_its_own_cure_and_the_rest_is_ready(empty: House) -> None:
    empty.mapping = MappingConfig(cost_of_goods=True)
    sale = line(
        *("Order", "ItemPrice", "Principal", "20.00"),
        at="2026-03-02 08:00:00 UTC",
        order_id="111-1",
        sku="MUG",
        quantity_purchased="1",
    )
    oddity = line("Mystery", "Oddity", "New Fee", "-1.00", at="2026-03-03 08:00:00 UTC")
    empty.take(report([sale, oddity]))
    empty.run()
    by_id = {entry.entry_id: entry for entry in ready(empty).entries}
    assert {entry_id: entry.state for entry_id, entry in by_id.items()} == {
        "je:store:2026-03-02:USD": "ready",
        "cogs:store:2026-03-02:USD": "held",
        "je:store:2026-03-03:USD": "held",
        **{e: "ready" for e in by_id if e.startswith("je:store:2026-03-1")},
    }
    goods, unmapped = by_id["cogs:store:2026-03-02:USD"], by_id["je:store:2026-03-03:USD"]
    assert (goods.accounts, goods.taxes) == (None, None)
    assert goods.costs is not None
    assert goods.costs.startswith("no unit cost of MUG: name it in a file for `daybook costs")
    assert (unmapped.taxes, unmapped.costs) == (None, None)
    assert unmapped.accounts is not None
    assert unmapped.accounts.startswith("no rule for Mystery / Oddity / New Fee: name its category")
    # What holds an entry in the outbox is what is missing here, and nothing else.
    assert empty.held().keys() == {entry.entry_id for entry in ready(empty).held}
    costs = b"sku,cost,currency,from\nMUG,4,USD,2026-01-01\n"
    import_costs(empty.workspace, empty.connection, "costs.csv", costs, "ann")
    assert [entry.entry_id for entry in ready(empty).held] == ["je:store:2026-03-03:USD"]


def test_an_entry_may_miss_an_account_and_a_tax_decision_at_once(books: Books) -> None:
    document = {"chart": "organisation", "accounts": {"clearing": "1"}, "tax": "target_codes"}
    config = MappingConfig.model_validate(document)
    books.house.workspace.registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", target="harbour"
    )
    books.take(books.settlement())
    first, *_ = ready(books.house, "harbour").entries
    assert first.state == "held"
    assert (first.accounts or "").startswith("no account for fee_referral, sales: name one under")
    assert "begin one with `daybook connections tax store`" in (first.taxes or "")
    assert (first.costs, first.period) == (None, None)


def test_an_entry_of_a_closed_period_is_held_for_that_alone(books: Books) -> None:
    books.close(date(2026, 3, 2))
    books.take(books.settlement())
    books.send()
    first, *others = ready(books.house, "harbour").entries
    assert "closed through 2026-03-02" in (first.period or "")
    assert (first.accounts, first.taxes, first.costs, first.state) == (None, None, None, "held")
    assert {entry.state for entry in others} == {"ready"}


@pytest.mark.parametrize("books", ["xero"], indirect=True)
def test_a_settlement_waits_for_its_platform_and_is_an_entry_without_anybody(books: Books) -> None:
    choose_mode(books, "settlement")
    books.take(two_months(CURRENCIES[books.name]))
    lake = books.house.workspace.lake
    assert ready(books.house, "harbour").waiting == []
    (day,) = lake.partitions("transactions", "store", [date(2026, 4, 2)])
    content = day.read_bytes()
    day.unlink()
    result = ready(books.house, "harbour", MARCH)
    assert (result.entries, result.held) == ([], [])
    (wait,) = result.waiting
    assert (wait.settlement_id, wait.first_day, wait.last_day) == (
        *("20000000001", date(2026, 3, 30)),
        date(2026, 3, 31),
    )
    assert wait.reason.startswith("the settlement is paid out, and lines of its days are still")
    assert wait.expected == date(2026, 4, 10)
    day.write_bytes(content)
    result = ready(books.house, "harbour", MARCH)
    assert result.waiting == []
    assert [entry.entry_id for entry in result.entries] == [
        entry.entry_id for entry in entries(books)
    ]


def test_open_days_wait_until_the_settlement_that_the_rhythm_expects(house: House) -> None:
    # Settlements end on the 15th and the 17th of March: two days between them.
    registry = house.workspace.registry
    house.run()
    days = [date(2026, 3, 20), date(2026, 3, 21), date(2026, 3, 22)]
    reason = "no settlement covers it yet"
    registry.days.set_states("store", {day: ("open", reason) for day in days})
    result = ready(house, window=MARCH)
    assert result.held == []
    assert [(w.first_day, w.last_day, w.expected) for w in result.waiting] == [
        (date(2026, 3, 20), date(2026, 3, 21), date(2026, 3, 21)),
        (date(2026, 3, 22), date(2026, 3, 22), date(2026, 3, 23)),
    ]
    # Covered by now, it waits no more.
    registry.days.set_states("store", {day: ("done", None) for day in days})
    assert ready(house, window=MARCH).waiting == []
