"""Entries that wait for their owner: drafts, backfills, closed days, roll backs."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from connectors.database.registry import Connection
from connectors.errors import BadInput, ConfigError, Transient
from connectors.lake.windows import Window
from pipelines.stages.approvals import (
    EntrySelection,
    approve,
    approve_from,
    choose_for_closed,
    drafts,
    release,
)
from pipelines.stages.organisations import organisation_of, plan_for_organisation
from pipelines.stages.removal import remove_connection
from pipelines.stages.roll_back import bank_warnings, choose_entries, roll_back
from pipelines.stages.sender import due_days
from tests.stages.organisation_books import (
    CURRENCIES,
    FIRST_DAY,
    Books,
    books,
    check_once,
    first_entry,
)

__all__ = ["books"]
SECOND_DAY, LAST_DAY = date(2026, 3, 3), date(2026, 3, 18)
ALL = EntrySelection()


@pytest.fixture
def asking(books: Books) -> Books:
    """Books whose store is new there: nothing of it is posted unasked."""
    books.house.workspace.registry.entry_choices.set_automatic("harbour", "store", None, "test")
    return books


def organisation(books: Books) -> Connection:
    connection = organisation_of(books.house.workspace, books.house.connection)
    assert connection is not None
    return connection


def entry_of(books: Books, day: date) -> EntrySelection:
    return EntrySelection(f"je:store:{day}:{CURRENCIES[books.name]}")


def approved(books: Books, selection: EntrySelection, *, despite: bool = False) -> int:
    house = books.house
    approval = approve(
        house.workspace,
        house.connection,
        organisation(books),
        selection,
        "ann",
        despite_other_entries=despite,
    )
    return len(approval.entries) or -len(approval.others)


def newest_states(books: Books) -> dict[date, str]:
    listed = books.house.workspace.registry.publications.list("harbour")
    return {publication.business_date: publication.state for publication in listed}


def audited(books: Books) -> Counter[str]:
    log = books.house.workspace.registry.audit.list()
    return Counter(event.action for event in log if event.actor == "ann")


def test_first_entries_are_drafts_until_they_are_approved(asking: Books) -> None:
    workspace, store = asking.house.workspace, asking.house.connection
    asking.take(asking.settlement())
    assert (asking.send().posted, asking.states()) == ([], {"draft": 3})
    # A draft is nobody's fault: it is neither held nor due.
    assert workspace.registry.publications.held_connections() == {}
    assert due_days(workspace, store, asking.house.window) == []
    assert approved(asking, entry_of(asking, FIRST_DAY)) == 1
    assert [p.business_date for p in asking.send().posted] == [FIRST_DAY]
    with pytest.raises(BadInput, match="waits for approval"):
        approved(asking, entry_of(asking, FIRST_DAY))
    # An approved entry that changes needs no second approval; computed again, drafts stay drafts.
    asking.take(asking.settlement("25.00"), "restated.txt")
    assert [p.business_date for p in asking.send().posted] == [FIRST_DAY]
    assert len(drafts(workspace, "store", "harbour", ALL)) == 2
    approval = approve_from(workspace, store, organisation(asking), SECOND_DAY, "ann")
    assert len(approval.entries) == 2
    assert len(asking.send().posted) == 2
    check_once(asking, 3)
    assert audited(asking) == {"entries.approved": 1, "entries.automatic": 1}


def test_a_backfill_never_posts_by_itself(books: Books) -> None:
    house = books.house
    books.take(books.settlement())
    assert len(books.send().posted) == 3
    house.take(books.settlement("25.00"), "restated.txt")
    house.normalise()
    days = house.journal().days.keys()
    plan_for_organisation(house.store, days, days)
    assert (books.send().posted, books.sales) == ([], Decimal("-40.00"))
    # What it leaves as it was needs nobody; the rest waits, also when it is computed once more.
    assert newest_states(books)[SECOND_DAY] == "posted"
    plan_for_organisation(house.store, days)
    assert newest_states(books)[FIRST_DAY] == "draft"
    assert approved(books, EntrySelection(window=Window(FIRST_DAY, SECOND_DAY))) == 1
    assert books.send().failed == {}
    assert approved(books, ALL) == 1
    books.send()
    assert books.sales == Decimal("-45.00")
    check_once(books, 3)


@pytest.mark.parametrize("text", ["A2X Amazon 1-15 March", "Payout 12345678901 of Amazon"])
def test_another_connectors_entries_are_found_before_the_first_approval(
    asking: Books, text: str
) -> None:
    other = "12345678901"
    asking.take(asking.settlement().replace("20000000001", other))
    (settlement,) = asking.house.store.settlements
    text = text.replace(other, settlement.settlement_id)
    if asking.name == "xero":
        invoice = {"InvoiceID": "i1", "Reference": text, "day": str(FIRST_DAY), "LineItems": []}
        asking.ledger.invoices.append({**invoice, "Status": "AUTHORISED"})
        asking.ledger.invoices.append({**invoice, "Status": "VOIDED", "InvoiceID": "i2"})
    else:
        deposit = {"Id": "7", "PrivateNote": text, "TxnDate": str(FIRST_DAY)}
        asking.ledger.sales["Deposit"] = [deposit, {**deposit, "TxnDate": "2026-05-01"}]
    assert approved(asking, ALL) == -1
    assert asking.states() == {"draft": 3}
    assert approved(asking, ALL, despite=True) == 3
    assert len(asking.send().posted) == 3


def test_an_entry_of_a_closed_day_goes_where_its_owner_says(books: Books) -> None:
    workspace = books.house.workspace
    # Their own closed books count as the organisation's do.
    workspace.registry.closed_books.set(["store"], SECOND_DAY, "ann")
    books.take(books.settlement())
    assert [p.business_date for p in books.send().held] == [FIRST_DAY, SECOND_DAY]
    with pytest.raises(BadInput, match="give a reason"):
        choose_for_closed(workspace, "store", "harbour", ALL, "left_out", " ", "ann")
    first, second = entry_of(books, FIRST_DAY), entry_of(books, SECOND_DAY)
    choose_for_closed(workspace, "store", "harbour", first, "first_open_day", "filed", "ann")
    choose_for_closed(workspace, "store", "harbour", second, "left_out", "immaterial", "ann")
    assert books.send().failed == {}
    day = "day" if books.name == "xero" else "TxnDate"
    assert sorted(entry[day] for entry in books.ledger.live) == ["2026-03-04", "2026-03-18"]
    assert newest_states(books)[SECOND_DAY] == "left_out"
    # A late change of a closed day is a correction beside, and both together are the entry.
    books.take(books.settlement("25.00"), "restated.txt")
    assert books.send().failed == {}
    assert books.sales == Decimal("-25.00")
    books.take(books.settlement("26.00"), "again.txt")
    books.fault("lost", "503", "lost")
    for _ in range(4):
        books.send()
    assert books.sales == Decimal("-26.00")
    assert len(books.markers) == 4
    assert set(books.markers.values()) == {1}
    # Taken out with all its parts.
    roll_back(
        workspace, "store", "harbour", choose_entries(workspace, "store", "harbour", first),
        "wrong", "ann",
    )  # fmt: skip
    assert len(books.markers) == 1
    assert audited(books)["entries.first_open_day"] == 1


def test_what_nothing_supports_in_a_closed_period_is_taken_back_where_its_owner_says(
    books: Books,
) -> None:
    workspace = books.house.workspace
    books.take(books.settlement())
    books.send()
    chosen = entry_of(books, FIRST_DAY)
    withdrawn = [f"je:store:{FIRST_DAY}:{CURRENCIES[books.name]}"]
    workspace.registry.publications.withdraw("harbour", "store", withdrawn)
    books.close(FIRST_DAY)
    assert books.sales == Decimal("-40.00")
    assert "first-open-day" in books.send().failed[FIRST_DAY]
    choose_for_closed(workspace, "store", "harbour", chosen, "first_open_day", "filed", "ann")
    # The answer is lost, then the organisation is away: once is enough.
    books.fault("lost", "503", "lost")
    for _ in range(4):
        books.send()
    assert books.states() == {"posted": 2, "voided": 1}
    # The other day's sale is left.
    assert books.sales == Decimal("-20.00")
    day = "day" if books.name == "xero" else "TxnDate"
    assert [entry[day] for entry in books.ledger.live].count("2026-03-03") == 2
    assert set(books.markers.values()) == {1}
    assert len(books.markers) == 4


def test_what_went_before_its_period_was_closed_is_not_taken_back_once_more(books: Books) -> None:
    workspace = books.house.workspace
    books.take(books.settlement())
    books.send()
    withdrawn = [f"je:store:{FIRST_DAY}:{CURRENCIES[books.name]}"]
    workspace.registry.publications.withdraw("harbour", "store", withdrawn)
    # Taken out, and killed before that was recorded; then somebody closes the period.
    (held,) = workspace.registry.publications.unsupported("harbour")
    workspace.registry.publications.mark("harbour", [held], "sending")
    entry = first_entry(books)
    if books.name == "xero":
        entry["Status"] = "VOIDED"
    else:
        books.ledger.delete(entry["Id"])
    books.close(FIRST_DAY)
    chosen = entry_of(books, FIRST_DAY)
    choose_for_closed(workspace, "store", "harbour", chosen, "first_open_day", "filed", "ann")
    assert books.send().failed == {}
    assert books.sales == Decimal("-20.00")
    assert len(books.markers) == 2


def test_a_roll_back_goes_on_where_it_was_killed_and_holds_until_it_is_released(
    books: Books,
) -> None:
    house, registry = books.house, books.house.workspace.registry
    books.take(books.settlement())
    books.send()
    chosen = choose_entries(house.workspace, "store", "harbour", ALL)
    assert len(chosen) == 3
    # The first goes, then the organisation is away.
    books.fault(*[None] * (3 if books.name == "xero" else 5), "503", "503", "503")
    first = roll_back(house.workspace, "store", "harbour", chosen, "wrong store", "ann")
    assert (len(first.removed), len(first.failed)) == (1, 1)
    # Neither a computation nor a send brings anything back meanwhile.
    plan_for_organisation(house.store, house.journal().days.keys())
    books.fault()
    left = choose_entries(house.workspace, "store", "harbour", ALL)
    assert len(left) == 2
    second = roll_back(house.workspace, "store", "harbour", left, "wrong store", "ann")
    assert (len(second.removed), second.failed) == (2, {})
    assert books.ledger.live == []
    books.take(books.settlement("25.00"), "restated.txt")
    assert (books.send().posted, books.ledger.live) == ([], [])
    assert set(newest_states(books).values()) == {"draft"}
    with pytest.raises(BadInput, match="waits for approval"):
        approved(books, ALL)
    released = release(house.workspace, house.connection, "harbour", ALL, "ann")
    assert len(released) == 3
    assert len(books.send().posted) == 3
    check_once(books, 3)
    assert registry.entry_choices.list("harbour", "store", ["rolled_back"]) == []


def test_the_entries_of_a_removed_store_go_with_it(books: Books) -> None:
    workspace = books.house.workspace
    books.take(books.settlement())
    books.send()
    books.fault(*["503"] * 6)
    with pytest.raises((ConfigError, Transient)):
        remove_connection(workspace, "store", "ann", withdraw_entries=True)
    books.fault()
    remove_connection(workspace, "store", "ann", withdraw_entries=True)
    assert books.ledger.live == []
    assert [c.slug for c in workspace.registry.connections.list()] == ["harbour"]
    # Another store of its name begins with nothing decided.
    assert workspace.registry.entry_choices.list("harbour", "store") == []


def test_a_roll_back_says_where_a_bank_line_loses_its_match(books: Books) -> None:
    workspace = books.house.workspace
    books.take(books.settlement())
    books.send()
    chosen = choose_entries(workspace, "store", "harbour", entry_of(books, FIRST_DAY))
    assert bank_warnings(workspace, "harbour", chosen) == []
    if books.name == "xero":
        return
    first_entry(books)["LinkedTxn"] = [{"TxnId": "9", "TxnType": "Deposit"}]
    (warning,) = bank_warnings(workspace, "harbour", chosen)
    assert "is matched with a bank line" in warning
    failed = roll_back(workspace, "store", "harbour", chosen, "wrong", "ann").failed
    assert "undo the match there" in failed[FIRST_DAY]
    check_once(books, 3)
    # A change leaves a matched entry alone as well: it is corrected beside.
    release(workspace, books.house.connection, "harbour", ALL, "ann")
    books.take(books.settlement("25.00"), "restated.txt")
    assert books.send().failed == {}
    assert books.sales == Decimal("-45.00")
    check_once(books, 4)
