"""eBay pays one settlement to two accounts, as sellers in mainland China may have it."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.errors import Permanent
from connectors.home.settings import Settings
from sandbox.ebay_money import EBayMoney
from tests.channels.stores import Store, check_tied, store


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Store]:
    with store("ebay", quick_home, tmp_path) as opened:
        money = EBayMoney(split=True)
        opened.desk.emulator.money[opened.account] = money  # type: ignore[attr-defined]
        yield opened


def test_the_parts_of_a_payout_are_proven_together(at: Store) -> None:
    at.sync()
    at.books()
    check_tied(at)
    proofs = at.proofs()
    assert isinstance(at.money, EBayMoney)
    first, second = at.money.payouts[:2]
    assert second["payoutId"] not in proofs
    both = sum(Decimal(part["amount"]["value"]) for part in (first, second))
    proof = proofs[first["payoutId"]]
    assert (proof.declared, proof.paid, proof.state) == (both, both, "tied")


def test_a_part_that_fails_later_changes_its_settlement(at: Store) -> None:
    at.sync()
    at.books()
    assert isinstance(at.money, EBayMoney)
    first, second = at.money.payouts[-2:]
    second["payoutStatus"] = "TERMINAL_FAILED"
    at.books(at.sync().days)
    assert at.proofs()[first["payoutId"]].paid == Decimal(first["amount"]["value"])


def test_a_part_whose_other_nobody_names_is_refused(at: Store) -> None:
    assert isinstance(at.money, EBayMoney)
    for transaction in at.money.listed:
        transaction.pop("payoutDetails", None)
    with pytest.raises(Permanent, match="no transaction says with which other"):
        at.sync()
