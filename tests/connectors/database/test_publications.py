"""Publications: entries that are planned, posted, superseded and withdrawn."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from connectors.database.registry import PlannedEntry, Publication, Registry
from connectors.errors import Permanent

MAY = date(2025, 5, 1)


def entry(
    content: str = "a", day: date = MAY, held: str | None = None, connection: str = "amazon-us"
) -> PlannedEntry:
    return PlannedEntry(connection, day, "USD", f"{connection}-{day}", content, held)


def newest(registry: Registry, target: str = "books") -> Publication:
    (listed,) = registry.publications.list(target)
    return listed


def revisions(registry: Registry) -> list[tuple[int, str, str]]:
    listed = registry.publications.list("books", all_revisions=True)
    return [(p.revision, p.content_hash, p.state) for p in listed]


def test_a_posted_entry_of_the_same_content_is_left_alone(registry: Registry) -> None:
    assert registry.publications.plan("books", [entry()]).new == 1
    assert registry.publications.mark_posted("books", [newest(registry)], "ref-1") == 1
    before = newest(registry)
    assert registry.publications.plan("books", [entry()]).unchanged == 1
    assert newest(registry) == before
    assert (before.state, before.reference) == ("posted", "ref-1")


def test_a_draft_takes_new_content_in_place(registry: Registry) -> None:
    held = registry.publications.plan("books", [entry("a", held="unmapped: Foo")])
    assert (held.new, held.held) == (1, 1)
    assert newest(registry).message == "unmapped: Foo"
    outcome = registry.publications.plan("books", [entry("b")])
    assert (outcome.updated, outcome.held) == (1, 0)
    assert revisions(registry) == [(1, "b", "planned")]
    assert newest(registry).message is None


def test_a_failed_entry_is_planned_again(registry: Registry) -> None:
    registry.publications.plan("books", [entry()])
    registry.publications.mark("books", [newest(registry)], "failed", "period locked")
    assert newest(registry).message == "period locked"
    registry.publications.plan("books", [entry()])
    assert revisions(registry) == [(1, "a", "planned")]


def test_a_posted_revision_stays_until_the_new_one_is_posted(registry: Registry) -> None:
    registry.publications.plan("books", [entry("a")])
    registry.publications.mark_posted("books", [newest(registry)], None)
    registry.publications.plan("books", [entry("b")])
    assert revisions(registry) == [(1, "a", "posted"), (2, "b", "planned")]
    registry.publications.mark_posted("books", [newest(registry)], None)
    assert revisions(registry) == [(1, "a", "superseded"), (2, "b", "posted")]


def test_a_draft_goes_when_the_posted_content_comes_back(registry: Registry) -> None:
    registry.publications.plan("books", [entry("a")])
    registry.publications.mark_posted("books", [newest(registry)], None)
    registry.publications.plan("books", [entry("b")])
    assert registry.publications.plan("books", [entry("a")]).unchanged == 1
    assert revisions(registry) == [(1, "a", "posted")]


def test_content_that_changed_since_it_was_read_is_not_marked_posted(registry: Registry) -> None:
    registry.publications.plan("books", [entry("a")])
    read = newest(registry)
    registry.publications.plan("books", [entry("b")])
    assert registry.publications.mark_posted("books", [read], "ref") == 0
    assert revisions(registry) == [(1, "b", "planned")]


def test_an_entry_in_flight_is_not_planned_again(registry: Registry) -> None:
    registry.publications.plan("books", [entry("a")])
    registry.publications.mark("books", [newest(registry)], "unknown", "timed out")
    assert registry.publications.plan("books", [entry("a")]).unchanged == 1
    registry.publications.plan("books", [entry("b")])
    assert revisions(registry) == [(1, "a", "unknown"), (2, "b", "planned")]


def test_an_entry_that_vanished_is_withdrawn(registry: Registry) -> None:
    later = MAY + timedelta(days=1)
    registry.publications.plan("books", [entry("a"), entry("x", later)])
    posted = registry.publications.list("books", end=later)
    registry.publications.mark_posted("books", posted, {posted[0].id: "ref"})
    registry.publications.plan("books", [entry("b")])
    entries = [f"amazon-us-{day}" for day in (MAY, later)]
    (live,) = registry.publications.withdraw("books", "amazon-us", entries)
    assert (live.content_hash, live.reference) == ("a", "ref")
    assert registry.publications.mark_voided("books", [live]) == 1
    assert revisions(registry) == [(1, "a", "voided")]
    registry.publications.plan("books", [entry("a")])
    assert revisions(registry) == [(1, "a", "voided"), (2, "a", "planned")]


def test_publications_are_chosen(registry: Registry) -> None:
    days = [MAY + timedelta(days=n) for n in range(3)]
    registry.publications.plan("books", [entry("a", day) for day in days])
    registry.publications.plan("xero", [entry("a", connection="etsy", held="unmapped")])
    assert len(registry.publications.list()) == 4
    assert [p.connection for p in registry.publications.list(connections=["etsy"])] == ["etsy"]
    assert [p.business_date for p in registry.publications.list(start=days[1], end=days[2])] == [
        days[1]
    ]
    assert [p.target for p in registry.publications.list(states=["held"])] == ["xero"]
    assert registry.publications.list("books", connections=[]) == []


def test_an_entry_is_not_planned_twice_at_once(registry: Registry) -> None:
    with pytest.raises(Permanent, match="planned twice"):
        registry.publications.plan("books", [entry("a"), entry("b")])


def test_nothing_planned_is_nothing_done(registry: Registry) -> None:
    outcome = registry.publications.plan("books", [])
    assert (outcome.new, outcome.updated, outcome.unchanged, outcome.held) == (0, 0, 0, 0)
    assert registry.publications.mark_posted("books", [], None) == 0


def test_a_year_of_twenty_connections_is_planned_and_posted_in_sets(registry: Registry) -> None:
    rows = [
        entry(f"{n}", MAY + timedelta(days=n), connection=f"shop-{shop}")
        for shop in range(20)
        for n in range(365)
    ]
    began = time.monotonic()
    assert registry.publications.plan("books", rows).new == 7300
    planned = registry.publications.list("books", states=["planned"])
    assert registry.publications.mark_posted("books", planned, "books") == 7300
    assert time.monotonic() - began < 10  # about one second on two idle cores
    assert registry.publications.plan("books", rows).unchanged == 7300


def test_sets_are_quick_where_statistics_are_of_an_empty_table(registry: Registry) -> None:
    """A first import meets them: the table was looked at when nothing was in it."""
    with registry.publications._transaction() as session:
        session.execute(text("ANALYZE registry.publications"))
    rows = [
        entry(f"{n}", MAY + timedelta(days=n), connection=f"shop-{shop}")
        for shop in range(20)
        for n in range(365)
    ]
    began = time.monotonic()
    registry.publications.plan("books", rows)
    planned = registry.publications.list("books", states=["planned"])
    assert registry.publications.mark_posted("books", planned, "books") == len(rows)
    assert registry.publications.plan("books", rows).unchanged == len(rows)
    assert time.monotonic() - began < 10  # about a second on two idle cores


def test_an_entry_is_not_due_before_its_time_unless_somebody_asks(registry: Registry) -> None:
    registry.connections.add("amazon-us", channel="amazon", name="S", timezone="UTC", actor="test")
    later = datetime.now(UTC) + timedelta(hours=6)
    planned = entry()._replace(due_at=later)
    registry.publications.plan("acme", [planned])
    assert newest(registry, "acme").due_at == later
    assert registry.publications.due_connections("acme") == {}
    # Another schedule, another time; the same one leaves it alone.
    assert registry.publications.plan("acme", [planned]).unchanged == 1
    sooner = planned._replace(due_at=later - timedelta(hours=12))
    assert registry.publications.plan("acme", [sooner]).updated == 1
    assert registry.publications.due_connections("acme") == {"amazon-us": 1}
    registry.publications.plan("acme", [planned])
    registry.publications.hasten("acme", ["other"], MAY, MAY + timedelta(days=1))
    registry.publications.hasten("acme", ["amazon-us"], MAY + timedelta(days=1), date.max)
    assert registry.publications.due_connections("acme") == {}
    registry.publications.hasten("acme", ["amazon-us"], date.min, date.max)
    assert registry.publications.due_connections("acme") == {"amazon-us": 1}
