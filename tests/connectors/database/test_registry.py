"""The registry: what it remembers, and that a set is one step."""

import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from connectors.database.postgres import REGISTRY_SCHEMA, database_url
from connectors.database.registry import Registry, schema
from connectors.database.registry import registry as locking
from connectors.database.registry.models import Base
from connectors.errors import BadInput, ConfigError, Transient
from connectors.home.settings import Settings

MAY = date(2025, 5, 1)


def add(registry: Registry, slug: str = "amazon-us") -> None:
    registry.connections.add(
        slug, channel="amazon", name="Shop", timezone="America/Los_Angeles", actor="test"
    )


def test_a_connection_that_reads_files_is_active_at_once(registry: Registry) -> None:
    add(registry)
    reopened = registry.connections.get("amazon-us")
    assert (reopened.channel, reopened.kind, reopened.state) == ("amazon", "file", "active")
    assert [c.slug for c in registry.connections.list()] == ["amazon-us"]
    assert registry.audit.list()[0].action == "connection.added"


def test_a_connection_through_an_api_begins_pending(registry: Registry) -> None:
    added = registry.connections.add(
        "x", channel="ebay", name="X", timezone="UTC", kind="api", actor="test"
    )
    assert added.state == "pending"


@pytest.mark.parametrize("slug", ["", "-a", "A", "a_b", "a" * 41, "é", "a\n"])
def test_a_slug_that_cannot_be_a_folder_and_a_key_is_refused(registry: Registry, slug: str) -> None:
    with pytest.raises(BadInput, match="cannot name a connection"):
        add(registry, slug)


def test_an_unknown_time_zone_is_refused(registry: Registry) -> None:
    with pytest.raises(BadInput, match="not a time zone"):
        registry.connections.add(
            "a", channel="amazon", name="A", timezone="Mars/Base", actor="test"
        )


def test_a_slug_is_taken_once(registry: Registry) -> None:
    add(registry)
    with pytest.raises(BadInput, match="exists already"):
        add(registry)


def test_an_unknown_connection_is_answered_with_the_known_ones(registry: Registry) -> None:
    add(registry)
    with pytest.raises(ConfigError, match="known: amazon-us"):
        registry.connections.get("etsy")
    with pytest.raises(ConfigError, match="known: amazon-us"):
        registry.inbox.request_days("etsy", [MAY], "why", "test")


def test_a_state_is_recorded_once(registry: Registry) -> None:
    add(registry)
    registry.connections.set_state("amazon-us", "paused", "test")
    registry.connections.set_state("amazon-us", "paused", "test")
    assert registry.connections.get("amazon-us").state == "paused"
    changes = [e for e in registry.audit.list() if e.action == "connection.state"]
    assert [e.detail for e in changes] == [{"from": "active", "to": "paused"}]


def test_a_document_comes_once(registry: Registry) -> None:
    add(registry)
    days = [MAY, MAY - timedelta(days=1), MAY]
    first = registry.inbox.record_document(
        "amazon-us", document="d1", days=days, detail={"rows": 3}, actor="test"
    )
    again = registry.inbox.record_document(
        "amazon-us", document="d1", days=[], detail={}, actor="test"
    )
    assert first == again
    (event,) = registry.inbox.list()
    assert (event.kind, event.document) == ("document", "d1")
    assert event.days == [MAY - timedelta(days=1), MAY]
    assert registry.audit.list()[0].detail == {"rows": 3, "document": "d1"}


def test_the_inbox_is_read_by_cursor_and_put_away(registry: Registry) -> None:
    add(registry)
    ids = [registry.inbox.request_days("amazon-us", [MAY], "mapping", "test") for _ in range(4)]
    assert [event.id for event in registry.inbox.list(limit=2)] == ids[:2]
    registry.inbox.finish_days("amazon-us", [MAY], through=ids[0])
    assert [event.id for event in registry.inbox.list()] == ids[1:]
    assert [event.id for event in registry.inbox.list(after=ids[1])] == ids[2:]


def test_days_that_are_computed_are_taken_out_of_events(registry: Registry) -> None:
    registry.connections.add("amazon-us", channel="amazon", name="US", timezone="UTC", actor="test")
    second, third = MAY + timedelta(days=1), MAY + timedelta(days=2)
    events = [
        registry.inbox.request_days("amazon-us", days, "test", "test")
        for days in ([MAY, second], [third], [MAY])
    ]
    registry.inbox.finish_days("amazon-us", [MAY, third], events[1])
    assert [(e.id, e.days) for e in registry.inbox.of_connection("amazon-us")] == [
        (events[0], [second]),
        (events[2], [MAY]),
    ], "what was asked for since is still to be computed"
    assert registry.inbox.waiting_days() == {"amazon-us": 2}
    assert registry.inbox.data_span() == (MAY, second)


def test_a_mapping_falls_back_to_the_house(registry: Registry) -> None:
    add(registry)
    assert registry.mappings.get("amazon-us") is None
    house = registry.mappings.save({"a": 1}, "h1", actor="test")
    assert registry.mappings.get("amazon-us") == house == registry.mappings.get(None)
    own = registry.mappings.save({"a": 2}, "h2", "amazon-us", actor="test")
    assert registry.mappings.get("amazon-us") == own
    assert registry.mappings.get(None) == house
    assert (own.version, own.document) == (1, {"a": 2})


def test_an_unchanged_mapping_is_no_new_version(registry: Registry) -> None:
    first = registry.mappings.save({"a": 1}, "h1", actor="test")
    assert registry.mappings.save({"a": 1}, "h1", actor="test") == first
    assert registry.mappings.save({"a": 2}, "h2", actor="test").version == 2
    assert registry.mappings.save({"a": 1}, "h1", actor="test").version == 3


def test_a_day_says_how_it_stands(registry: Registry) -> None:
    add(registry)
    days = [MAY + timedelta(days=n) for n in range(3)]
    registry.days.set_states("amazon-us", {day: ("open", "no settlement yet") for day in days})
    before = registry.days.list("amazon-us")
    registry.days.set_states(
        "amazon-us", {days[0]: ("open", "no settlement yet"), days[1]: ("done", None)}
    )
    after = registry.days.list("amazon-us")
    assert [(d.state, d.reason) for d in after] == [
        ("open", "no settlement yet"),
        ("done", None),
        ("open", "no settlement yet"),
    ]
    assert after[0] == before[0]
    assert [d.day for d in registry.days.list("amazon-us", days[1], days[2])] == [days[1]]


def test_a_lock_is_held_by_one(registry: Registry) -> None:
    refused = pytest.raises(Transient, match="books is held")
    with registry.lock("books", 1), refused, registry.lock("books", 0.1):
        pass
    with registry.lock("books", 0):
        pass


def test_a_lock_is_waited_for(registry: Registry) -> None:
    taken, got = threading.Event(), threading.Event()

    def wait() -> None:
        taken.wait(5)
        with registry.lock("books", 10):
            got.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    with registry.lock("books", 1):
        taken.set()
        assert not got.wait(0.2)
    waiting.join(10)
    assert got.is_set()


def test_a_lock_whose_holder_is_interrupted_is_free(registry: Registry) -> None:
    for interruption in (KeyboardInterrupt, Transient):
        with pytest.raises(interruption), registry.lock("books", 0):
            raise interruption
        refused = pytest.raises(Transient, match="books is held")
        with registry.lock("books", 0), refused, registry.lock("books", 0):
            pass


def test_a_lock_that_cannot_be_given_back_goes_with_its_connection(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, registry.lock("books", 0):
        patch.setattr(locking, "_UNLOCK", text("SELECT no_such_function()"))
    with registry.lock("books", 1):
        pass


def test_documents_recorded_at_once_are_one_event(registry: Registry) -> None:
    add(registry)
    ids: list[int] = []

    def record() -> None:
        ids.append(
            registry.inbox.record_document(
                "amazon-us", document="d", days=[MAY], detail={}, actor="test"
            )
        )

    threads = [threading.Thread(target=record) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1


def test_the_migrations_make_the_models(home: Settings) -> None:
    engine = create_engine(database_url(home, "public"), poolclass=NullPool)
    options = {
        "version_table_schema": REGISTRY_SCHEMA,
        "include_schemas": True,
        "include_name": lambda name, kind, _: kind != "schema" or name == REGISTRY_SCHEMA,
    }
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_the_head_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == Registry.head_version()
    assert scripts.get_bases() == [schema.FIRST]


@pytest.mark.parametrize(
    ("version", "message"),
    [("0009", "make a new home"), ("9999", "install the newer Daybook")],
)
def test_a_schema_of_another_version_is_not_opened(
    home: Settings, version: str, message: str
) -> None:
    engine = create_engine(database_url(home, REGISTRY_SCHEMA), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    with pytest.raises(ConfigError, match=message):
        Registry.open(home)
    with pytest.raises(ConfigError, match=message):
        Registry.migrate(home)


def test_migrating_twice_changes_nothing(home: Settings) -> None:
    assert Registry.migrate(home) == Registry.head_version()
    with Registry.open(home) as registry:
        assert registry.schema_version() == Registry.head_version()


def test_a_database_without_tables_is_migrated(home: Settings) -> None:
    engine = create_engine(database_url(home, REGISTRY_SCHEMA), poolclass=NullPool)
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(text(f"DROP TABLE {table.fullname}"))
        connection.execute(text("DELETE FROM registry.alembic_version"))
    with pytest.raises(ConfigError, match="run `daybook init`"):
        Registry.open(home)
    assert Registry.migrate(home) is None
    Registry.open(home).close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://u:secret@h/d", "must be postgresql"),
        ("nonsense", "not a database URL"),
        ("postgresql://u:secret@h", "names no database"),
        ("postgresql://u:secret@127.0.0.1:1/d", "does not answer"),
    ],
)
def test_an_external_database_that_cannot_be_used_is_named_without_its_password(
    tmp_path: Path, url: str, message: str
) -> None:
    settings = Settings.model_validate({"home": tmp_path, "database_url": url})
    with pytest.raises((ConfigError, Transient), match=message) as raised:
        Registry.open(settings)
    assert "secret" not in str(raised.value)
