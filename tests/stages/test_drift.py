"""Entries that somebody changed in an organisation: found, told, never overwritten."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.database.registry.findings import CHANGED_THERE
from pipelines.stages.approvals import EntrySelection, release
from pipelines.stages.drift import Drift, check_organisation
from pipelines.stages.organisations import organisation_of
from pipelines.stages.roll_back import choose_entries, roll_back
from pipelines.stages.target_events import request_check
from pipelines.stages.target_proof import prove_at
from sandbox.quickbooks_books import CompanyBooks
from tests.stages.organisation_books import CURRENCIES, Books, books, check_once

__all__ = ["books"]


def checked(books: Books, *, whole: bool = False) -> list[Drift]:
    organisation = organisation_of(books.house.workspace, books.house.connection)
    assert organisation is not None
    return check_organisation(books.house.workspace, organisation, whole=whole)


def touch(books: Books, at: int, what: str) -> None:
    """Somebody edits, deletes or matches an entry there, as the platform records it."""
    entry = books.ledger.live[at]
    if books.name == "xero":
        books.ledger.edit(entry["ManualJournalID"], what)
    else:
        books.ledger.edit(entry["Id"], what)


@pytest.mark.parametrize("whole", [False, True])
def test_what_changed_there_is_found_and_left_alone(books: Books, whole: bool) -> None:
    registry, house = books.house.workspace.registry, books.house
    books.take(books.settlement())
    books.send()
    assert checked(books) == []
    touch(books, 0, "edit")
    touch(books, 2, "delete")
    before = books.ledger.balances()
    calls = len(books.platform.application.exchanges)
    # What asked for this check is answered by it.
    request_check(house.workspace, "harbour", datetime.now(UTC) - timedelta(hours=1))
    drifts = checked(books, whole=whole)
    assert registry.sync_schedule.by_connection() == {}
    assert Counter(drift.state for drift in drifts) == {"edited": 1, "gone": 1}
    # What changed is asked for, and looked at; the rest is not.
    assert len(books.platform.application.exchanges) - calls <= 8
    # Said again while it lasts, on the card, and nothing was put right.
    assert len(checked(books)) == 2
    findings = registry.connections.get("store").findings
    assert [f.startswith(CHANGED_THERE) for f in findings] == [True, True]
    assert books.send().posted == []
    assert books.ledger.balances() == before
    # What was deleted comes back by a roll back and its release.
    gone = next(drift.publication for drift in drifts if drift.state == "gone")
    selection = EntrySelection(gone.entry_id)
    chosen = choose_entries(house.workspace, "store", "harbour", selection)
    assert roll_back(house.workspace, "store", "harbour", chosen, "deleted", "ann").failed == {}
    release(house.workspace, house.connection, "harbour", selection, "ann")
    assert len(books.send().posted) == 1
    assert [drift.state for drift in checked(books)] == ["edited"]
    check_once(books, 3)


def test_a_match_is_told_and_is_no_fault(books: Books) -> None:
    books.take(books.settlement())
    books.send()
    checked(books)
    if not isinstance(books.ledger, CompanyBooks):
        # No manual journal of Xero may touch a bank account, so none is matched.
        return
    touch(books, 0, "match")
    assert [drift.state for drift in checked(books)] == ["matched"]
    assert books.house.workspace.registry.connections.get("store").findings == []


def test_a_period_that_opens_again_lets_its_entries_go(books: Books) -> None:
    workspace = books.house.workspace
    workspace.registry.closed_books.set(["store"], date(2026, 3, 31), "ann")
    books.take(books.settlement())
    assert len(books.send().held) == 3
    checked(books)
    assert books.states() == {"held": 3}
    workspace.registry.closed_books.set(["store"], None, "ann", "a late statement")
    checked(books)
    assert books.states() == {"planned": 3}


def test_the_posted_figure_of_a_settlement_is_read_from_there(books: Books) -> None:
    workspace, store = books.house.workspace, books.house.connection
    organisation = organisation_of(workspace, store)
    assert organisation is not None

    def proof() -> tuple[str, Decimal | None, Decimal, Decimal]:
        (only,) = prove_at(workspace, store, organisation)
        return only.state, only.posted, only.outstanding, only.difference

    books.take(books.settlement())
    whole = books.house.store.settlements[0].total
    assert proof() == ("waiting", Decimal(0), whole, Decimal(0))
    books.send()
    assert proof() == ("tied", whole, Decimal(0), Decimal(0))
    # An original and its correction count together.
    workspace.registry.closed_books.set(["store"], date(2026, 3, 2), "ann")
    books.take(books.settlement("25.00"), "restated.txt")
    more = books.house.store.settlements[0].total - whole
    assert (proof()[0], proof()[2]) == ("waiting", more)
    books.send()
    assert proof() == ("tied", whole + more, Decimal(0), Decimal(0))
    mark = f"[je:store:2026-03-03:{CURRENCIES[books.name]}#1]"
    at = next(n for n, entry in enumerate(books.ledger.live) if mark in str(entry))
    touch(books, at, "delete")
    state, posted, outstanding, difference = proof()
    assert (state, outstanding, posted) == ("differs", Decimal(0), whole + more + difference)
    assert difference < 0
