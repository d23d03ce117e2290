"""What sensors ask for: the days that documents touch, what is planned, what has changed."""

import time
from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg
import pytest

from connectors.database.registry import PlannedEntry
from connectors.lake.windows import Window
from pipelines.definitions import build_definitions
from pipelines.partitions import range_tags
from pipelines.resources import Daybook
from tests.conftest import Server
from tests.pipelines.shop import FIRST, Shop, fortnight, open_shop


@pytest.fixture(scope="module")
def shop(embedded_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(embedded_server, tmp_path_factory.mktemp("shop")) as opened:
        yield opened


def tick(shop: Shop, sensor: str, cursor: str | None = None) -> dg.SensorResult:
    """One evaluation, as the daemon makes it."""
    definition = build_definitions().resolve_sensor_def(sensor)
    with dg.build_sensor_context(
        instance=shop.instance, cursor=cursor, resources={"daybook": Daybook()}
    ) as context:
        result = definition(context)
    assert isinstance(result, dg.SensorResult)
    return result


def requests(result: dg.SensorResult) -> list[dg.RunRequest]:
    return list(result.run_requests or ())


def test_an_import_requests_exactly_the_days_it_touches_once(shop: Shop) -> None:
    before = tick(shop, "imported_documents")
    assert requests(before) == []
    shop.registry.connections.add(
        "mugs", channel="amazon", name="Mugs", timezone="UTC", actor="test"
    )
    shop.take_in("mugs", fortnight(1, FIRST), add_key=False)
    result = tick(shop, "imported_documents", before.cursor)
    (added,) = result.dynamic_partitions_requests or ()
    assert list(added.partition_keys) == ["mugs"]
    (request,) = requests(result)
    assert request.tags == range_tags("mugs", Window(FIRST, FIRST + timedelta(days=6)))

    shop.instance.add_dynamic_partitions("connections", ["mugs"])
    after = tick(shop, "imported_documents", result.cursor)
    assert requests(after) == []
    assert not after.dynamic_partitions_requests
    assert shop.registry.inbox.list() == [], "what was requested is put away"


def test_an_evaluation_that_was_lost_is_made_again_with_the_same_run_key(shop: Shop) -> None:
    cursor = tick(shop, "imported_documents").cursor
    shop.take_in("mugs", fortnight(2, FIRST + timedelta(days=30)))
    keys = [[r.run_key for r in requests(tick(shop, "imported_documents", cursor))] for _ in "12"]
    assert keys[0] == keys[1]
    assert len(keys[0]) == 1


def test_a_thousand_events_are_one_tick_of_less_than_a_second(shop: Shop) -> None:
    cursor = tick(shop, "imported_documents").cursor
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
        result = tick(shop, "imported_documents", cursor)
        seconds.append(time.perf_counter() - started)
    assert len(requests(result)) == 20
    assert min(seconds) < 1


def test_planned_entries_are_requested_per_connection_and_content(shop: Shop) -> None:
    plan(shop, {date(2026, 5, 1): "a", date(2026, 5, 3): "b", date(2026, 9, 1): "c"})
    asked = requests(tick(shop, "planned_entries"))
    behind_the_data = {"dagster/priority": "-1"}
    assert [r.tags for r in asked] == [
        range_tags("mugs", Window(date(2026, 5, 1), date(2026, 5, 4))) | behind_the_data,
        range_tags("mugs", Window(date(2026, 9, 1), date(2026, 9, 2))) | behind_the_data,
    ]
    again = requests(tick(shop, "planned_entries"))
    assert [r.run_key for r in again] == [r.run_key for r in asked]
    plan(shop, {date(2026, 9, 1): "changed"})
    changed = requests(tick(shop, "planned_entries"))
    assert {r.run_key for r in changed}.isdisjoint(r.run_key for r in asked)


def test_a_posted_entry_that_no_journal_supports_is_requested_whenever_it_vanishes(
    shop: Shop,
) -> None:
    day, registry = date(2025, 7, 1), shop.registry
    plan(shop, {day: "a"})
    (planned,) = registry.publications.list("books", ["mugs"], day, day + timedelta(days=1))
    registry.publications.mark_posted("books", [planned])
    keys = []
    for _ in range(2):
        registry.publications.withdraw("books", "mugs", [(day, "USD")])
        first = requests(tick(shop, "planned_entries"))[0]
        assert first.tags == range_tags("mugs", Window(day, day + timedelta(days=1))) | {
            "dagster/priority": "-1"
        }
        keys.append(first.run_key)
        plan(shop, {day: "a"})
        assert registry.publications.unsupported("books") == []
    assert len(set(keys)) == 2


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
    (asked,) = requests(quiet)
    assert asked.run_key
    assert requests(tick(shop, "changed_lake", quiet.cursor)) == []
