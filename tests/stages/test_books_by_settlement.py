"""The books by settlement: an entry a month of each, whatever mode came before."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from connectors.accounting.beancount import Books
from mappings.journal.config import MappingConfig
from mappings.model import PostedLine
from pipelines.stages.explanation import behind, sources
from pipelines.stages.journals import read_entries
from sandbox.amazon_files import order, report
from tests.channels.house import House
from tests.stages.test_settlement_mode import two_months

MARCH, APRIL = date(2026, 3, 31), date(2026, 4, 10)
BY_SETTLEMENT = MappingConfig(mode="settlement")


def choose(house: House, mode: str, effective_from: date | None = None) -> None:
    config = MappingConfig.model_validate({"mode": mode})
    house.workspace.registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", effective_from=effective_from
    )


def posted(house: House) -> list[PostedLine]:
    return Books(house.settings.books_folder).posted([house.slug])


def balances(house: House) -> dict[str, Decimal]:
    sums: Counter[str] = Counter()
    for line in posted(house):
        sums[line.account] += line.amount  # type: ignore[assignment]
    return {account: amount for account, amount in sums.items() if amount}  # type: ignore[misc]


def test_the_books_have_an_entry_of_each_month_of_a_settlement(empty: House) -> None:
    choose(empty, "settlement")
    empty.take(two_months("USD"))
    empty.run()
    figures = {(x.business_date, x.part, x.category): x.amount for x in posted(empty)}
    assert figures == {
        (MARCH, "activity", "sales.principal"): Decimal(-40),
        (MARCH, "activity", "fee.referral"): Decimal(6),
        (MARCH, "activity", "carried_forward"): Decimal(34),
        (APRIL, "activity", "sales.principal"): Decimal(-50),
        (APRIL, "activity", "fee.referral"): Decimal(3),
        (APRIL, "activity", "clearing"): Decimal(81),
        (APRIL, "activity", "carried_forward"): Decimal(-34),
        (APRIL, "payout", "transfer.payout"): Decimal(81),
        (APRIL, "payout", "clearing"): Decimal(-81),
    }
    heading = f'{MARCH} * "Store" "Settlement 20000000001, {MARCH}" #settlement '
    assert heading in empty.books()
    empty.check_books()
    assert [(p.state, p.posted, p.difference) for p in empty.prove()] == [("tied", 81, 0)]
    # A second time, and a day of it alone: the same bytes.
    before, files = empty.books(), empty.files()
    empty.run()
    empty.journal(empty.window.__class__(date(2026, 4, 2), date(2026, 4, 3)))
    empty.publish()
    assert (empty.books(), empty.files()) == (before, files)
    # Each line is told by the rows of its month.
    for entry in read_entries(empty.workspace, "store", [MARCH, APRIL], {}):
        rows = sources(empty.workspace, empty.connection, entry.business_date, "20000000001")
        for line in entry.lines:
            owed = sum(source.amount for source in behind(line, entry, rows))
            if entry.business_date == MARCH:
                assert owed == (line.amount if line.category == "carried_forward" else -line.amount)


def test_a_settlement_is_booked_once_it_is_paid_out_and_anew_when_it_changes(empty: House) -> None:
    choose(empty, "settlement")
    empty.take(two_months("USD"))
    empty.normalise()
    day = date(2026, 4, 2)
    part = empty.workspace.lake.partition("transactions", "store", day)
    content = part.read_bytes()
    part.unlink()
    empty.journal()
    empty.publish()
    # Half a settlement is never an entry.
    assert posted(empty) == []
    part.write_bytes(content)
    empty.journal(type(empty.window)(day, APRIL))
    empty.publish()
    assert {line.business_date for line in posted(empty)} == {MARCH, APRIL}
    empty.take(two_months("USD", "25.00"), "restated.txt")
    empty.run()
    assert balances(empty)["Income:Sales:Store"] == -95
    assert {line.revision for line in posted(empty)} == {2}
    # Without its orders of March there is nothing left to be booked there.
    empty.take(
        report(
            order("111-0000003-0000003", at="2026-04-02 08:00:00 UTC", price="50.00"),
            start="2026-03-25 12:00:00 UTC",
            end="2026-04-08 12:00:00 UTC",
            deposit="2026-04-10 12:00:00 UTC",
        ),
        "again.txt",
    )
    empty.run()
    assert {line.business_date for line in posted(empty)} == {APRIL}
    assert {proof.state for proof in empty.prove()} == {"tied"}


@pytest.mark.parametrize(
    "modes", [("daily", "settlement"), ("settlement", "daily")], ids=" to ".join
)
def test_a_change_of_mode_leaves_neither_gap_nor_double(
    empty: House, modes: tuple[str, str]
) -> None:
    before, after = modes
    choose(empty, before)
    empty.take(two_months("USD"))
    empty.run()
    expected = balances(empty)
    for day in (MARCH, date(2026, 4, 2)):
        choose(empty, before)
        empty.run()
        choose(empty, after, day)
        # Days before it are not computed again, as no change asks for them.
        empty.run(type(empty.window)(day, empty.window.end))
        empty.publish()
        assert balances(empty) == expected
        assert [proof.state for proof in empty.prove()] == ["tied"]
    empty.check_books()
