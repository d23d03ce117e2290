"""Entries to Xero and QuickBooks, over HTTP: once each there, whatever answer is lost."""

import json
from decimal import Decimal
from itertools import repeat
from urllib.parse import unquote_plus

import pytest

from connectors.accounting.quickbooks.journals import QuickBooksJournals
from connectors.accounting.xero.journals import XeroJournals
from mappings.journal.config import MappingConfig
from pipelines.stages.books import post_days
from pipelines.stages.chart_fields import account_problems
from pipelines.stages.mapping_checks import check_mappings
from pipelines.stages.organisations import (
    open_organisation,
    organisation_of,
    plan_for_organisation,
)
from pipelines.stages.readiness import readiness
from sandbox.limits import CLOCK
from tests.stages.organisation_books import (
    ACCOUNTS,
    CURRENCIES,
    FIRST_DAY,
    Books,
    books,
    check_once,
    first_entry,
    identities,
    settlement,
)

__all__ = ["books"]


def test_entries_arrive_once_and_balance(books: Books) -> None:
    books.take(books.settlement())
    sent = books.send()
    assert (len(sent.posted), sent.failed) == (3, {})
    check_once(books, 3)
    assert books.sales == Decimal("-40.00")
    assert books.send().posted == []
    check_once(books, 3)


@pytest.mark.parametrize(
    "faults",
    # A single fault at any call is in `tests/targets`.
    [(None, "lost"), ("lost", "503", "lost"), ("lost", "lost", "lost", "lost")],
)
def test_an_answer_that_is_lost_posts_nothing_twice(
    books: Books, faults: tuple[str | None, ...]
) -> None:
    books.take(books.settlement())
    books.fault(*faults)
    for _ in range(8):
        sent = books.send()
        if not sent.failed:
            break
        # Somebody tries again after a while.
        CLOCK.pass_by(60.0)
    assert books.states() == {"posted": 3}
    check_once(books, 3)


@pytest.mark.parametrize("fault", [None, "lost"])
def test_a_changed_day_is_replaced_where_it_stands(books: Books, fault: str | None) -> None:
    books.take(books.settlement())
    books.send()
    ids = identities(books)
    books.take(books.settlement("25.00"), "restated.txt")
    # Before it replaces a journal, Daybook looks whether anybody edited it.
    books.fault(None, fault)
    books.send()
    books.send()
    assert identities(books) == ids
    assert books.sales == Decimal("-45.00")
    check_once(books, 3)
    assert books.states()["posted"] == 3


def test_what_somebody_edited_there_is_never_overwritten(books: Books) -> None:
    books.take(books.settlement())
    books.send()
    books.edit(FIRST_DAY)
    entry = first_entry(books)
    before = json.dumps(entry, default=str)
    books.take(books.settlement("25.00"), "restated.txt")
    assert books.send().failed == {}
    # The difference stands beside it, under a mark of its own, and nothing else.
    assert json.dumps(entry, default=str) == before
    assert books.markers["je:store:2026-03-02:" + CURRENCIES[books.name] + ":c2#2]"] == 1
    check_once(books, 4)
    assert books.send().posted == []


@pytest.mark.parametrize("what", ["date", "note", "tracking"])
def test_whatever_somebody_edited_there_is_theirs(books: Books, what: str) -> None:
    books.take(books.settlement())
    books.send()
    entry = first_entry(books)
    line = entry["JournalLines" if books.name == "xero" else "Line"][0]
    if what == "date":
        entry["day" if books.name == "xero" else "TxnDate"] = "2026-03-09"
    elif what == "note":
        line["Description"] = "ask the accountant"
    elif books.name == "xero":
        line["Tracking"] = [{"Name": "Region", "Option": "North"}]
    else:
        line["JournalEntryLineDetail"]["ClassRef"] = {"value": "7"}
    before = json.dumps(entry, default=str)
    books.take(books.settlement("25.00"), "restated.txt")
    assert books.send().failed == {}
    assert json.dumps(entry, default=str) == before
    assert (books.sales, sum(books.ledger.balances().values())) == (Decimal("-45.00"), 0)


def test_what_somebody_deleted_there_is_not_brought_back_by_a_difference(books: Books) -> None:
    books.take(books.settlement())
    books.send()
    entry = first_entry(books)
    if books.name == "xero":
        entry["Status"] = "VOIDED"
    else:
        books.ledger.delete(entry["Id"])
    books.take(books.settlement("25.00"), "restated.txt")
    assert "was edited or deleted in" in books.send().failed[FIRST_DAY]
    check_once(books, 2)


def test_an_entry_that_cannot_be_taken_out_stays_on_record(books: Books) -> None:
    books.take(books.settlement())
    books.send()
    registry = books.house.workspace.registry
    entry = f"je:store:{FIRST_DAY}:{CURRENCIES[books.name]}"
    registry.publications.withdraw("harbour", "store", [entry])
    books.close(FIRST_DAY)
    assert "closed through" in books.send().failed[FIRST_DAY]
    # It is held there still, and goes as soon as it may.
    assert books.states() == {"posted": 3}
    check_once(books, 3)
    books.close(None)
    assert [p.business_date for p in books.send().removed] == [FIRST_DAY]
    check_once(books, 2)


def test_an_organisation_that_is_away_leaves_the_books_and_their_check_alone(
    books: Books,
) -> None:
    books.take(books.settlement())
    house = books.house
    books.platform.application.only = ""
    books.platform.application.script = repeat("503")
    results = {r.day: r for r in post_days(house.workspace, house.connection, house.window)}
    day = results[FIRST_DAY]
    assert day.failure is not None
    assert day.failure.startswith("harbour: ")
    reasons = {check.check.name: check.problem for check in day.checks}
    assert reasons["books_hold_the_entries"] is None
    assert "harbour: je:store:2026-03-02" in (reasons["every_entry_is_posted"] or "")
    assert "2026-03-02" in house.books()
    # What was due is due still, and comes when the organisation is back.
    books.fault()
    CLOCK.pass_by(60.0)
    posted = {r.day: r for r in post_days(house.workspace, house.connection, house.window)}
    assert posted[FIRST_DAY].failure is None
    check_once(books, 3)


def test_a_withdrawn_entry_is_voided_there(books: Books) -> None:
    books.take(books.settlement())
    books.send()
    registry = books.house.workspace.registry
    entry = f"je:store:{FIRST_DAY}:{CURRENCIES[books.name]}"
    registry.publications.withdraw("harbour", "store", [entry])
    sent = books.send()
    assert [p.business_date for p in sent.removed] == [FIRST_DAY]
    check_once(books, 2)
    assert books.send().removed == []


def test_a_closed_period_holds_its_days_alone(books: Books) -> None:
    books.close(FIRST_DAY)
    books.take(books.settlement())
    sent = books.send()
    assert (sent.failed, [p.business_date for p in sent.held]) == ({}, [FIRST_DAY])
    (held,) = books.house.workspace.registry.publications.list("harbour", states=["held"])
    assert "closed through 2026-03-02: post it on the first open day" in (held.message or "")
    check_once(books, 2)
    # Computed again, it waits still; it goes as soon as its day is open.
    books.take(books.settlement(), "same.txt")
    assert books.states() == {"held": 1, "posted": 2}
    books.close(None)
    assert books.send().failed == {}
    check_once(books, 3)


def test_an_account_that_is_archived_holds_its_entries_before_anything_is_sent(
    books: Books,
) -> None:
    books.use("fee_referral", is_active=False)
    books.take(books.settlement())
    sent = books.send()
    # The payout uses other accounts.
    assert (sent.failed, len(sent.posted), len(sent.held)) == ({}, 1, 2)
    assert books.states() == {"held": 2, "posted": 1}
    first = next(
        entry
        for entry in readiness(books.house.store, "harbour", books.house.window).entries
        if entry.business_date == FIRST_DAY
    )
    assert (first.state, first.taxes, first.costs) == ("held", None, None)
    number = ACCOUNTS[books.name]["fee_referral"]
    assert (first.accounts or "").startswith(f"accounts.fee_referral: {number} (")
    assert "choose another (`daybook mappings set --target harbour`)" in (first.accounts or "")
    # Planned again or sent again, it waits still, and goes as soon as the account is back.
    plan_for_organisation(books.house.store, [FIRST_DAY])
    assert books.send().posted == []
    books.use("fee_referral", is_active=True)
    assert books.send().failed == {}
    check_once(books, 3)


def test_the_daily_check_frees_what_an_archived_account_held(books: Books) -> None:
    books.use("sales", is_active=False)
    books.take(books.settlement())
    books.send()
    workspace = books.house.workspace
    organisation = workspace.registry.connections.get("harbour")
    assert check_mappings(workspace, organisation)["store"]
    assert books.states() == {"held": 2, "posted": 1}
    books.use("sales", is_active=True)
    assert check_mappings(workspace, organisation)["store"] == []
    # Due, so that the sensor asks for them.
    assert workspace.registry.publications.due_connections("harbour") == {"store": 2}
    books.send()
    check_once(books, 3)


def test_the_chart_is_read_once_for_any_number_of_entries(books: Books) -> None:
    def charts() -> int:
        # QuickBooks' chart is a query of many.
        sought = ("/Accounts?", "select * from Account ")
        exchanges = books.platform.application.exchanges
        addresses = [f"{e.path}?{unquote_plus(e.query.decode())}" for e in exchanges]
        return sum(any(text in address for text in sought) for address in addresses)

    books.take(books.settlement())
    books.send()
    assert charts() == 1
    books.take(books.settlement("25.00"), "restated.txt")
    books.send()
    assert charts() == 1
    # Archived since: the platform refuses the entry, and the next try reads the chart.
    books.use("sales", is_active=False)
    books.take(books.settlement("30.00"), "again.txt")
    refusals = {"xero": "has been archived", "quickbooks": "Invalid Reference Id"}
    assert refusals[books.name] in books.send().failed[FIRST_DAY]


def test_another_currency_is_refused_before_anything_is_sent(books: Books) -> None:
    books.take(settlement("EUR"))
    sent = books.send()
    assert "is in EUR" in sent.failed[FIRST_DAY]
    assert books.ledger.live == []


@pytest.mark.parametrize("books", ["quickbooks"], indirect=True)
@pytest.mark.parametrize("repeats", ["replay", "refuse", "ignore"])
def test_quickbooks_may_do_with_a_repeated_request_what_it_likes(
    books: Books, repeats: str
) -> None:
    books.ledger.repeats = repeats
    books.take(books.settlement())
    books.fault(None, None, "lost", "503", "lost")
    for _ in range(8):
        if not books.send().failed:
            break
    check_once(books, 3)
    assert books.states() == {"posted": 3}


def test_the_accounts_of_a_mapping_are_checked_against_the_organisations_own(books: Books) -> None:
    organisation = organisation_of(books.house.workspace, books.house.connection)
    assert organisation is not None
    chart = open_organisation(books.house.workspace, organisation).accounts()
    assert chart is not None
    named = MappingConfig(chart="organisation", accounts=ACCOUNTS[books.name])
    assert account_problems(named, chart) == []
    bank, receivable = {"xero": ("090", "610"), "quickbooks": ("35", "84")}[books.name]
    wrong = {"sales": "9999", "fee_referral": receivable, "payouts": bank}
    problems = account_problems(MappingConfig(chart="organisation", accounts=wrong), chart)
    assert problems[0] == "accounts.sales: the organisation has no account 9999"
    assert problems[1].startswith(f"accounts.fee_referral: {receivable} (Accounts Receivable) is ")
    # Journals go to a bank's register in QuickBooks, and are refused there by Xero.
    assert [p.startswith("accounts.payouts: 090 ") for p in problems[2:]] == (
        [True] if books.name == "xero" else []
    )
    books.use("sales", is_active=False)
    chart = open_organisation(books.house.workspace, organisation).accounts()
    assert chart is not None
    (archived,) = account_problems(named, chart)
    assert archived.startswith("accounts.sales: ")


def test_nothing_is_sent_in_the_place_of_a_call_that_may_still_arrive(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.take(books.settlement())
    # The second entry's: QuickBooks is asked for preferences twice and the chart before the first.
    books.fault(*([None, "503"] if books.name == "xero" else [None] * 4 + ["503"]))
    with monkeypatch.context() as patch:
        for target in (XeroJournals, QuickBooksJournals):
            patch.setattr(target, "late_seconds", 60.0)
        assert books.send().failed
        assert len(books.ledger.live) == 1
        waiting = books.send()
        # The others go out meanwhile.
        (line,) = waiting.failed.values()
        assert "may still arrive: publish again in a few minutes" in line
        assert len(books.ledger.live) == 2
    # Time enough: it never arrived.
    assert books.send().failed == {}
    check_once(books, 3)
