"""What sensors ask for: the days that documents touch, what is planned, what has changed."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from sqlalchemy import text

from connectors.database.registry import NewEvent, PlannedEntry
from connectors.lake.windows import Window
from pipelines.definitions import build_definitions
from pipelines.partitions import range_tags
from pipelines.reload_request import take_reload_request
from pipelines.resources import Daybook
from pipelines.stages.target_events import request_check
from pipelines.stages.triggers import remove_trigger, save_trigger
from tests.conftest import Server
from tests.inbox import finish_all
from tests.pipelines.shop import FIRST, Shop, fortnight, open_shop


@pytest.fixture(scope="module")
def shop(embedded_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(embedded_server, tmp_path_factory.mktemp("shop")) as opened:
        opened.registry.connections.add(
            "mugs", channel="amazon", name="Mugs", timezone="UTC", actor="test"
        )
        yield opened


def tick(
    shop: Shop, sensor: str, cursor: str | None = None, daybook: Daybook | None = None
) -> dg.SensorResult:
    """One evaluation, as the daemon makes it."""
    definition = build_definitions().resolve_sensor_def(sensor)
    with dg.build_sensor_context(
        instance=shop.instance, cursor=cursor, resources={"daybook": daybook or Daybook()}
    ) as context:
        result = definition(context)
    assert isinstance(result, dg.SensorResult)
    return result


def requests(result: dg.SensorResult) -> list[dg.RunRequest]:
    return list(result.run_requests or ())


def of_store(result: dg.SensorResult, slug: str) -> list[dg.RunRequest]:
    return [request for request in requests(result) if request.tags["connection"] == slug]


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


def submit(shop: Shop, kind: str, *subjects: str, day: date = FIRST) -> None:
    if shop.registry.connections.find("pots") is None:
        shop.registry.connections.add(
            "pots", channel="amazon", name="Pots", timezone="UTC", actor="test"
        )
        shop.instance.add_dynamic_partitions("connections", ["pots"])
    now = datetime.now(UTC)
    events = [
        NewEvent(subject, now, {"order_id": subject, "business_date": day}) for subject in subjects
    ]
    if kind == "settlement_closed":
        events = [NewEvent(subject, now, {"business_date": day}) for subject in subjects]
    shop.registry.events.record(kind, "pots", events)


def run_trigger(shop: Shop, name: str, event: str, **action: object) -> None:
    actions = [{"type": "run_job", **action}]
    save_trigger(shop.workspace, {"name": name, "event": event, "actions": actions}, "test")


def test_orders_request_the_runs_of_their_triggers_once(shop: Shop) -> None:
    run_trigger(shop, "days", "order_submitted", job="data")
    run_trigger(shop, "lines", "order_submitted", assets=["settlements"])
    run_trigger(shop, "again", "settlement_closed", job="fetch")
    assert requests(tick(shop, "order_submitted_sensor")) == []
    submit(shop, "order_submitted", "1")
    submit(shop, "settlement_closed", "s1")
    first = tick(shop, "order_submitted_sensor")
    days, lines = requests(first)
    event = shop.registry.events.list(kinds=["order_submitted"])[0].id
    assert (days.job_name, days.run_key) == ("data", f"days|run_job|{event}|0")
    of_day = range_tags("pots", Window(FIRST, FIRST + timedelta(days=1)))
    assert (days.tags, lines.tags) == (
        {**of_day, "trigger": "days"},
        {**of_day, "trigger": "lines"},
    )
    assert lines.asset_selection == [dg.AssetKey("settlements")]
    assert first.cursor == str(event)
    # Nobody made these runs: the tick was lost, and is made again with the same keys.
    again = tick(shop, "order_submitted_sensor", first.cursor)
    assert [r.run_key for r in requests(again)] == [days.run_key, lines.run_key]
    job = build_definitions().resolve_job_def("data")
    made = [
        shop.instance.create_run_for_job(job, tags={"dagster/run_key": str(r.run_key)})
        for r in (days, lines)
    ]
    after = tick(shop, "order_submitted_sensor", again.cursor)
    assert (requests(after), after.cursor) == ([], first.cursor)
    assert after.skip_reason == dg.SkipReason(
        "No trigger asks for a run: nothing new where an order is submitted."
    )
    assert {d.reason for d in shop.registry.deliveries.list("days")} == {f"run {made[0].run_id}"}
    (fetch,) = requests(tick(shop, "settlement_closed_sensor"))
    assert (fetch.job_name, fetch.partition_key, fetch.tags["channel"]) == (
        *("fetch", "pots"),
        "amazon",
    )
    # What somebody sends again is another run.
    assert shop.registry.deliveries.replay("days", "test") == 1
    (replayed,) = requests(tick(shop, "order_submitted_sensor", after.cursor))
    assert replayed.run_key == f"days|run_job|{event}|1"
    for run in made:
        shop.instance.delete_run(run.run_id)
    for name in ("days", "lines", "again"):
        remove_trigger(shop.workspace, name, "test")


def test_a_burst_of_orders_is_a_hundred_runs_a_tick(shop: Shop) -> None:
    run_trigger(shop, "burst", "payment_received", job="data")
    submit(shop, "payment_received", *(f"{n}" for n in range(130)))
    submit(shop, "payment_received", "later", day=date(2031, 1, 1))
    daybook = Daybook(space=Window(FIRST, FIRST + timedelta(days=1)))
    first = tick(shop, "payment_received_sensor", daybook=daybook)
    assert len(requests(first)) == 100
    job = build_definitions().resolve_job_def("data")
    made = [
        shop.instance.create_run_for_job(job, tags={"dagster/run_key": str(r.run_key)})
        for r in requests(first)
    ]
    second = tick(shop, "payment_received_sensor", first.cursor, daybook)
    assert len({r.run_key for r in (*requests(first), *requests(second))}) == 130
    states = [d.state for d in shop.registry.deliveries.list("burst", limit=500)]
    assert [states.count(s) for s in ("sent", "sending", "waiting")] == [100, 30, 1]
    (waiting,) = shop.registry.deliveries.list("burst", ["waiting"])
    assert waiting.reason == "Waiting for the partition pots 2031-01-01."
    for run in made:
        shop.instance.delete_run(run.run_id)
    remove_trigger(shop.workspace, "burst", "test")


def test_failed_runs_and_tags_go_through_the_sensor_of_deliveries(shop: Shop) -> None:
    tag = [{"type": "tag", "tag": "seen"}]
    document = {"name": "tags", "event": "refund_issued", "actions": tag}
    save_trigger(shop.workspace, document, "test")
    run_trigger(shop, "refresh", "run_failed", job="warehouse_job")
    tick(shop, "deliveries")
    submit(shop, "refund_issued", "r")
    job = build_definitions().resolve_job_def("upkeep")
    # One that is retried has not failed yet, and one of a trigger's own leads to no other.
    for tags in ({}, {"dagster/max_retries": "0"}, {"dagster/max_retries": "0", "trigger": "x"}):
        run = shop.instance.create_run_for_job(job, tags=tags)
        shop.instance.report_run_failed(run)
    result = tick(shop, "deliveries")
    (request,) = requests(result)
    assert (request.job_name, request.partition_key) == ("warehouse_job", None)
    assert [label.text for label in shop.registry.labels.list("pots")] == ["seen"]
    failures = [e for e in shop.registry.events.list(kinds=["run_failed"]) if e.fields["run"]]
    assert [(e.connection, e.fields["activity"]) for e in failures] == [(None, "upkeep")] * 2
    (ended,) = shop.registry.deliveries.list("refresh", ["dead"])
    assert ended.reason == "the run that failed was a trigger's own: another would fail, too"
    for name in ("tags", "refresh"):
        remove_trigger(shop.workspace, name, "test")
    idle = tick(shop, "deliveries")
    assert idle.skip_reason == dg.SkipReason("Nothing happened, and nothing is due.")


def test_a_thousand_stores_with_triggers_are_a_tick_of_less_than_half_a_second(shop: Shop) -> None:
    with shop.registry.events._transaction() as session:
        session.execute(_THOUSAND_STORES)
        session.execute(_THEIR_EVENTS)
        session.execute(_THEIR_STATE)
    for number in range(20):
        filters = {"connection": f"many-{number}", "status": "paid"}
        document = {"name": f"t-{number}", "event": "order_submitted", "filters": filters}
        actions = [{"type": "run_job", "job": "data"}]
        save_trigger(shop.workspace, {**document, "actions": actions}, "test")
    for sensor in ("order_submitted_sensor", "deliveries"):
        definition = build_definitions().resolve_sensor_def(sensor)
        seconds = []
        for number in range(4):
            submit(shop, "order_submitted", *(f"{sensor} {number} {n}" for n in range(100)))
            with dg.build_sensor_context(
                instance=shop.instance, resources={"daybook": Daybook()}
            ) as context:
                started = time.perf_counter()
                definition(context)
                seconds.append(time.perf_counter() - started)
        assert min(seconds) < 0.5, sensor
    for number in range(20):
        remove_trigger(shop.workspace, f"t-{number}", "test")
    with shop.registry.events._transaction() as session:
        session.execute(_GONE)


_THOUSAND_STORES = text(
    """
    INSERT INTO registry.connections (slug, channel, name, timezone, kind, state)
    SELECT 'many-' || n, 'amazon', 'Many', 'UTC', 'file', 'active' FROM generate_series(1, 1000) n
    """
)
_GONE = text(
    """
    DELETE FROM registry.events WHERE connection LIKE 'many-%';
    DELETE FROM registry.activities WHERE connection LIKE 'many-%';
    DELETE FROM registry.connections WHERE slug LIKE 'many-%'
    """
)
_THEIR_EVENTS = text(
    """
    INSERT INTO registry.events (kind, connection, subject, occurred_at, fields)
    SELECT 'order_submitted', 'many-' || n, 'order ' || m, now(), '{"status": "paid"}'
    FROM generate_series(1, 1000) n CROSS JOIN generate_series(1, 20) m
    """
)
_THEIR_STATE = text(
    """
    INSERT INTO registry.activities (connection, what, days, ended_at, outcome)
    SELECT 'many-' || n, 'fetch', 1, now() - m * interval '1 hour', 'failed'
    FROM generate_series(1, 1000) n CROSS JOIN generate_series(1, 10) m
    """
)
