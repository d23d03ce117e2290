"""Events and triggers in the registry: each once, whatever the order, and matched in sets."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.database.registry import NewEvent, Registry
from connectors.errors import BadInput
from connectors.triggers.conditions import FIELD_OF, Filters
from connectors.triggers.document import TriggerDocument, read_trigger

NOW = datetime(2026, 4, 15, 8, 0, tzinfo=UTC)
TAG = {"type": "tag", "tag": "seen"}


def add(registry: Registry, *slugs: str, channel: str = "shopify") -> None:
    for slug in slugs:
        registry.connections.add(slug, channel=channel, name=slug, timezone="UTC", actor="test")


def order(number: str, **fields: Any) -> NewEvent:
    return NewEvent(number, datetime.now(UTC), {"order_id": number, **fields})


def trigger(**changes: Any) -> TriggerDocument:
    document = {"name": "big-orders", "event": "order_submitted", "actions": [TAG]}
    return read_trigger({**document, **changes})


def match(registry: Registry, *documents: TriggerDocument, now: datetime = NOW) -> int:
    return registry.triggers.match({each.name: each for each in documents}, now)


def test_an_event_is_recorded_once_and_read_by_cursor(registry: Registry) -> None:
    add(registry, "shop", "attic")
    first = registry.events.record(
        "order_submitted",
        "shop",
        [order("1", amount=Decimal("10.50"), skus=("A", "B")), order("2"), order("2")],
    )
    assert [event.subject for event in first] == ["1", "2"]
    assert first[0].fields["amount"] == "10.50"
    assert first[0].fields["skus"] == ["A", "B"]
    assert first[0].fields["country"] is None
    again = registry.events.record("order_submitted", "shop", [order("2"), order("3")])
    assert [event.subject for event in again] == ["3"]
    # The same subject of another store, or another kind, is another event.
    assert registry.events.record("order_submitted", "attic", [order("1")])
    assert registry.events.record("payment_received", "shop", [order("1")])
    assert registry.events.record("run_failed", None, [NewEvent("r", NOW, {"run": "r"})])
    assert not registry.events.record("run_failed", None, [NewEvent("r", NOW, {"run": "r"})])
    listed = registry.events.list()
    assert [event.id for event in listed] == sorted({event.id for event in listed})
    assert registry.events.list(after=again[0].id, kinds=["order_submitted"])[0].connection == (
        "attic"
    )
    assert registry.events.list(limit=1, newest=True)[0].kind == "run_failed"
    assert registry.events.get(again[0].id) == again[0]
    for kind, slug, event, message in (
        ("order_eaten", "shop", order("9"), "is no kind of event; there are: order_submitted"),
        ("order_submitted", "nowhere", order("9"), "no connection 'nowhere'"),
        ("order_submitted", "shop", order("9", email="x"), "has no field email"),
    ):
        with pytest.raises(BadInput, match=message):
            registry.events.record(kind, slug, [event])
    with pytest.raises(BadInput, match="there is no event 0"):
        registry.events.get(0)
    registry.connections.remove("shop", "test")
    assert {event.connection for event in registry.events.list()} == {"attic", None}


def test_a_trigger_acts_on_what_comes_after_it_and_meets_its_filters(registry: Registry) -> None:
    add(registry, "shop")
    add(registry, "mugs", channel="etsy")
    registry.events.record("order_submitted", "shop", [order("before")])
    filters: dict[str, tuple[Any, dict[str, Any]]] = {
        "marketplace": ("de", {"marketplace": "de"}),
        "source": (["web", "pos"], {"source": "pos"}),
        "sub_source": ("instagram", {"sub_source": "instagram"}),
        "status": ("paid", {"status": "paid"}),
        "currency": ("EUR", {"currency": "EUR"}),
        "country": (["DE", "AT"], {"country": "AT"}),
        "sku": ("MUG", {"skus": ["CUP", "MUG"]}),
        "first_order": (True, {"is_first_order": True}),
        "amount_from": ("99.90", {"amount": Decimal("99.90"), "currency": "EUR"}),
        "amount_to": ("100", {"amount": Decimal("99.90"), "currency": "EUR"}),
    }
    assert filters.keys() == FIELD_OF.keys()
    documents = [
        trigger(
            name=name.replace("_", "-"),
            filters={
                name: value,
                **({"currency": "EUR"} if name.startswith("amount") else {}),
            },
        )
        for name, (value, _) in filters.items()
    ]
    documents += [
        trigger(name="connection", filters={"connection": "shop"}),
        trigger(name="channel", filters={"channel": ["etsy", "ebay"]}),
    ]
    for document in documents:
        registry.triggers.save(document, "test", enabled=True)
    met = {name: order(name, **fields) for name, (_, fields) in filters.items()}
    registry.events.record("order_submitted", "shop", list(met.values()))
    registry.events.record("order_submitted", "mugs", [order("elsewhere")])
    registry.events.record("payment_received", "mugs", [order("elsewhere")])
    match(registry, *documents)
    subjects = {event.id: event.subject for event in registry.events.list()}
    acted: dict[str, set[str]] = {}
    for delivery in registry.deliveries.list(limit=500):
        acted.setdefault(delivery.trigger, set()).add(subjects[delivery.event])
    in_euros = {"currency", "amount_from", "amount_to"}
    assert acted == {
        **{name.replace("_", "-"): {name} for name in met},
        "currency": in_euros,
        "amount-from": {"amount_from", "amount_to"},
        "amount-to": {"amount_from", "amount_to"},
        "connection": set(met),
        "channel": {"elsewhere"},
    }
    assert match(registry, *documents) == 0
    # The filters one by one, for whoever tries a trigger out.
    (paid,) = (n for n, subject in subjects.items() if subject == "status")
    tried = trigger(filters={"status": "paid", "country": "DE", "channel": "shopify"})
    assert registry.triggers.met(tried, paid) == {
        "channel": True,
        "status": True,
        "country": False,
    }


def test_a_trigger_that_is_off_misses_what_happens(registry: Registry) -> None:
    add(registry, "shop")
    document = trigger()
    registry.triggers.save(document, "ada", enabled=True)
    registry.events.record("order_submitted", "shop", [order("1")])
    assert match(registry, document) == 1
    registry.triggers.disable(document.name, "ada")
    (skipped,) = registry.deliveries.list()
    assert (skipped.state, skipped.reason) == ("skipped", "the trigger was switched off")
    registry.events.record("order_submitted", "shop", [order("2")])
    assert match(registry, document) == 0
    registry.triggers.enable(document.name, "ada")
    registry.events.record("order_submitted", "shop", [order("3")])
    assert match(registry, document) == 1
    # What was sent long before it was recorded is history.
    old = NewEvent("old", datetime.now(UTC) - timedelta(days=31), {})
    registry.events.record("order_submitted", "shop", [old])
    assert match(registry, document) == 0
    registry.triggers.remove(document.name, "ada")
    assert registry.deliveries.list() == []
    actions = [entry.action for entry in registry.audit.list() if "trigger" in entry.action]
    assert actions == [*("trigger.removed", "trigger.enabled", "trigger.disabled", "trigger.added")]
    with pytest.raises(BadInput, match="there is no trigger 'big-orders'; there are: none yet"):
        registry.triggers.enable(document.name, "ada")


def test_once_a_day_is_once_a_store_and_action(registry: Registry) -> None:
    add(registry, "shop", "attic")
    document = trigger(
        once_a_day=True, actions=[TAG, {"type": "assign", "queue": "care", "title": "x"}]
    )
    registry.triggers.save(document, "test", enabled=True)

    def states(slug: str) -> list[str]:
        events = {event.id for event in registry.events.list() if event.connection == slug}
        return [d.state for d in registry.deliveries.list() if d.event in events][::-1]

    for day in (0, 0.5, 1.1):
        for slug in ("shop", "attic"):
            registry.events.record("order_submitted", slug, [order(f"{day} {n}") for n in range(2)])
        match(registry, document, now=NOW + timedelta(days=day))
    assert sorted(states("shop")) == ["skipped"] * 8 + ["waiting"] * 4
    assert sorted(states("attic")) == sorted(states("shop"))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    calls=st.lists(
        st.tuples(st.sampled_from(["shop", "attic"]), st.lists(st.integers(0, 5), max_size=6)),
        max_size=6,
    )
)
def test_hints_in_any_order_make_one_event_and_one_delivery(
    registry: Registry, calls: list[tuple[str, list[int]]]
) -> None:
    if not registry.connections.list():
        add(registry, "shop", "attic")
    for slug in ("shop", "attic"):
        registry.connections.remove(slug, "test")
    add(registry, "shop", "attic")
    document = trigger(actions=[TAG, {"type": "tag", "name": "more", "tag": "more"}])
    registry.triggers.save(document, "test", enabled=True)
    for slug, numbers in calls:
        registry.events.record("order_submitted", slug, [order(str(n)) for n in numbers])
        match(registry, document)
    expected = {(slug, str(n)) for slug, numbers in calls for n in numbers}
    events = registry.events.list()
    assert {(e.connection, e.subject) for e in events} == expected
    assert len(events) == len(expected)
    made = {(d.action, d.event) for d in registry.deliveries.list(limit=500)}
    assert made == {(action, e.id) for action in ("tag", "more") for e in events}


def test_filters_are_written_in_words_and_refused_where_nothing_meets_them() -> None:
    document = trigger(
        filters={
            "connection": ["shop", "attic"],
            "status": "paid",
            "amount_from": 100,
            "currency": "EUR",
            "first_order": True,
        },
        actions=[
            {"type": "webhook", "url": "https://hooks.example.com/secret-path"},
            {"type": "run_job", "job": "data"},
            TAG,
        ],
    )
    assert document.sentence == (
        "When an order is submitted that is the customer's first in shop or attic with status "
        "paid of 100 EUR or more, call hooks.example.com, run the job data and tag the order "
        "'seen'."
    )
    assert read_trigger(document.stored) == document
    refusals = [
        ({"event": "order_eaten"}, "is no kind of event"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"name": "Big Orders"}, "name: String should match pattern"),
        ({"filters": {"amount_from": 5}}, "filters.currency: name the one currency"),
        (
            {"filters": {"amount_from": 5, "amount_to": 4, "currency": "EUR"}},
            "filters.amount_to: it is less",
        ),
        ({"event": "run_failed", "actions": [TAG]}, "an event run_failed is about no order"),
        (
            {"event": "run_failed", "filters": {"status": "paid"}},
            "filters.status: an event run_failed has no status",
        ),
        ({"actions": []}, "actions: Tuple should have at least 1 item"),
        ({"actions": [TAG, TAG]}, "a name of its own"),
        ({"actions": [{"type": "dance"}]}, "actions.0: Input tag 'dance'"),
        (
            {"actions": [{"type": "webhook", "url": "https://x.example/", "on": "order"}]},
            "actions.0.on: Extra inputs",
        ),
        ({"actions": [{"type": "tag", "tag": "{{ email }}"}]}, "actions.tag.tag: an event .* no"),
    ]
    for changes, message in refusals:
        with pytest.raises(BadInput, match=message):
            trigger(**changes)
    assert Filters().chosen == {}
