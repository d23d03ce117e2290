"""What is special about Square: each payment counts once, whichever way it reaches the bank."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.channels.square.api import WAIT_SECONDS, error_for
from connectors.errors import RateLimited, Transient
from connectors.home.settings import Settings
from sandbox.limits import CLOCK
from sandbox.square_money import SquareMoney
from sandbox.square_orders import TENDERS
from tests.channels.house import total
from tests.channels.stores import Store, check_tied, store


@pytest.fixture(autouse=True)
def _no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are over at once, by everybody's clock."""
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Store]:
    with store("square", quick_home, tmp_path) as opened:
        _empty(_money(opened))
        yield opened


def _money(at: Store) -> SquareMoney:
    assert isinstance(at.money, SquareMoney)
    return at.money


def _empty(money: SquareMoney) -> None:
    """Nothing has happened yet, and nothing does unless a test says so."""
    for records in (money.payments, money.refunds, money.entries, money.payouts, money.orders):
        records.clear()
    money.quiet = True


def _sale(money: SquareMoney, days_ago: int, tender: int = 0) -> dict[str, Any]:
    day = money.today - timedelta(days=days_ago)
    order = money._order(money.locations[0])
    amount = order["total_money"]["amount"]
    return money._payment(day, money.locations[0], order, amount, 250, TENDERS[tender][1])


def _pay(money: SquareMoney) -> dict[str, Any]:
    money._pay(_monday(money), money.locations[0])
    return money.payouts[-1]


def _monday(money: SquareMoney) -> Any:
    return money.today - timedelta(days=money.today.weekday())


def _lines(at: Store) -> dict[str, tuple[str, Decimal, str]]:
    return {
        r["transaction_id"]: (r["source_type"], r["amount"], str(r["business_date"]))
        for r in at.rows()
    }


def test_a_payment_keeps_its_lines_when_a_payout_takes_it(at: Store) -> None:
    money = _money(at)
    _sale(money, 8)
    at.sync()
    at.books()
    before = _lines(at)
    assert {word for word, _, _ in before.values()} >= {"CHARGE", "CHARGE / FEE", "CHARGE / TIP"}
    _pay(money)
    at.sync()
    at.books()
    assert _lines(at) == before
    check_tied(at)


def test_a_payment_counts_on_the_day_of_its_capture(at: Store) -> None:
    money = _money(at)
    payment = _sale(money, 12)
    payment["status"] = "APPROVED"
    entry = money.entries.pop()
    at.sync()
    at.books()
    assert at.rows() == []
    captured = datetime.combine(money.today, datetime.min.time(), UTC) - timedelta(days=6)
    stamp = captured.isoformat()
    payment["status"] = "COMPLETED"
    payment["card_details"] = {
        **payment["card_details"],
        "card_payment_timeline": {"captured_at": stamp},
    }
    money.entries.append({**entry, "effective_at": stamp})
    at.sync()
    at.books()
    check_tied(at)
    before = _lines(at)
    assert {day for _, _, day in before.values()} == {str((captured - timedelta(hours=4)).date())}
    # The payout's own dates do not find it: it was begun days before.
    _pay(money)
    at.sync()
    at.books()
    assert _lines(at) == before
    assert f"/v2/payments/{payment['id']}" in {e.path for e in at.exchanges}


def test_a_gift_card_that_a_payout_lists_is_no_second_sale(at: Store) -> None:
    money = _money(at)
    payment = _sale(money, 8, tender=4)
    amount, location = payment["total_money"]["amount"], money.locations[0]
    details = {"payment_id": payment["id"]}
    at_day = money.today - timedelta(days=8)
    money._enter(at_day, location, "CHARGE", amount, 0, details)
    _pay(money)
    at.sync()
    at.books()
    rows = at.rows()
    sold = sum(r["amount"] for r in rows if r["source_type"].startswith("CHARGE"))
    assert sold == Decimal(amount) / 100
    assert total(rows, category="giftcard.redeemed") == 0
    check_tied(at)


def test_instant_and_refused_payouts_leave_nothing_behind(at: Store) -> None:
    money = _money(at)
    location = money.locations[0]
    day = money.today - timedelta(days=10)
    _sale(money, 10)
    instant = money._payout(day, location, 500, "SIMPLE")
    money._enter(day, location, "MONEY_TRANSFER", -500)
    refused = money._payout(day, location, 700, "BATCH")
    refused["status"] = "FAILED"
    money._enter(day - timedelta(days=1), location, "RELEASE_ADJUSTMENT", 700)
    money.entries[-1]["payout_id"] = refused["id"]
    money._enter(day, location, "RETURNED_PAYOUT", 700)
    _pay(money)
    at.sync()
    at.books()
    check_tied(at)
    rows = at.house.rows()
    assert total(rows, category="transfer.internal") == 0
    paid = [r["amount"] for r in rows if r["payout_id"] == refused["id"]]
    assert sum(paid) + total(rows, category="transfer.payout_failed") == 0
    assert at.proofs()[instant["id"]].state == "tied"
    words = {name: proof.payout_status for name, proof in at.proofs().items()}
    assert (words[instant["id"]], words[refused["id"]]) == ("paid", "failed")


def test_a_payout_that_changes_is_read_again(at: Store) -> None:
    money = _money(at)
    _sale(money, 8)
    payout = _pay(money)
    payout["status"] = "SENT"
    assert [m.tag for m in at.sync().documents if m.tag] == ["SENT 1"]
    assert at.sync().documents == []
    payout |= {"status": "PAID", "version": 2}
    assert [m.tag for m in at.sync().documents] == ["PAID 2"]


def test_waits_that_square_does_not_name_are_short() -> None:
    error = error_for(httpx2.Response(429))
    assert isinstance(error, RateLimited)
    assert error.retry_after == WAIT_SECONDS
    assert error_for(httpx2.Response(429, headers={"Retry-After": "90"})) is None


def test_a_list_that_grew_too_old_is_begun_again() -> None:
    body = {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "INVALID_CURSOR"}]}
    assert isinstance(error_for(httpx2.Response(400, json=body)), Transient)
    assert error_for(httpx2.Response(400, json={"errors": []})) is None
