"""Entries by settlement: one a month of it, carried forward between, whatever mode came before."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import pytest

from mappings.journal.config import MappingConfig
from mappings.model import JournalEntry
from pipelines.stages.organisations import entries_for, organisation_of, plan_for_organisation
from pipelines.stages.target_proof import prove_at
from pipelines.stages.what_if import what_if
from sandbox.amazon_files import order, report
from tests.stages.organisation_books import ACCOUNTS, CURRENCIES, Books, books

__all__ = ["books"]
CARRIED = {"xero": "260", "quickbooks": "91"}


def two_months(currency: str, price: str = "20.00") -> str:
    """A settlement with two orders of March and one of April, paid out in April."""
    return report(
        [
            *order("111-0000001-0000001", at="2026-03-30 08:00:00 UTC", price=price),
            *order("111-0000002-0000002", at="2026-03-31 08:00:00 UTC"),
            *order("111-0000003-0000003", at="2026-04-02 08:00:00 UTC", price="50.00"),
        ],
        currency=currency,
        start="2026-03-25 12:00:00 UTC",
        end="2026-04-08 12:00:00 UTC",
        deposit="2026-04-10 12:00:00 UTC",
    )


def choose_mode(books: Books, mode: str, effective_from: date | None = None) -> None:
    accounts = ACCOUNTS[books.name] | {"carried_forward": CARRIED[books.name]}
    document = {"chart": "organisation", "accounts": accounts, "mode": mode}
    config = MappingConfig.model_validate(document)
    books.house.workspace.registry.mappings.save(
        config.model_dump(mode="json"),
        config.digest,
        actor="test",
        target="harbour",
        effective_from=effective_from,
    )


def plan(books: Books) -> None:
    plan_for_organisation(books.house.store, list(books.house.window))


def entries(books: Books, days: Iterable[date] | None = None) -> list[JournalEntry]:
    organisation = organisation_of(books.house.workspace, books.house.connection)
    assert organisation is not None
    return list(entries_for(books.house.store, organisation, list(days or books.house.window), {}))


def figures(entry: JournalEntry) -> dict[tuple[str, str], Decimal]:
    return {(line.part, line.category): line.amount for line in entry.lines}


def test_a_settlement_is_booked_in_its_months_and_carried_forward(books: Books) -> None:
    currency = CURRENCIES[books.name]
    choose_mode(books, "settlement")
    books.take(two_months(currency))
    march, april = entries(books)
    assert march.entry_id == f"je:store:2026-03-31:{currency}:settlement-20000000001"
    assert april.entry_id == f"je:store:2026-04-10:{currency}:settlement-20000000001"
    assert figures(march) == {
        ("activity", "sales.principal"): Decimal(-40),
        ("activity", "fee.referral"): Decimal(6),
        ("activity", "carried_forward"): Decimal(34),
    }
    assert figures(april) == {
        ("activity", "sales.principal"): Decimal(-50),
        ("activity", "fee.referral"): Decimal(3),
        ("activity", "clearing"): Decimal(81),
        ("activity", "carried_forward"): Decimal(-34),
        ("payout", "transfer.payout"): Decimal(81),
        ("payout", "clearing"): Decimal(-81),
    }
    # A day in the middle belongs to the same entries.
    assert entries(books, [date(2026, 4, 2)]) == [march, april]
    assert len(books.send().posted) == 2
    accounts, balances = ACCOUNTS[books.name], books.ledger.balances()
    assert not {CARRIED[books.name], accounts["clearing"]} & balances.keys()
    assert balances[accounts["payouts"]] == 81
    organisation = organisation_of(books.house.workspace, books.house.connection)
    assert organisation is not None
    (proof,) = prove_at(books.house.workspace, books.house.connection, organisation)
    assert (proof.state, proof.difference, proof.outstanding) == ("tied", 0, 0)


def test_a_restated_settlement_is_posted_anew_in_both_months(books: Books) -> None:
    choose_mode(books, "settlement")
    books.take(two_months(CURRENCIES[books.name]))
    books.send()
    books.take(two_months(CURRENCIES[books.name], "25.00"), "restated.txt")
    assert [p.revision for p in books.send().posted] == [2, 2]
    assert books.sales == Decimal(-95)
    assert len(books.markers) == 2


def test_a_settlement_that_is_not_paid_out_has_no_entry_yet(books: Books) -> None:
    currency = CURRENCIES[books.name]
    choose_mode(books, "settlement")
    books.take(two_months(currency))
    lake = books.house.workspace.lake
    # As it is while a document of it is still to come: lines of a day are not there yet.
    (day,) = lake.partitions("transactions", "store", [date(2026, 4, 2)])
    content = day.read_bytes()
    day.unlink()
    assert entries(books) == []
    day.write_bytes(content)
    assert len(entries(books)) == 2


@pytest.mark.parametrize(
    "modes", [("daily", "settlement"), ("settlement", "daily")], ids=" to ".join
)
def test_a_change_of_mode_leaves_neither_gap_nor_double(
    books: Books, modes: tuple[str, str]
) -> None:
    before, after = modes
    choose_mode(books, before)
    books.take(two_months(CURRENCIES[books.name]))
    books.send()
    expected = books.ledger.balances()
    # Before, between and after its months and lines; each change undoes the one before.
    for day in (date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 2), date(2026, 4, 10)):
        choose_mode(books, before)
        choose_mode(books, after, day)
        plan(books)
        sent = books.send()
        assert sent.failed == {}
        current = entries(books)
        assert books.markers.total() == len(current)
        lines = Counter(line.category for entry in current for line in entry.lines)
        assert lines["transfer.payout"] == 1
        assert books.ledger.balances() == expected


def test_what_if_tells_what_another_mode_would_change(books: Books) -> None:
    choose_mode(books, "daily")
    books.take(two_months(CURRENCIES[books.name]))
    accounts = ACCOUNTS[books.name] | {"carried_forward": CARRIED[books.name]}
    config = MappingConfig(chart="organisation", accounts=accounts, mode="settlement")
    result = what_if(books.house.store, "harbour", config, books.house.window)
    # Four days' entries go, two of the settlement come.
    assert (result.entries, result.changed, result.accounts) == (2, 6, ())
