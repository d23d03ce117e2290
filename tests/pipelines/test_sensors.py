"""What sensors ask for: the days that documents touch, what is planned, what has changed."""

import re
import time
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from connectors.database.registry import PlannedEntry
from connectors.lake.windows import Window
from pipelines.definitions import build_definitions
from pipelines.partitions import range_tags
from pipelines.reload_request import take_reload_request
from pipelines.resources import Daybook
from pipelines.stages.target_events import request_check
from tests.inbox import finish_all
from tests.pipelines.sensor_ticks import of_store, requests, shop, tick
from tests.pipelines.shop import FIRST, Shop, fortnight

__all__ = ["shop"]


def test_an_import_requests_exactly_the_days_it_touches_once(shop: Shop) -> None:
    before = tick(shop, "touched_days")
    assert requests(before) == []
    shop.registry.connections.add(
        "cups", channel="amazon", name="Cups", timezone="UTC", actor="test"
    )
    shop.take_in("cups", fortnight(1, FIRST), add_key=False)
    result = tick(shop, "touched_days", before.cursor)
    (added,) = result.dynamic_partitions_requests or ()
    assert "cups" in added.partition_keys
    (request,) = requests(result)
    assert request.tags == range_tags("cups", Window(FIRST, FIRST + timedelta(days=6)))

    shop.instance.add_dynamic_partitions("connections", added.partition_keys)
    again = tick(shop, "touched_days")
    assert not again.dynamic_partitions_requests
    (same,) = requests(again)
    assert same.run_key == request.run_key, "an evaluation that was lost is made again"
    assert shop.run("data", "cups", FIRST, 6).ok
    after = tick(shop, "touched_days")
    assert (requests(after), shop.registry.inbox.list()) == ([], [])
    assert after.skip_reason == dg.SkipReason("No new documents, and no requested days.")


def test_days_of_a_store_whose_run_goes_on_wait_for_its_end(shop: Shop) -> None:
    for number in range(3):
        file = fortnight(80 + number, FIRST + timedelta(days=10 * number))
        shop.take_in("pans", file, f"{number}.txt")
        if number == 0:
            (first,) = of_store(tick(shop, "touched_days"), "pans")
            queued = shop.instance.create_run_for_job(
                build_definitions().resolve_job_def("data"), tags=dict(first.tags)
            )
    waiting = tick(shop, "touched_days")
    assert of_store(waiting, "pans") == []
    assert str(waiting.skip_reason.skip_message).startswith("Waiting for the runs of pans to end")
    shop.instance.delete_run(queued.run_id)
    (rest,) = of_store(tick(shop, "touched_days"), "pans")
    assert rest.tags == range_tags("pans", Window(FIRST, FIRST + timedelta(days=26)))
    assert shop.run("data", "pans", FIRST, 26).ok


def test_partition_keys_of_removed_stores_go(shop: Shop) -> None:
    shop.registry.connections.add("gone", channel="amazon", name="G", timezone="UTC", actor="test")
    shop.instance.add_dynamic_partitions("connections", ["gone"])
    shop.registry.connections.remove("gone", "test")
    changes = tick(shop, "touched_days").dynamic_partitions_requests or ()
    removed = [c for c in changes if isinstance(c, dg.DeleteDynamicPartitionsRequest)]
    assert [list(change.partition_keys) for change in removed] == [["gone"]]
    shop.instance.delete_dynamic_partition("connections", "gone")


def test_days_before_the_partitions_have_the_code_loaded_anew(shop: Shop) -> None:
    early = FIRST - timedelta(days=400)
    shop.registry.inbox.request_days("before", [early], "test", "test")
    assert requests(tick(shop, "touched_days")), "a process that begins now has them"
    space = Window(FIRST - timedelta(days=60), FIRST)
    stale = tick(shop, "touched_days", daybook=Daybook(space=space))
    assert requests(stale) == []
    assert f"Days from {early} to" in str(stale.skip_reason.skip_message)
    assert take_reload_request(shop.settings)
    assert not take_reload_request(shop.settings)
    finish_all(shop.registry)


def test_a_thousand_events_are_one_tick_of_less_than_a_second(shop: Shop) -> None:
    for n in range(20):
        slug = f"store-{n}"
        shop.registry.connections.add(
            slug, channel="amazon", name=slug, timezone="UTC", actor="test"
        )
        for event in range(50):
            days = list(Window(FIRST, FIRST + timedelta(days=16)))
            days = [day + timedelta(days=14 * event) for day in days]
            shop.registry.inbox.request_days(slug, days, "test", "test")
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        result = tick(shop, "touched_days")
        seconds.append(time.perf_counter() - started)
    assert len(requests(result)) == 20
    assert min(seconds) < 1


def test_planned_entries_are_requested_per_connection_and_content(shop: Shop) -> None:
    plan(shop, {date(2026, 5, 1): "a", date(2026, 5, 3): "b", date(2026, 9, 1): "c"})
    run_requests = of_store(tick(shop, "planned_entries"), "mugs")
    assert [r.tags for r in run_requests] == [
        range_tags("mugs", Window(date(2026, 5, 1), date(2026, 5, 4))),
        range_tags("mugs", Window(date(2026, 9, 1), date(2026, 9, 2))),
    ]
    again = of_store(tick(shop, "planned_entries"), "mugs")
    assert [r.run_key for r in again] == [r.run_key for r in run_requests]
    plan(shop, {date(2026, 9, 1): "changed"})
    changed = of_store(tick(shop, "planned_entries"), "mugs")
    assert {r.run_key for r in changed}.isdisjoint(r.run_key for r in run_requests)


def test_a_posted_entry_that_no_journal_supports_is_requested_whenever_it_vanishes(
    shop: Shop,
) -> None:
    day, registry = date(2025, 7, 1), shop.registry
    plan(shop, {day: "a"})
    (planned,) = registry.publications.list("books", ["mugs"], day, day + timedelta(days=1))
    registry.publications.mark_posted("books", [planned])
    keys = []
    for _ in range(2):
        registry.publications.withdraw("books", "mugs", [f"mugs-{day}-USD"])
        first = of_store(tick(shop, "planned_entries"), "mugs")[0]
        assert first.tags == range_tags("mugs", Window(day, day + timedelta(days=1)))
        keys.append(first.run_key)
        plan(shop, {day: "a"})
        assert registry.publications.unsupported("books") == []
    assert len(set(keys)) == 2


def test_what_an_organisation_lacks_is_requested_every_hour(shop: Shop) -> None:
    """Nobody here ends its outage: a lost answer is looked for until there is one."""
    registry, day = shop.registry, date(2025, 8, 1)
    registry.connections.add(
        "ledger", channel="xero", name="L", timezone="UTC", kind="api", actor="test"
    )
    registry.connections.pin_account("ledger", "tenant", {"name": "L"}, {}, "UTC", "test")
    registry.publications.plan(
        "ledger", [PlannedEntry("mugs", day, "USD", f"mugs-{day}-USD", "a", None)]
    )
    off = [r.run_key or "" for r in of_store(tick(shop, "planned_entries"), "mugs")]
    registry.connections.set_posting("ledger", day, "test")
    (planned,) = registry.publications.list("ledger")
    registry.publications.mark("ledger", [planned], "unknown", "the connection broke")
    on = [r.run_key or "" for r in of_store(tick(shop, "planned_entries"), "mugs")]
    hour = re.compile(r"\|\d{4}-\d\d-\d\dT\d\d$")
    assert not any(hour.search(key) or f"|{day}|" in key for key in off)
    assert any(hour.search(key) and f"|{day}|" in key for key in on)


def plan(shop: Shop, entries: dict[date, str]) -> None:
    shop.registry.publications.plan(
        "books",
        [
            PlannedEntry("mugs", day, "USD", f"mugs-{day}-USD", content, None)
            for day, content in entries.items()
        ],
    )


def test_the_warehouse_is_asked_for_once_nothing_changes_any_more(shop: Shop) -> None:
    folder = shop.settings.lake_folder / "transactions" / "mugs"
    folder.mkdir(parents=True, exist_ok=True)
    first = tick(shop, "changed_lake")
    assert requests(first) == []
    (folder / "2026-03-02.parquet").touch()
    moving = tick(shop, "changed_lake", first.cursor)
    assert requests(moving) == []
    quiet = tick(shop, "changed_lake", moving.cursor)
    (run_request,) = requests(quiet)
    assert run_request.run_key
    assert requests(tick(shop, "changed_lake", quiet.cursor)) == []


def test_an_organisation_that_told_of_a_change_is_checked_once_it_is_time(shop: Shop) -> None:
    registry, now = shop.registry, datetime.now(UTC)
    for slug in ("ours", "away"):
        registry.connections.add(
            slug, channel="files", name=slug, timezone="UTC", kind="api", actor="test"
        )
        registry.connections.pin_account(slug, slug, {"name": slug}, {}, "UTC", "test")
    registry.connections.set_state("away", "needs_reauth", "test")
    assert requests(tick(shop, "requested_drift_checks")) == []
    for slug in ("ours", "away"):
        request_check(shop.workspace, slug, now)
    assert requests(tick(shop, "requested_drift_checks")) == []
    later = Daybook(clock=lambda: now + timedelta(minutes=2))
    (request,) = requests(tick(shop, "requested_drift_checks", daybook=later))
    job = build_definitions().resolve_job_def("drift_check")
    assert request.run_config == {
        "ops": {"compare_organisations": {"config": {"targets": ["ours"]}}}
    }
    assert dg.validate_run_config(job, request.run_config)
    (again,) = requests(tick(shop, "requested_drift_checks", daybook=later))
    assert again.run_key == request.run_key, "a tick that was lost is made again"
    queued = shop.instance.create_run_for_job(job)
    waiting = tick(shop, "requested_drift_checks", daybook=later)
    assert waiting.skip_reason == dg.SkipReason("A check is under way.")
    shop.instance.delete_run(queued.run_id)
    for slug in ("ours", "away"):
        registry.connections.remove(slug, "test")
    assert requests(tick(shop, "requested_drift_checks", daybook=later)) == []
