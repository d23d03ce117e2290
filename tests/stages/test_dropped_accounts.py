"""A journal that Xero takes and changes: it never stays there as half an entry.

Entries are compared with the chart before they are sent. What an account that went since does is
told here, at the organisation itself.
"""

from dataclasses import replace

import pytest

from connectors.accounting.target import OrganisationBooks
from connectors.errors import Permanent
from mappings.model import JournalEntry
from pipelines.stages.organisations import entries_for, open_organisation, organisation_of
from tests.stages.organisation_books import ACCOUNTS, FIRST_DAY, Books, books

__all__ = ["books"]
pytestmark = pytest.mark.parametrize("books", ["xero"], indirect=True)
UNKNOWN = "998"


def opened(books: Books) -> tuple[OrganisationBooks, JournalEntry]:
    """An organisation that takes accounts it does not know off lines, and a day's entry."""
    books.ledger.drops_accounts = True
    books.take(books.settlement())
    organisation = organisation_of(books.house.workspace, books.house.connection)
    assert organisation is not None
    entry, *_ = entries_for(books.house.store, organisation, [FIRST_DAY], {})
    return open_organisation(books.house.workspace, organisation), entry


def misplaced(entry: JournalEntry) -> JournalEntry:
    """The next revision of an entry, whose fees go to an account that is not there."""
    fees = ACCOUNTS["xero"]["fee_referral"]
    lines = (replace(x, account=UNKNOWN) if x.account == fees else x for x in entry.lines)
    return replace(entry, lines=tuple(lines), content_hash="another", revision=2)


def test_a_journal_without_an_account_is_out_again_and_posted_once_later(books: Books) -> None:
    organisation, entry = opened(books)
    wrong = misplaced(entry)
    with pytest.raises(Permanent, match="Account code '998' has been removed"):
        organisation.post(wrong, 0)
    assert (books.ledger.live, organisation.find(wrong, None, 0)) == ([], None)
    organisation.post(entry, 0)
    assert len(books.ledger.live) == 1


def test_what_was_posted_comes_back_where_its_next_revision_is_changed(books: Books) -> None:
    organisation, entry = opened(books)
    reference = organisation.post(entry, 0)
    before = books.ledger.balances()
    with pytest.raises(Permanent, match="Account code '998' has been removed"):
        organisation.replace(reference, entry, misplaced(entry), 0)
    assert books.ledger.balances() == before
    # Nobody but Daybook touched it, so that the next one takes its place.
    assert organisation.inspect(reference, entry).state == "intact"
