"""A connected store from a terminal: its history comes in, every day after it, and what goes wrong
is said and heals."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from dagster import DagsterRunStatus

from tests.console.sellers import Seller, seller
from tests.days import days_ago

__all__ = ["seller"]


def test_a_store_comes_in_and_ties(seller: Seller) -> None:
    seller.connect("--from", days_ago(9))
    result = seller("sync", "--json")
    assert result.code == 0, result
    assert result.json["days"] >= 9
    assert [result.err.count(f"{step}\n") for step in ("fetching", "books", "warehouse")] == [1] * 3
    assert result.json["held"] == []
    states = {proof["state"] for proof in seller.proofs()}
    assert states == {"tied", "open"}
    owed = seller.ebay.money[seller.ebay.first].settlements()
    shown = {proof["settlement_id"]: proof["raw"] for proof in seller.proofs()}
    paid = [p["payoutId"] for p in seller.ebay.money[seller.ebay.first].payouts]
    assert set(paid[-2:]) <= shown.keys()
    assert all(Decimal(shown[name]) == owed[name].total for name in paid[-2:])

    again = seller("sync", "--json")
    assert (again.code, again.json["failed"]) == (0, [])
    assert seller.ebay.application.exchanges[-1].path.endswith("/transaction")
    # Also where the days that wait are not among those that were named.
    (seller.user.home / f"lake/transactions/ember/{days_ago(2)}.parquet").unlink()
    others = seller("sync", "--from", days_ago(0))
    assert others.code == 0, others
    assert f"ember {days_ago(2)} to {days_ago(2)}" in others.err
    assert "warehouse" in others.err
    assert seller("connections", "imports", "ember").lines == [
        f"ember: from {days_ago(9)}, new days as they come"
    ]
    assert seller("connections", "show", "ember", "--json").json["poll_minutes"] == 5
    chosen = seller("connections", "imports", "ember", "--poll-minutes", "20", "--json")
    assert chosen.json["poll_minutes"] == 20
    assert seller("connections", "imports", "ember", "--poll-minutes", "0").code == 2
    off = seller("connections", "imports", "ember", "--once", "--json")
    assert off.json["poll_minutes"] is None


def test_history_that_was_skipped_comes_in_when_it_is_wanted(seller: Seller) -> None:
    seller.connect("--from", days_ago(3))
    assert seller("sync").code == 0
    before = len(seller.proofs())
    earlier = days_ago(19)
    assert seller("connections", "imports", "ember", "--from", earlier).code == 0
    assert seller("sync").code == 0
    assert len(seller.proofs()) > before
    assert {proof["state"] for proof in seller.proofs()} == {"tied", "open"}


def test_a_platform_that_is_down_fails_the_sync_in_words_and_no_day(seller: Seller) -> None:
    seller.connect("--from", days_ago(3))
    seller.ebay.application.script = itertools.cycle(["503"])
    result = seller("sync")
    assert result.code == 3, "nothing is wrong but that a platform is away"
    assert (
        "failed: ember: eBay answers GET /sell/finances/v1/payout with 503: try again" in result.out
    )
    with seller.user.opened() as workspace:
        assert workspace.registry.days.list("ember") == []
    (fetch,) = seller.fetches()
    assert (fetch.status, fetch.tags["connection"]) == (DagsterRunStatus.FAILURE, "ember")
    seller.ebay.application.script = iter(())
    assert seller("sync").code == 0
    assert seller.fetch_check().passed
    assert {proof["state"] for proof in seller.proofs()} == {"tied", "open"}


def test_a_platform_that_wants_to_be_left_alone_is_synced_later(seller: Seller) -> None:
    seller.connect("--from", days_ago(3))
    seller.ebay.application.script = iter([None, "429 7200"])
    result = seller("sync")
    assert result.code == 0, result
    (line,) = result.lines
    assert line.startswith("waiting: ember: eBay asks us to wait 7200 s; next sync ")
    (fetch,) = seller.fetches()
    assert fetch.status is DagsterRunStatus.SUCCESS
    evaluation = seller.fetch_check()
    assert (evaluation.passed, evaluation.severity.value) == (False, "WARN")
    assert (evaluation.description or "").startswith("waiting for eBay until ")
    with seller.user.opened() as workspace:
        made = workspace.registry.sync_schedule.by_connection()["ember"]
        assert made.at > datetime.now(UTC) + timedelta(hours=1, minutes=50)
    seller.ebay.application.script = iter(())
    # eBay's wait is everybody's: the bucket is held for as long.
    assert seller("sync").code == 0
    assert seller.proofs() == []


def test_a_revoked_store_fails_its_own_days_alone(seller: Seller) -> None:
    seller.connect("--from", days_ago(3))
    seller.ebay.revoke(seller.ebay.first)
    result = seller("sync")
    assert result.code == 1
    assert "connect ember again" in result.out
    assert json.loads(seller("connections", "list", "--json").out)["connections"][0]["state"] == (
        "needs_reauth"
    )
