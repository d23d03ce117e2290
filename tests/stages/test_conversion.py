"""Entries of another currency in the organisation's own, at a named source's rates."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.accounting.beancount.books import Books
from connectors.errors import BadInput
from connectors.rates import ExchangeRate, read_rates
from mappings.journal.config import MappingConfig
from mappings.journal.conversion import Cleared, ConversionAccounts, converted
from mappings.model import JournalEntry, JournalLine
from pipelines.stages.exchange_rates import RatesImport, import_rates, pull_rates
from pipelines.stages.organisations import organisation_of, plan_for_organisation
from pipelines.stages.target_proof import prove_at
from tests.channels.house import House
from tests.stages.organisation_books import ACCOUNTS, CURRENCIES, books, settlement
from tests.stages.organisation_books import Books as OrganisationBooks
from tests.stages.test_settlement_mode import two_months

__all__ = ["books"]
OTHER = {"xero": "260", "quickbooks": "91"}
CARRIED = {"xero": "860", "quickbooks": "51"}
# The bank's file: days downwards, and none for the third of March.
BANK = (
    "Date,USD,GBP,JPY,\n2026-03-18,1.1000,0.8800,N/A,\n"
    "2026-03-02,1.2000,0.8000,160.00,\n2026-02-27,1.0,1.0,1.0,\n"
)


def rates_of(books: OrganisationBooks, content: str = BANK) -> None:
    import_rates(books.house.workspace, "ecb", "rates.csv", content.encode(), "ann")


def choose(books: OrganisationBooks, since: date | None = None, **decisions: object) -> None:
    """Save a mapping that converts, from a day on or for every day."""
    accounts = ACCOUNTS[books.name] | dict.fromkeys(("fx", "rounding"), OTHER[books.name])
    accounts["carried_forward"] = CARRIED[books.name]
    currency = {"to": CURRENCIES[books.name], "rates": "ecb"}
    document = {"chart": "organisation", "accounts": accounts, "currency": currency}
    config = MappingConfig.model_validate({**document, **decisions})
    books.house.workspace.registry.mappings.save(
        config.model_dump(mode="json"),
        config.digest,
        actor="test",
        target="harbour",
        effective_from=since,
    )


@pytest.fixture
def foreign(books: OrganisationBooks) -> OrganisationBooks:
    """Books of an organisation whose store is paid in euros."""
    choose(books)
    return books


def test_days_are_converted_at_their_rates_and_the_payout_realises_the_difference(
    foreign: OrganisationBooks,
) -> None:
    rates_of(foreign)
    foreign.take(settlement("EUR"))
    assert len(foreign.send().posted) == 3
    balances, accounts = foreign.ledger.balances(), ACCOUNTS[foreign.name]
    early, late = {"xero": ("0.8", "0.88"), "quickbooks": ("1.2", "1.1")}[foreign.name]
    # Two orders of 20 and 3 of fees, whose days have the rate of the second of March.
    assert balances[accounts["sales"]] == -40 * Decimal(early)
    assert balances[accounts["fee_referral"]] == 6 * Decimal(early)
    assert balances[accounts["payouts"]] == 34 * Decimal(late)
    assert accounts["clearing"] not in balances
    assert balances[OTHER[foreign.name]] == 34 * (Decimal(early) - Decimal(late))
    organisation = organisation_of(foreign.house.workspace, foreign.house.connection)
    assert organisation is not None
    (proof,) = prove_at(foreign.house.workspace, foreign.house.connection, organisation)
    assert (proof.state, proof.currency, proof.posted) == ("tied", "EUR", 34)


def test_a_day_without_a_rate_is_held_until_there_is_one(foreign: OrganisationBooks) -> None:
    foreign.take(settlement("EUR"))
    registry = foreign.house.workspace.registry
    held = registry.publications.list("harbour", states=["held"])
    to = CURRENCIES[foreign.name]
    assert {p.message for p in held} >= {
        f"no rate of EUR to {to} on 2026-03-02 or in the week before in ecb: "
        "`daybook rates import FILE --source ecb`"
    }
    assert len(held) == 3
    rates_of(foreign)
    assert registry.publications.list("harbour", states=["held"]) == []
    assert len(foreign.send().posted) == 3


def test_the_rates_of_the_organisation_itself_are_taken_where_it_tells_them(
    books: OrganisationBooks,
) -> None:
    choose(books, currency={"to": CURRENCIES[books.name], "rates": "harbour"})
    books.take(settlement("EUR"))
    workspace, registry = books.house.workspace, books.house.workspace.registry
    organisation = organisation_of(workspace, books.house.connection)
    assert organisation is not None
    if books.name == "xero":
        with pytest.raises(BadInput, match="harbour tells no rates of exchange"):
            pull_rates(workspace, organisation, "ann")
        return
    held = {p.message or "" for p in registry.publications.list("harbour", states=["held"])}
    assert all("`daybook rates pull harbour`" in message for message in held)
    books.ledger.rates |= {("EUR", "2026-03-01"): "1.2", ("EUR", "2026-03-18"): "1.1"}
    assert pull_rates(workspace, organisation, "ann") == RatesImport(3, 3)
    assert len(books.send().posted) == 3
    balances = books.ledger.balances()
    assert balances[ACCOUNTS[books.name]["payouts"]] == 34 * Decimal("1.1")
    assert balances[OTHER[books.name]] == 34 * Decimal("0.1")
    # What is there is not asked for again: calls are metered.
    assert pull_rates(workspace, organisation, "ann") == RatesImport(0, 0)


def test_a_late_change_reaches_the_payout_that_clears_it(foreign: OrganisationBooks) -> None:
    rates_of(foreign)
    foreign.take(settlement("EUR"))
    foreign.send()
    foreign.take(settlement("EUR", "25.00"), "restated.txt")
    assert foreign.send().failed == {}
    assert ACCOUNTS[foreign.name]["clearing"] not in foreign.ledger.balances()


def test_days_of_another_source_are_cleared_at_their_own_rates(foreign: OrganisationBooks) -> None:
    rates_of(foreign)
    workspace, to = foreign.house.workspace, CURRENCIES[foreign.name]
    own = f"date,from,to,rate\n2026-03-18,EUR,{to},2\n"
    import_rates(workspace, "house", "own.csv", own.encode(), "ann")
    (saved, *_) = workspace.registry.mappings.history("store", "harbour")
    document = saved.document | {"currency": {"to": to, "rates": "house"}}
    config = MappingConfig.model_validate(document)
    workspace.registry.mappings.save(
        config.model_dump(mode="json"),
        config.digest,
        actor="test",
        target="harbour",
        effective_from=date(2026, 3, 10),
    )
    foreign.take(settlement("EUR"))
    assert len(foreign.send().posted) == 3
    accounts, balances = ACCOUNTS[foreign.name], foreign.ledger.balances()
    assert accounts["clearing"] not in balances
    assert balances[accounts["payouts"]] == 68


# A rate of its own for each day that the settlement of two months has lines on.
FOUR_DAYS = (
    "date,from,to,rate\n2026-03-30,EUR,{to},0.8333\n2026-03-31,EUR,{to},0.8011\n"
    "2026-04-02,EUR,{to},0.8777\n2026-04-10,EUR,{to},0.9009\n"
)


def test_a_settlement_comes_to_what_its_days_come_to(foreign: OrganisationBooks) -> None:
    to = CURRENCIES[foreign.name]
    grouping = {"xero": "account", "quickbooks": "category"}[foreign.name]
    rates_of(foreign, FOUR_DAYS.format(to=to))
    choose(foreign, grouping=grouping)
    foreign.take(two_months("EUR", "20.05"))
    assert len(foreign.send().posted) == 4
    by_day, accounts = foreign.ledger.balances(), ACCOUNTS[foreign.name]
    assert not {accounts["clearing"], CARRIED[foreign.name]} & by_day.keys()
    assert by_day[accounts["payouts"]] == Decimal("73.02")
    days = list(foreign.house.window)
    # Each month has an entry, and the same is booked; so it is where the mode changes between.
    for since, entries in ((None, 2), (date(2026, 3, 31), 3)):
        choose(foreign, grouping=grouping)
        choose(foreign, since, mode="settlement", grouping=grouping)
        plan_for_organisation(foreign.house.store, days)
        assert foreign.send().failed == {}
        assert len(foreign.markers) == entries
        assert foreign.ledger.balances() == by_day
        organisation = organisation_of(foreign.house.workspace, foreign.house.connection)
        assert organisation is not None
        (proof,) = prove_at(foreign.house.workspace, foreign.house.connection, organisation)
        assert (proof.state, proof.posted) == ("tied", Decimal("81.05"))


def test_a_settlement_waits_for_the_rate_of_each_of_its_days(foreign: OrganisationBooks) -> None:
    choose(foreign, mode="settlement")
    rates, to = FOUR_DAYS.format(to=CURRENCIES[foreign.name]), CURRENCIES[foreign.name]
    rates_of(foreign, "".join(rates.splitlines(keepends=True)[::4]))
    foreign.take(two_months("EUR"))
    registry = foreign.house.workspace.registry
    messages = {p.message for p in registry.publications.list("harbour", states=["held"])}
    assert messages == {
        f"no rate of EUR to {to} on {days} or in the week before in ecb: "
        "`daybook rates import FILE --source ecb`"
        for days in ("2026-03-30, 2026-03-31", "2026-03-30, 2026-03-31, 2026-04-02")
    }
    rates_of(foreign, rates)
    assert registry.publications.list("harbour", states=["held"]) == []
    assert len(foreign.send().posted) == 2


@given(
    amounts=st.lists(st.decimals(-9999, 9999, places=2), min_size=1, max_size=8),
    rate=st.decimals("0.001", 200, places=6),
    before=st.decimals(-99, 99, places=2),
)
def test_a_converted_entry_balances_and_clears_what_was_there(
    amounts: list[Decimal], rate: Decimal, before: Decimal
) -> None:
    total = sum(amounts, Decimal(0))
    lines = [JournalLine("activity", "200", "sales.principal", -a, 1) for a in amounts]
    lines.append(JournalLine("activity", "1100", "clearing", total, 1, settlement_id="S"))
    lines.append(JournalLine("payout", "1100", "clearing", -total, 1, settlement_id="S"))
    lines.append(JournalLine("payout", "877", "transfer.payout", total, 1, settlement_id="S"))
    entry = JournalEntry("je:s:2026-03-02:EUR", "s", date(2026, 3, 2), "EUR", "h", 1, tuple(lines))
    result = converted(
        entry, "GBP", rate, {"S": Cleared(total, before)}, ConversionAccounts("fx", "rounding")
    )
    assert sum(line.amount for line in result.lines) == 0
    assert all(line.amount == line.amount.quantize(Decimal("0.01")) for line in result.lines)
    cleared = [x for x in result.lines if (x.part, x.category) == ("payout", "clearing")]
    assert [line.amount for line in cleared] == [-before]
    assert sum(line.stated or 0 for line in result.lines) == 0
    rounding = sum(abs(x.amount) for x in result.lines if x.category == "rounding")
    assert rounding <= Decimal("0.005") * (len(amounts) + 1)


def test_the_banks_file_is_read_from_its_zip_too() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("eurofxref-hist.csv", BANK)
    rates = read_rates("eurofxref-hist.zip", packed.getvalue())
    assert rates == read_rates("eurofxref-hist.csv", BANK.encode())
    assert len(rates) == 8
    assert rates[0] == ExchangeRate(date(2026, 3, 18), "EUR", "USD", Decimal("1.1000"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a,b\n1,2\n", "has no header of rates: take eurofxref-hist.csv"),
        (b"Date,USD\n", "has no rates"),
        (b"Date,USD\n2026-03-02,x\n", "row 2: 'x' is no rate"),
        (b"Date,USD\n2026-03-02,-1\n", "row 2: '-1' is no rate"),
        (b"Date,USD\n02.03.2026,1\n", "row 2: '02.03.2026' is no day"),
        (b"date,from,to,rate\n2026-03-02,EUR,pounds,1\n", "'pounds' is no currency"),
        (b"date,from,to,rate\n2026-03-02,EUR\n", "row 2 has 2 columns of 4"),
        (b"PK\x03\x04 cut off", "is no whole ZIP: download it again"),
    ],
)
def test_a_bad_file_of_rates_is_refused_with_the_row_and_the_cure(
    content: bytes, problem: str
) -> None:
    with pytest.raises(BadInput, match=problem):
        read_rates("rates", content)


def test_the_banks_rates_are_the_prices_of_the_books(empty: House) -> None:
    empty.take(settlement("USD"))
    empty.run()
    main = Books(empty.settings.books_folder).main_file
    main.write_text(main.read_text() + "2000-01-01 commodity GBP\n")
    import_rates(empty.workspace, "ecb", "rates.csv", BANK.encode(), "ann")
    prices = (main.parent / "prices.beancount").read_text().splitlines()
    # One pound is 1.20 / 0.80 dollars on the second of March.
    assert "2026-03-02 price GBP 1.5 USD" in prices
    assert not [line for line in prices if "EUR" in line or "JPY" in line]
    result = Books(empty.settings.books_folder).check()
    assert result is not None
    assert result.errors == ()
