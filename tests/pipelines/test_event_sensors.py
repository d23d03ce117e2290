"""What sensors ask for where something happened: triggers' runs, and hints of platforms."""

import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from sqlalchemy import text

from connectors.accounts.deliveries import About
from connectors.accounts.setup import Imports, Setup, StreamChoice
from connectors.database.registry import NewEvent, ReceivedHint
from connectors.database.registry.record_imports import RecordImport
from connectors.lake.windows import Window
from pipelines.definitions import build_definitions
from pipelines.partitions import range_tags
from pipelines.reload_request import take_reload_request
from pipelines.resources import Daybook
from pipelines.stages.hints import handle_hints
from pipelines.stages.triggers import remove_trigger, save_trigger
from tests.pipelines.sensor_ticks import requests, shop, tick
from tests.pipelines.shop import FIRST, Shop

__all__ = ["shop"]


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
# One by one, as they are made, a thousand take as many seconds as all tests here.
ACCOUNTS = text(
    """
    INSERT INTO registry.connections (slug, channel, name, timezone, kind, state, account_id)
    SELECT slug, 'square', slug, 'UTC', 'api', 'active', slug
    FROM unnest(CAST(:slugs AS text[])) AS accounts (slug)
    """
)


def test_ten_thousand_hints_of_a_thousand_accounts_are_one_quick_tick(shop: Shop) -> None:
    registry, now = shop.registry, datetime.now(UTC)
    slugs = [f"account-{n:04d}" for n in range(1000)]
    with registry._engine.begin() as connection:
        connection.execute(ACCOUNTS, {"slugs": slugs})
    sooner, busy, waiting, soon = slugs[:4]
    tomorrow, in_a_minute = now + timedelta(days=1), now + timedelta(minutes=1)
    for slug in (sooner, busy, waiting):
        registry.sync_schedule.set(slug, tomorrow, reason="asked to" if slug == waiting else None)
    registry.sync_schedule.set(soon, in_a_minute)

    def hint(number: int, slug: str, topic: str = "payout.paid") -> ReceivedHint:
        event = f"{slug} {number} {topic}"
        return ReceivedHint("square", event, slug, topic, "sync", "webhook", None, b"sealed")

    registry.hints.accept(hint(number, slug) for slug in slugs for number in range(10))
    registry.hints.accept([hint(10, sooner, "order.created"), hint(11, sooner, "no.use")])
    at = Daybook(clock=lambda: now)
    with registry.activities.record(busy, "data", 1):
        started = time.perf_counter()
        result = tick(shop, "webhook_hints", daybook=at)
        seconds = time.perf_counter() - started
        assert result.skip_reason == dg.SkipReason(
            "9992 webhooks; 10 wait for the end of a sync; 1 accounts are synced sooner"
        )
    assert requests(result) == []
    assert seconds < 1
    schedule = registry.sync_schedule.by_connection()
    # The soonest of what its topics ask for; a wait that a platform asked for stays.
    assert schedule[sooner].at == now + timedelta(minutes=5)
    assert schedule[busy].at == schedule[waiting].at == tomorrow
    assert schedule[soon].at == in_a_minute
    tick(shop, "webhook_hints", daybook=at)
    assert registry.sync_schedule.by_connection()[busy].at == now + timedelta(minutes=5)
    assert tick(shop, "webhook_hints").skip_reason == dg.SkipReason("no webhooks")
    # Whoever fetches streams takes the hints of these.
    registry.hints.accept([hint(20, sooner, "order.updated"), hint(21, soon, "customer.updated")])
    registry.sync_schedule.set(sooner, tomorrow)
    requested: list[Mapping[str, frozenset[About]]] = []
    handle_hints(shop.workspace, now, requested.append)
    assert requested == [{sooner: frozenset({"orders"}), soon: frozenset({"contacts"})}]
    assert registry.sync_schedule.by_connection()[sooner].at == tomorrow
    with registry._engine.begin() as connection:
        for table in ("hints", "sync_schedule", "activities", "connections"):
            column = "slug" if table == "connections" else "connection"
            where = f"WHERE {column} LIKE 'account-%'"
            connection.execute(text(f"DELETE FROM registry.{table} {where}"))


def test_changed_orders_are_requested_until_a_run_took_them_off(shop: Shop) -> None:
    imports = shop.registry.record_imports
    later = FIRST + timedelta(days=1)
    imports.request_days("mugs", [FIRST, later])
    daybook = Daybook(space=Window(FIRST, FIRST + timedelta(days=40)))
    (request,) = requests(tick(shop, "changed_orders", daybook=daybook))
    assert request.tags == range_tags("mugs", Window(FIRST, later + timedelta(days=1)))
    (again,) = requests(tick(shop, "changed_orders", daybook=daybook))
    assert again.run_key == request.run_key
    # Of another store a day is no partition yet: it waits, and holds up nobody.
    shop.registry.connections.add(
        "rugs", channel="amazon", name="Rugs", timezone="UTC", actor="test"
    )
    imports.request_days("rugs", [FIRST - timedelta(days=400)])
    mixed = tick(shop, "changed_orders", daybook=daybook)
    assert [r.tags["connection"] for r in requests(mixed)] == ["mugs"]
    assert take_reload_request(shop.workspace.settings)
    for slug in ("mugs", "rugs"):
        imports.finish_days(slug, imports.waiting_days(slug))
    idle = tick(shop, "changed_orders", daybook=daybook)
    assert idle.skip_reason == dg.SkipReason("No orders or payments have changed.")


def test_an_account_is_asked_for_its_orders_when_it_is_time(shop: Shop) -> None:
    now = datetime.now(UTC)
    chosen = {"orders": StreamChoice(ongoing=True, since=now)}
    document = Setup(step="done", imports=Imports(streams=chosen)).model_dump(mode="json")
    shop.registry.connections.add(
        "bowls", channel="square", name="Bowls", timezone="UTC", kind="api", actor="test"
    )
    shop.registry.connections.set_setup("bowls", document, "test")
    shop.registry.connections.set_state("bowls", "active", "test")
    shop.instance.add_dynamic_partitions("connections", ["bowls"])
    (first,) = requests(tick(shop, "due_imports", daybook=Daybook(clock=lambda: now)))
    assert (first.partition_key, first.tags["channel"]) == ("bowls", "square")
    imports = shop.registry.record_imports
    imports.set(RecordImport("bowls", "orders", since=now, through=now))
    idle = tick(shop, "due_imports", daybook=Daybook(clock=lambda: now))
    assert (requests(idle), idle.skip_reason) == (
        [],
        dg.SkipReason("No account is due to be asked for its orders."),
    )
    in_five_minutes = Daybook(clock=lambda: now + timedelta(minutes=5))
    assert len(requests(tick(shop, "due_imports", daybook=in_five_minutes))) == 1
    imports.ask({"bowls"}, now)
    assert len(requests(tick(shop, "due_imports", daybook=Daybook(clock=lambda: now)))) == 1
