"""A journal that Xero takes and changes: it never stays there as half an entry."""

from typing import Any

import pytest

from mappings.journal.config import MappingConfig
from pipelines.stages.organisations import plan_for_organisation
from tests.stages.organisation_books import ACCOUNTS, FIRST_DAY, Books, books, check_once

__all__ = ["books"]


@pytest.fixture
def dropping(books: Books) -> Books:
    """A Xero organisation that takes accounts it does not know off lines, and warns."""
    if books.name == "xero":
        books.ledger.drops_accounts = True
    return books


def lose(books: Books, account: str) -> dict[str, Any]:
    """Somebody deletes an account there."""
    lost: dict[str, Any] = books.ledger.accounts.pop(ACCOUNTS[books.name][account])
    return lost


def test_a_journal_without_an_account_is_out_again_and_posted_once_later(dropping: Books) -> None:
    lost = lose(dropping, "fee_referral")
    dropping.take(dropping.settlement())
    sent = dropping.send()
    assert set(sent.failed) >= {FIRST_DAY}
    # The payout alone has no fees.
    assert len(dropping.ledger.live) == 1
    dropping.ledger.accounts[ACCOUNTS[dropping.name]["fee_referral"]] = lost
    dropping.house.workspace.registry.publications.retry("harbour", "store")
    assert dropping.send().failed == {}
    check_once(dropping, 3)


def test_what_was_posted_comes_back_where_its_next_revision_is_changed(dropping: Books) -> None:
    dropping.take(dropping.settlement())
    dropping.send()
    before = dropping.ledger.balances()
    workspace = dropping.house.workspace
    accounts = ACCOUNTS[dropping.name]
    for number in ("998", accounts["sales"]):
        config = MappingConfig(chart="organisation", accounts=accounts | {"fee_referral": number})
        workspace.registry.mappings.save(
            config.model_dump(mode="json"), config.digest, actor="test", target="harbour"
        )
        plan_for_organisation(dropping.house.store, list(dropping.house.window))
        sent = dropping.send()
        if number == "998":
            assert FIRST_DAY in sent.failed
            assert dropping.ledger.balances() == before
    assert sent.failed == {}
    # Fees on the account of sales: in place, as nobody but Daybook touched what stood there.
    assert dropping.sales == before[accounts["sales"]] + before[accounts["fee_referral"]]
    check_once(dropping, 3)
