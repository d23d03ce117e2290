"""The payments of an Etsy shop: asked for as far as Etsy tells of them, and no oftener."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.channels.etsy.api import REFUSALS
from connectors.home.settings import Settings
from sandbox.etsy_money import EtsyMoney
from sandbox.etsy_payments import EtsyPayments
from sandbox.limits import CLOCK
from tests.channels.stores import Store, check_tied, store

PRIVATE = ("buyer_user_id", "shipping_user_id", "shipping_address_id", "billing_address_id")


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    with store("etsy", quick_home, tmp_path) as opened:
        yield opened


def money(at: Store) -> EtsyMoney:
    assert isinstance(at.money, EtsyMoney)
    return at.money


def payments(at: Store) -> EtsyPayments:
    return money(at).payments


def sync(at: Store) -> tuple[set[date], int]:
    """The days that a sync touches, and how often it asks for payments."""
    before = len(at.exchanges)
    days = at.sync().days
    return days, sum(e.path.endswith("/payments") for e in at.exchanges[before:])


def days_of(at: Store, *kinds: str, about: int) -> set[date]:
    """The days of the ledger's entries of some kinds about one thing."""
    zone = ZoneInfo(money(at).zone)
    return {
        datetime.fromtimestamp(e["created_timestamp"], zone).date()
        for e in money(at).entries
        if e["ledger_type"] in kinds and e["reference_id"] == str(about)
    }


def orders(at: Store) -> dict[str, set[str | None]]:
    """The order numbers on lines by the channel's words."""
    numbers: dict[str, set[str | None]] = {}
    for row in at.rows():
        numbers.setdefault(row["source_type"], set()).add(row["order_id"])
    return numbers


def test_lines_name_their_order_and_refunds_what_was_given_back(at: Store) -> None:
    payments(at).most = 7
    at.sync()
    at.books()
    check_tied(at)
    named = orders(at)
    receipts = {str(p["receipt_id"]) for p in payments(at).listed.values()}
    assert named["ledger / PAYMENT_GROSS"] == named["ledger / PAYMENT_PROCESSING_FEE"] == receipts
    refunded = named["ledger / REFUND_GROSS / TRANS"]
    assert refunded
    assert refunded <= receipts
    assert "ledger / REFUND_GROSS" not in named
    assert [r for r in at.rows() if "entries say" in r["description"]] == []
    (manifest,) = at.house.workspace.lake.effective_documents(at.house.slug)
    content = at.house.workspace.lake.read_document(at.house.slug, manifest.document)
    assert [name for name in PRIVATE if name.encode() in content] == []


def test_payments_are_asked_for_again_where_something_is_new(at: Store) -> None:
    forgotten = next(iter(payments(at).listed))
    payments(at).forgotten = {forgotten}
    assert sync(at)[1] == 2
    assert sync(at) == (set(), 2)

    payments(at).forgotten = set()
    about = {"about": forgotten}
    assert sync(at) == (days_of(at, "PAYMENT_GROSS", "PAYMENT_PROCESSING_FEE", **about), 1)
    assert sync(at) == (set(), 0)

    (adjustment, *_) = next(
        p["payment_adjustments"] for p in payments(at).listed.values() if p["payment_adjustments"]
    )
    adjustment["payment_adjustment_items"].pop()
    number = adjustment["payment_adjustment_id"]
    assert sync(at) == (days_of(at, "REFUND_GROSS", about=number), 1)


def test_a_shop_whose_payments_are_closed_ties_by_its_ledger(at: Store) -> None:
    payments(at).closed = True
    assert sync(at)[1] == 1
    at.books()
    check_tied(at)
    assert orders(at)["ledger / PAYMENT_GROSS"] == {None}
    payments(at).closed, payments(at).most = False, 0
    assert sync(at) == (set(), REFUSALS + 1)
    payments(at).most = 100
    days, calls = sync(at)
    assert days
    assert calls == 1
