"""What runs for a connection and how the last thing ended: two facts, and neither lies."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.database.registry import PlannedEntry, Registry
from connectors.database.registry.activities import lock_name
from connectors.errors import Transient
from connectors.home.settings import Settings
from console.cards import card
from pipelines.stages.removal import remove_connection
from pipelines.stages.workspace import Workspace
from pipelines.sync import SyncRequest, request_sync

DAY = date(2026, 3, 1)


@pytest.fixture
def shop(registry: Registry) -> Registry:
    registry.connections.add("shop", channel="amazon", name="Shop", timezone="UTC", actor="test")
    return registry


def test_what_runs_and_what_ended_stand_apart(shop: Registry) -> None:
    assert card(shop, "shop").status == "never synced"
    with shop.activities.record("shop", "data", 31):
        activity_card = card(shop, "shop")
        assert (activity_card.running is not None, activity_card.last) == (True, None)
        assert activity_card.status == "importing"
    shop.days.set_states("shop", {DAY: ("done", None)})
    activity_card = card(shop, "shop")
    assert activity_card.running is None
    assert activity_card.last is not None
    assert (activity_card.last.outcome, activity_card.last.days) == ("done", 31)
    assert (activity_card.status, activity_card.complete_through) == ("up to date", DAY)


def test_an_error_ends_it_and_says_why(shop: Registry) -> None:
    with pytest.raises(Transient), shop.activities.record("shop", "data", 1):
        raise Transient("the disk is full")
    activity_card = card(shop, "shop")
    assert (activity_card.status, activity_card.why, activity_card.action) == (
        "error",
        "the disk is full",
        "see why",
    )
    with shop.activities.record("shop", "data", 1) as outcome:
        outcome.problem = "one bad day"
    assert card(shop, "shop").why == "one bad day"


def test_what_was_killed_does_not_count_as_running(shop: Registry) -> None:
    number = shop.activities.begin("shop", "data", 1)
    assert shop.activities.running() == {}
    with shop.lock(lock_name(number), 0):
        assert shop.activities.running().keys() == {"shop"}


def test_days_are_summed_up_to_the_first_gap(shop: Registry) -> None:
    shop.days.set_states(
        "shop",
        {
            date(2026, 3, 1): ("open", None),
            date(2026, 3, 2): ("done", None),
            date(2026, 3, 3): ("empty", None),
            date(2026, 3, 4): ("failed", "it is torn"),
            date(2026, 3, 5): ("done", None),
        },
    )
    summary = shop.days.summaries()["shop"]
    assert (summary.done, summary.open, summary.failed) == (3, 1, 1)
    assert summary.complete_through == date(2026, 3, 3)
    assert summary.reason == "it is torn"
    activity_card = card(shop, "shop")
    assert (activity_card.status, activity_card.why) == ("error", "it is torn")
    assert (activity_card.days_done, activity_card.days_due) == (3, 4)


def test_nothing_outstanding_asks_for_nothing_and_removing_leaves_nothing(
    shop: Registry, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, database_url=None)
    workspace = Workspace(settings, shop)
    assert request_sync(workspace, "shop", "ada", "asked for") == SyncRequest()
    shop.inbox.request_days("shop", [DAY], "a mapping changed", "ada")
    assert request_sync(workspace, "shop", "ada", "asked for").days == 1
    with shop.activities.record("shop", "data", 1):
        pass
    folder = settings.lake_folder / "transactions" / "shop"
    folder.mkdir(parents=True)
    remove_connection(workspace, "shop", "ada")
    assert shop.connections.list() == []
    assert not folder.exists()
    assert shop.activities.latest() == {}


def test_a_failure_leads_to_the_run_that_failed(shop: Registry) -> None:
    with shop.activities.record("shop", "data", 1, "run-1") as outcome:
        outcome.problem = "one bad day"
    with shop.activities.record("shop", "data", 1, "run-2"):
        shop.days.set_states("shop", {DAY: ("failed", "one bad day")})
        shop.days.set_states("shop", {DAY - timedelta(days=1): ("done", None)})
    activity_card = card(shop, "shop")
    assert (activity_card.status, activity_card.why) == ("error", "one bad day")
    assert activity_card.failure is not None
    assert activity_card.failure.run == "run-1"


def test_nothing_is_green_that_the_books_lack(shop: Registry) -> None:
    """Days that wait, entries that are planned or failed, entries that nothing supports."""

    def status() -> str:
        return card(shop, "shop").status

    shop.days.set_states("shop", {DAY: ("done", None)})
    event = shop.inbox.request_days("shop", [DAY], "asked for", "test")
    assert (status(), card(shop, "shop").action) == ("waiting to import", "sync now")
    assert "1 day to import" in (card(shop, "shop").why or "")
    shop.inbox.finish_days("shop", [DAY], event)
    assert status() == "up to date"
    shop.publications.plan("books", [PlannedEntry("shop", DAY, "USD", "entry", "hash")])
    assert (status(), card(shop, "shop").action) == ("not in the books", "try again")
    assert "1 entry to write" in (card(shop, "shop").why or "")
    (planned,) = shop.publications.list("books")
    shop.publications.mark("books", [planned], "failed", "the disk is full")
    assert status() == "not in the books"
    assert shop.publications.retry("books", "shop") == 1
    (again,) = shop.publications.list("books")
    assert (again.state, again.updated_at > planned.updated_at) == ("planned", True)
    shop.publications.mark_posted("books", [again])
    assert (status(), shop.publications.retry("books", "shop")) == ("up to date", 0)
    shop.publications.withdraw("books", "shop", ["entry"])
    assert (status(), shop.publications.retry("books", "shop")) == ("not in the books", 1)
