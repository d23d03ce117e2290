"""One table of scenarios over all accounting targets: each entry stands there once."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from connectors.accounting.attachments import Attachment
from connectors.accounting.target import OrganisationBooks, Standing, marker
from connectors.errors import Permanent, Transient
from mappings.journal.config import MappingConfig
from mappings.model import JournalEntry
from pipelines.stages.chart_fields import account_problems
from pipelines.stages.dimensions import tracking_problems
from sandbox.limits import CLOCK
from tests.stages.organisation_books import FIRST_DAY
from tests.targets.ledgers import ACCOUNTS, OTHER_SALES
from tests.targets.stands import DOCUMENTS, INVOICED, RECEIPTS, REMOTE, STANDS, Stand

every = pytest.mark.parametrize("stood", STANDS, indirect=True)
remote = pytest.mark.parametrize("stood", REMOTE, indirect=True)
MONTH_END = date(2026, 2, 28)
# An account that journals refuse, or that needs a name beside it.
REFUSED = {
    **{"xero": "610", INVOICED: "610", "tryton": "1.2.1"},
    **{"quickbooks": "84", RECEIPTS: "84"},
}


@every
def test_entries_are_posted_once_and_replays_change_nothing(at: Stand) -> None:
    sent = at.send()
    assert (len(sent.posted), sent.failed) == (3, {})
    at.check(3)
    for _ in range(3):
        assert at.send().posted == []
    at.check(3)


@every
def test_files_are_attached_once_by_their_names(at: Stand) -> None:
    at.send()
    holding = at.books.find(at.entries()[0], None)
    assert holding is not None
    first, second = (Attachment(f"{n}-report.csv", b"a,b\r\n", "text/csv") for n in "12")
    at.books.attach(holding.reference, [first])
    if at.name in REMOTE:
        # The file arrives, and the answer does not.
        at.script(None, "lost")
        with pytest.raises(Transient):
            at.books.attach(holding.reference, [first, second])
        at.script()
        CLOCK.pass_by(60.0)
    at.books.attach(holding.reference, [first, second])
    assert attached(at, holding.reference) == [first.name, second.name]
    large = Attachment("3-large.csv", bytes(10_000_000), "text/csv")
    if at.name in REMOTE:
        with pytest.raises(Permanent, match="10 MB is too large"):
            at.books.attach(holding.reference, [large])
    at.check(3)


def attached(at: Stand, reference: str) -> list[str]:
    """The names of an entry's files in the target, one for each file."""
    if at.name in {"xero", INVOICED}:
        number = reference.rpartition("/")[2]
        return [name for name, _, _ in at.ledger.files.by_journal[number]]
    if at.name in {"quickbooks", RECEIPTS}:
        names: list[str] = at.ledger.files.names(reference.rpartition("/")[2])
        return names
    if at.name == "tryton":
        query = "SELECT name FROM ir_attachment WHERE resource = :resource ORDER BY name"
        with at.ledger.engine.connect() as con:
            rows = con.execute(text(query), {"resource": f"account.move,{reference}"})
            return [name for (name,) in rows]
    folder = at.house.settings.exports_folder / "harbour" / "store" / "documents"
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("stood", ["hledger", "tryton"], indirect=True)
def test_tracking_that_a_target_has_no_place_for_is_refused_in_words(at: Stand) -> None:
    config = MappingConfig.model_validate(
        {
            "chart": "organisation",
            "accounts": ACCOUNTS[at.name],
            "tracking": [{"dimension": "Region", "value": "North"}],
        }
    )
    document = config.model_dump(mode="json")
    at.registry.mappings.save(document, config.digest, actor="test", target="harbour")
    at.plan()
    failed = at.send().failed
    assert "is tracked, and" in failed[FIRST_DAY]
    assert tracking_problems(config, at.books.dimensions() or [], []) == [
        "tracking.0.dimension: the organisation takes no tracking: leave it out of the mapping"
    ]


@every
def test_a_change_is_brought_up_and_a_withdrawn_entry_taken_out(at: Stand) -> None:
    at.send()
    at.change()
    assert at.send().failed == {}
    at.check(3)
    at.withdraw(FIRST_DAY)
    assert [p.business_date for p in at.send().removed] == [FIRST_DAY]
    at.check(2)
    assert at.send().removed == []
    # What was taken out is posted anew where a journal supports it again.
    at.plan()
    assert at.send().failed == {}
    at.check(3)


@every
def test_what_somebody_edited_there_is_corrected_beside_and_never_overwritten(at: Stand) -> None:
    at.send()
    at.edit(FIRST_DAY)
    (first, *_), before = at.entries(), at.held()
    at.change()
    assert at.send().failed == {}
    # The difference of both revisions stands beside what somebody edited, and nothing else.
    after = at.held()
    if at.name in REMOTE:
        assert sum(after.entries.values()) == sum(before.entries.values()) + 1
    sales, others = ACCOUNTS[at.name]["sales"], OTHER_SALES[at.name]
    moved = sum(line.amount for line in first.lines if line.category == "sales.principal")
    for account, amount in ((sales, -moved), (others, moved)):
        gained = after.balances[FIRST_DAY][account] - before.balances[FIRST_DAY][account]
        assert gained == amount, account
    at.withdraw(FIRST_DAY)
    assert list(at.send().failed) == [FIRST_DAY]
    assert at.held().plain() == after.plain()


@every
def test_books_show_what_became_of_what_was_posted(at: Stand) -> None:
    begun = datetime.now(UTC)
    at.send()
    first, books = at.entries()[0], at.books
    holding = books.find(first, None)
    assert holding is not None
    assert books.inspect(holding.reference, first) == Standing("intact")
    listed = {entry.reference: entry for entry in books.entries(FIRST_DAY, FIRST_DAY)}
    if listed:
        shown = listed[holding.reference]
        assert f"[{marker(first)}]" in shown.text
        # Invoices and receipts are listed without lines: they have none of clearing.
        lines = () if at.name in DOCUMENTS else first.lines
        assert Counter((line.account, line.amount) for line in shown.lines) == Counter(
            (line.account, line.amount) for line in lines if line.amount
        )
    changed = books.changed_since(begun - timedelta(minutes=1))
    assert changed is None or holding.reference in changed
    at.edit(FIRST_DAY)
    assert books.inspect(holding.reference, first).state == "edited"
    at.clear()
    assert books.inspect(holding.reference, first).state == "gone"
    assert list(books.entries(FIRST_DAY, FIRST_DAY)) == []


@every
def test_what_is_found_is_what_was_posted(at: Stand) -> None:
    (first, *_), books = at.entries(), at.books
    assert books.find(first, None) is None
    at.send()
    holding = at.books.find(first, None)
    assert holding is not None
    assert holding.is_intact
    at.edit(FIRST_DAY)
    edited = at.books.find(first, None)
    assert edited is None or not edited.is_intact


@every
def test_books_that_answer_say_so(at: Stand) -> None:
    at.books.check()
    assert at.books.closed_through() in {None, date(2025, 12, 31)}


@remote
def test_a_closed_period_is_respected(at: Stand) -> None:
    at.close(MONTH_END)
    assert at.books.closed_through() == MONTH_END
    assert at.send().failed == {}
    # What was posted is corrected on the first open day, and what was not waits for its owner.
    before = at.held()
    at.withdraw(date(2026, 3, 18))
    assert len(at.send().removed) == 1
    at.change()
    at.close(date(2026, 3, 31))
    sent = at.send()
    assert (sent.failed, len(sent.posted)) == ({}, 2)
    assert [p.business_date for p in sent.held] == [date(2026, 3, 18)]
    after = at.held()
    for day in (FIRST_DAY, date(2026, 3, 3)):
        assert after.balances[day] == before.balances[day]
    assert after.entries[date(2026, 4, 1)] == 2
    at.close(None)
    assert at.send().failed == {}
    assert at.states() == Counter(posted=3, superseded=2, voided=1)


@remote
def test_an_account_that_is_not_in_use_is_refused_and_posted_to_when_it_is_again(
    at: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Read a moment ago, it was in use: what the platform refuses then is another try.
    at.send()
    at.change()
    at.use("fee_referral", False)
    sent = at.send()
    assert set(sent.failed) == {FIRST_DAY, date(2026, 3, 3)}
    at.check(3)
    at.use("fee_referral", True)
    assert at.send().failed == {}
    at.reset()
    monkeypatch.setattr("pipelines.stages.preflight.CHART_SECONDS", 0.0)
    at.use("fee_referral", False)
    sent = at.send()
    assert sent.failed == {}
    assert {p.business_date for p in sent.held} == {FIRST_DAY, date(2026, 3, 3)}
    at.check(1)
    chart = at.books.accounts()
    assert chart is not None
    mapping = MappingConfig(chart="organisation", accounts=ACCOUNTS[at.name])
    (problem,) = account_problems(mapping, chart)
    assert problem.startswith("accounts.fee_referral: ")
    at.use("fee_referral", True)
    # Xero repeats an answer whose cause is cured to the same key, so another try has another.
    assert at.send().failed == {}
    at.check(3)


@remote
def test_a_chart_names_the_accounts_that_journals_refuse(at: Stand) -> None:
    chart = at.books.accounts()
    assert chart is not None
    refused = MappingConfig(
        chart="organisation", accounts={"sales": "no-such", "payouts": REFUSED[at.name]}
    )
    unknown, unusable = account_problems(refused, chart)
    assert unknown == "accounts.sales: the organisation has no account no-such"
    assert unusable.startswith(f"accounts.payouts: {REFUSED[at.name]} (")


@remote
@pytest.mark.parametrize("fault", ["lost", "cut", "503", "expired", "late 1", "429 1"])
def test_a_fault_at_any_call_leaves_each_entry_once(at: Stand, fault: str) -> None:
    """The first entry is posted, replaced and taken out, with a fault at every call there is."""
    assert at.faulty is not None
    begun, calls = len(at.faulty.exchanges), 0
    for work in (lambda: None, at.change, lambda: at.withdraw(FIRST_DAY)):
        work()
        at.script_each(fault)
        at.heal()
        at.settle()
        at.heal()
        assert at.faults() == []
    calls = len(at.faulty.exchanges) - begun
    assert calls > 10
    at.check(2)
    CLOCK.pass_by(60.0)


@every
@pytest.mark.parametrize("fault", ["lost", "before"])
def test_an_entry_that_is_supported_again_while_its_removal_is_unknown_is_there_once(
    at: Stand, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.send()
    at.withdraw(FIRST_DAY)
    void = type(at.books).void

    def failing(books: OrganisationBooks, reference: str, before: JournalEntry) -> None:
        if fault == "lost":
            void(books, reference, before)
        raise Transient("the connection broke")

    with monkeypatch.context() as patch:
        patch.setattr(type(at.books), "void", failing)
        assert list(at.send().failed) == [FIRST_DAY]
    at.plan()
    assert at.send().failed == {}
    at.check(3)
    assert at.states()["posted"] == 3
