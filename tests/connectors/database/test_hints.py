"""The inbox of hints: each once, whoever brings it; bodies go, requests about people stay."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.database.registry import ReceivedHint, Registry

NOW = datetime.now(UTC)
HINT = ReceivedHint(
    platform="square",
    event_id="e1",
    connection="cups",
    topic="payment.updated",
    purpose="sync",
    source="webhook",
    occurred_at=NOW,
    body=b"sealed",
)


def add(registry: Registry, *slugs: str) -> None:
    for slug in slugs:
        registry.connections.add(
            slug, channel="square", name=slug, timezone="UTC", kind="api", actor="test"
        )


def numbered(count: int, **changes: str) -> list[ReceivedHint]:
    return [replace(HINT, event_id=f"e{n:06d}", **changes) for n in range(count)]


def test_an_event_is_taken_once_whoever_brings_it(registry: Registry) -> None:
    add(registry, "cups")
    barrier, new = threading.Barrier(4), list[tuple[str, str]]()

    def bring(hints: list[ReceivedHint]) -> None:
        barrier.wait()
        new.extend(registry.hints.accept(hints))

    hints = numbered(40)
    orders = [hints, hints[::-1], hints[20:] + hints[:20], hints]
    threads = [threading.Thread(target=bring, args=[order]) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == [("square", hint.event_id) for hint in hints]
    # The id is the platform's own: another platform may use it, too.
    assert registry.hints.accept([replace(HINT, platform="etsy", event_id="e000001")])
    assert registry.hints.accept([]) == []
    pending = registry.hints.pending()
    assert len(pending) == 41
    assert registry.hints.pending(after=pending[0].id, limit=2) == pending[1:3]
    registry.hints.finish([hint.id for hint in pending], "sync brought forward")
    assert registry.hints.pending() == []
    # A platform that sends it again later finds it here still.
    assert registry.hints.accept(hints[:1]) == []


def test_bodies_go_in_time_and_requests_about_people_stay(registry: Registry) -> None:
    add(registry, "cups", "mugs")
    evidence = {"topic": "customers/redact", "subject": "ab12"}
    redaction = replace(HINT, event_id="gone", purpose="privacy", topic="customers/redact")
    hints = [HINT, replace(HINT, event_id="e2", connection="mugs"), redaction]
    registry.hints.accept(hints, {("square", "gone"): evidence})
    registry.hints.accept(hints, {("square", "gone"): evidence})
    recorded = [e for e in registry.audit.list() if e.action == "privacy.requested"]
    assert [(e.actor, e.subject, e.detail) for e in recorded] == [
        ("square", "cups", {"event": "gone", **evidence})
    ]
    (request,) = registry.hints.pending(purpose="privacy")
    ids = [hint.id for hint in registry.hints.pending()]
    assert set(registry.hints.bodies([*ids, request.id])) == {*ids, request.id}
    assert registry.hints.drop_bodies("mugs") == 1
    later = NOW + timedelta(days=1)
    assert registry.hints.purge(later, NOW - timedelta(days=90)) == 1
    assert registry.hints.bodies([*ids, request.id]) == {request.id: b"sealed"}
    registry.hints.finish([request.id], "erased")
    assert registry.hints.purge(later, later) == 1
    assert registry.hints.pending(purpose="privacy") == []
    assert [hint.id for hint in registry.hints.pending()] == ids
    registry.connections.remove("cups", "test")
    assert [hint.connection for hint in registry.hints.pending()] == ["mugs"]
