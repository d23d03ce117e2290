"""Tryton's own server: half-done moves, what somebody did there, and answers that come late."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.accounting.target import PeriodClosed, RateReader
from connectors.accounts.accounts import Accounts
from connectors.errors import ConfigError, Permanent
from connectors.rates import ExchangeRate
from mappings.model import JournalEntry
from tests.stages.organisation_books import FIRST_DAY
from tests.targets.stands import CURRENCIES, Stand
from tests.tryton.program import day, number

pytestmark = pytest.mark.parametrize("stood", ["tryton"], indirect=True)
_DRAFTS = "SELECT id FROM account_move WHERE company = :company AND state = 'draft'"


def on_account(entry: JournalEntry, code: str) -> JournalEntry:
    """An entry with its first line on another account."""
    first, *others = entry.lines
    return replace(entry, lines=(replace(first, account=code), *others))


def drafts(at: Stand) -> list[int]:
    """The numbers of the company's drafts."""
    return [number for (number,) in at.ledger.rows(_DRAFTS)]


def test_a_draft_that_was_left_is_finished_and_not_made_again(at: Stand) -> None:
    # The journal, the periods twice, the moves, the accounts, the period again, and the draft.
    at.script(*[None] * 7, "503")
    assert list(at.send().failed) == [FIRST_DAY]
    (draft,) = drafts(at)
    at.settle()
    assert at.send().failed == {}
    assert drafts(at) == []
    reference = at.books.find(at.entries()[0], None)
    assert reference is not None
    assert reference.reference == str(draft)
    at.check(3)


def test_a_draft_that_somebody_edited_is_not_posted(at: Stand) -> None:
    at.script(*[None] * 7, "503")
    at.send()
    (draft,) = drafts(at)
    at.ledger.rows(
        "UPDATE account_move_line SET description = 'ask the accountant' WHERE move = :draft",
        draft=draft,
    )
    at.settle()
    assert "a draft of" in at.send().failed[FIRST_DAY]
    assert drafts(at) == [draft]


@pytest.mark.parametrize("requests", [1, 3, 6])
def test_a_first_revision_that_arrives_after_the_second_does_not_stand_beside_it(
    at: Stand, requests: int
) -> None:
    """Whichever call of the first one is slow for minutes, and whatever was sent meanwhile."""
    for slow in (6, 7):
        at.reset()
        at.script(*[None] * slow, f"late {requests}")
        at.send()
        at.faulty.script = iter(())  # type: ignore[union-attr]
        at.change()
        at.heal()
        at.settle()
        at.heal()
        at.check(3)


def test_what_was_reversed_by_hand_is_not_posted_over(at: Stand) -> None:
    at.send()
    number = int(at.books.find(at.entries()[0], None).reference)  # type: ignore[union-attr]
    tryton = at.ledger.administrator
    tryton.context = {
        "company": at.ledger.company,
        "active_model": "account.move",
        "active_id": number,
        "active_ids": [number],
    }
    chosen = {"default": {"description": "a mistake", "reversal": True}}
    tryton.wizard("account.move.cancel", ("default", {}), ("cancel", chosen))
    at.change()
    assert "was edited or deleted in Tryton" in at.send().failed[FIRST_DAY]
    # It is gone there already, which is what taking it out is for.
    at.withdraw(FIRST_DAY)
    assert [p.business_date for p in at.send().removed] == [FIRST_DAY]
    at.check(2)


def test_another_company_of_the_database_is_left_alone(at: Stand) -> None:
    at.send()
    elsewhere = "SELECT count(*) FROM account_move WHERE company <> :company"
    assert at.ledger.rows(elsewhere) == [(0,)]
    accounts = Accounts(at.house.settings, at.registry)
    fields = {**accounts.access("harbour").fields}
    chosen = {n: fields[n] for n in ("server_url", "database", "user", "password")}
    place = f"{fields['server_url'].partition('://')[2]}/{fields['database']}#2"
    quay = accounts.add("tryton", "Quay", chosen, account=place, slug="quay", actor="test")
    assert quay.account["name"] == "Quay Gifts"
    wrong = {**chosen, "password": "forgotten"}
    with pytest.raises(ConfigError, match="does not accept these credentials"):
        accounts.add("tryton", "Wrong", wrong, account=place, slug="wrong", actor="test")


def test_rates_that_tryton_keeps_hold_until_the_next_one(at: Stand) -> None:
    dated = [(day(2026, 3, 1), "1.25"), (day(2026, 3, 10), "1.6")]
    rates = [["create", [{"date": since, "rate": number(rate)} for since, rate in dated]]]
    euro = {"name": "Euro", "code": "EUR", "symbol": "€", "digits": 2, "rounding": number("0.01")}
    at.ledger.administrator.call("model.currency.currency.create", [{**euro, "rates": rates}])
    assert isinstance(at.books, RateReader)
    days = [date(2026, 2, 28), date(2026, 3, 9), date(2026, 3, 10)]
    # So many euros for a pound, which is the reference and the company's own currency.
    assert list(at.books.exchange_rates({"EUR", "USD"}, days)) == [
        ExchangeRate(days[1], "EUR", "GBP", Decimal("0.8")),
        ExchangeRate(days[2], "EUR", "GBP", Decimal("0.625")),
    ]


def test_what_tryton_lacks_is_said_in_words(at: Stand) -> None:
    entry = at.entries()[0]
    at.ledger.close(date(2026, 3, 31))
    with pytest.raises(PeriodClosed, match="the period of 2026-03-02 is closed in Tryton"):
        at.books.post(entry, 0)
    at.ledger.close(None)
    assert CURRENCIES["tryton"] == entry.currency
    with pytest.raises(ConfigError, match="Tryton has no period for 2031-01-01"):
        at.books.post(replace(entry, business_date=date(2031, 1, 1)), 0)
    with pytest.raises(Permanent, match="Tryton refuses it: A value is required for field"):
        at.books.post(on_account(entry, "1.2.1"), 0)
    with pytest.raises(Permanent, match="Tryton has no account 9"):
        at.books.post(on_account(entry, "9"), 0)
    at.check(0)
