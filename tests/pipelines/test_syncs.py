"""When accounts are synced: at once, every morning of their own, and when a wait is over."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from connectors.accounts.setup import Imports, Setup
from connectors.channels.poll_schedule import next_poll_at
from connectors.channels.sync_schedule import FROM_HOUR, HOURS, next_sync_at
from connectors.database.registry import Registry
from connectors.home.settings import Settings, settings
from pipelines.assets.raw import SCHEDULED
from pipelines.definitions import build_definitions
from pipelines.resources import Daybook
from pipelines.stages.syncs import DAYS_ASKED_FOR
from tests.days import days_ago

HISTORY = 10


@pytest.fixture
def registry(quick_home: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """The registry of the home that this process works in."""
    assert quick_home.database_url is not None
    monkeypatch.setenv("DAYBOOK_HOME", str(quick_home.home))
    monkeypatch.setenv("DAYBOOK_DATABASE_URL", quick_home.database_url.get_secret_value())
    settings.cache_clear()
    with Registry.open(settings()) as opened:
        yield opened
    settings.cache_clear()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def connect(
    registry: Registry, instance: dg.DagsterInstance, slug: str, *, step: str = "done"
) -> None:
    registry.connections.add(
        slug, channel="ebay", name=slug, timezone="UTC", kind="api", actor="test"
    )
    registry.connections.pin_account(slug, f"id-{slug}", {"name": slug}, {}, "UTC", "test")
    changed_setup = Setup(step=step, imports=Imports(history_from=days_ago(HISTORY)))  # type: ignore[arg-type]
    registry.connections.set_setup(slug, changed_setup.model_dump(mode="json"), "test")
    instance.add_dynamic_partitions("connections", [slug])


def tick(instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    definition = build_definitions().resolve_sensor_def("due_syncs")
    with dg.build_sensor_context(instance=instance, resources={"daybook": Daybook()}) as context:
        result = definition(context)
    assert isinstance(result, dg.SensorResult)
    return list(result.run_requests or ())


def test_a_new_account_is_synced_at_once(registry: Registry, instance: dg.DagsterInstance) -> None:
    connect(registry, instance, "ember")
    (request,) = tick(instance)
    assert request.partition_key == "ember"
    assert request.tags["connection"] == "ember"
    assert SCHEDULED in request.tags
    assert [r.run_key for r in tick(instance)] == [request.run_key], "asked for once"


def test_a_set_up_that_is_not_done_waits(registry: Registry, instance: dg.DagsterInstance) -> None:
    connect(registry, instance, "ember", step="imports")
    assert tick(instance) == []


def test_days_that_are_done_are_left_alone_until_the_next_morning(
    registry: Registry, instance: dg.DagsterInstance
) -> None:
    connect(registry, instance, "ember")
    days = {days_ago(HISTORY - n): ("done", None) for n in range(10)}
    registry.days.set_states("ember", days)  # type: ignore[arg-type]
    registry.sync_schedule.set("ember", datetime.now(UTC) + timedelta(hours=3))
    assert tick(instance) == []
    registry.sync_schedule.set("ember", datetime.now(UTC) - timedelta(minutes=1))
    assert len(tick(instance)) == 1


def test_a_sync_that_a_clock_which_was_ahead_put_far_off_is_made(
    registry: Registry, instance: dg.DagsterInstance
) -> None:
    connect(registry, instance, "ember")
    registry.sync_schedule.set("ember", datetime.now(UTC) + timedelta(days=365))
    assert len(tick(instance)) == 1


def test_a_wait_that_is_over_brings_its_days(
    registry: Registry, instance: dg.DagsterInstance
) -> None:
    connect(registry, instance, "ember")
    setup = Setup(step="done", imports=Imports(history_from=days_ago(HISTORY), ongoing=False))
    registry.connections.set_setup("ember", setup.model_dump(mode="json"), "test")
    registry.sync_schedule.set("ember", datetime.now(UTC) - timedelta(minutes=1))
    assert tick(instance) == [], "nobody wants new days"
    days = [days_ago(HISTORY - 2), days_ago(HISTORY - 3)]
    registry.sync_schedule.set(
        "ember", datetime.now(UTC) - timedelta(minutes=1), days, "the platform waits"
    )
    (request,) = tick(instance)
    assert not request.run_config, "what is stored of them is not fetched again"
    registry.sync_schedule.set(
        "ember", datetime.now(UTC) - timedelta(minutes=1), days, DAYS_ASKED_FOR
    )
    (again,) = tick(instance)
    assert again.run_config["ops"]["raw_settlements"]["config"] == {
        "first_day": str(min(days)),
        "last_day": str(max(days)),
    }


@pytest.mark.parametrize("state", ["paused", "needs_reauth", "disconnected"])
def test_who_cannot_be_synced_is_not(
    registry: Registry, instance: dg.DagsterInstance, state: str
) -> None:
    connect(registry, instance, "ember")
    registry.connections.set_state("ember", state, "test")  # type: ignore[arg-type]
    assert tick(instance) == []


@examples(max_examples=150, deadline=None)
@given(
    st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True),
    st.sampled_from(["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe",
                     "Asia/Kolkata", "Pacific/Kiritimati", "America/Sao_Paulo"]),
    st.integers(1_770_000_000, 1_830_000_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
)  # fmt: skip
def test_every_morning_comes_once_and_in_its_own_zone(slug: str, zone: str, now: datetime) -> None:
    from zoneinfo import ZoneInfo

    mornings = [now]
    for _ in range(4):
        mornings.append(next_sync_at(slug, zone, mornings[-1]))
    for before, after in pairwise(mornings[1:]):
        assert timedelta(hours=22) < after - before < timedelta(hours=26)
    local = mornings[1].astimezone(ZoneInfo(zone))
    # A clock that is put forward in the small hours moves what lies in the gap by its width.
    assert FROM_HOUR <= local.hour <= FROM_HOUR + HOURS
    assert now < mornings[1] <= now + timedelta(hours=26)


def test_a_thousand_accounts_are_spread_over_the_morning() -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    at = [next_sync_at(f"store-{n}", "UTC", now) for n in range(1000)]
    by_minute = [t.replace(second=0) for t in at]
    assert max(by_minute.count(t) for t in set(by_minute)) < 20
    assert {t.date() for t in at} == {date(2026, 6, 2)}


def test_polls_come_every_few_minutes_and_a_thousand_are_spread_over_these() -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    at = [next_poll_at(f"store-{n}", 5, now) for n in range(1000)]
    assert all(now < t <= now + timedelta(minutes=5) for t in at)
    for slug, first in (("store-1", at[1]), ("store-2", at[2])):
        # Also where the poll itself took a while, or was asked for between two.
        for late in (timedelta(0), timedelta(minutes=4, seconds=59)):
            assert next_poll_at(slug, 5, first + late) == first + timedelta(minutes=5)
    by_second = [t.replace(microsecond=0) for t in at]
    assert max(by_second.count(t) for t in set(by_second)) < 20
