"""Triggers at a terminal and through the API: added, tried out, sent, sent again, worked off."""

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.database.registry import NewEvent, Registry
from pipelines.stages.trigger_delivery import deliver_due, match_triggers
from pipelines.stages.workspace import Workspace
from tests.console.user import User
from tests.console.web.api_clients import program
from tests.console.web.conftest import Site

TRIGGER = """
name: big-orders
event: order_submitted
filters: {{connection: mugs, status: paid, amount_from: 100, currency: EUR}}
actions:
  - {{type: webhook, url: "{url}"}}
  - {{type: assign, queue: care, title: "Call about {{{{ order_number }}}}"}}
  - {{type: tag, tag: "big"}}
"""


def submit(registry: Registry, subject: str, **fields: object) -> int:
    """An order comes; the number of its event."""
    order = {"order_id": subject, "order_number": f"#{subject}", **fields}
    event = NewEvent(subject, datetime.now(UTC), order)
    (recorded,) = registry.events.record("order_submitted", "mugs", [event])
    return recorded.id


@pytest.fixture(autouse=True)
def _no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name has an address: what would be called is never reached."""
    resolve = socket.getaddrinfo

    def lookup(host: Any, *args: Any, **options: Any) -> Any:
        if str(host).endswith(".example"):
            raise OSError("no address")
        return resolve(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def test_a_trigger_from_its_file_to_a_finished_task(synced: User, tmp_path: Path) -> None:
    file = tmp_path / "big.yaml"
    file.write_text(TRIGGER.format(url="http://127.0.0.1/x"))
    refused = synced("triggers", "add", file)
    assert (refused.code, "must be reached over https" in refused.complaint) == (2, True)
    file.write_text(TRIGGER.format(url="https://hooks.example/x"))
    added = synced("triggers", "add", file, "--json").json
    assert added["secrets"]["webhook"].startswith("whsec_")
    assert "call hooks.example, assign it to the queue care and tag the order" in added["sentence"]
    shown = synced("triggers", "show", "big-orders", "--json").json
    assert shown["actions"][0] == {
        **{"name": "webhook", "type": "webhook"},
        "url": "https://hooks.example/...",
    }
    assert added["secrets"]["webhook"] not in str(shown)
    listed = synced("triggers", "list", "--json").json["triggers"]
    assert [t["name"] for t in listed if t["enabled"]] == ["big-orders"]
    unknown = synced("triggers", "show", "small-orders")
    assert (unknown.code, "there are: big-orders, failed-run" in unknown.complaint) == (2, True)

    nothing = synced("triggers", "test", "big-orders")
    assert "no event order_submitted was recorded yet" in nothing.complaint
    with Registry.open(synced.settings) as registry:
        small = submit(registry, "1", status="paid", amount="99.99", currency="EUR")
        big = submit(registry, "2", status="paid", amount="100.00", currency="EUR")
        tried = synced("triggers", "test", "big-orders", "--event", small, "--json")
        assert (tried.code, tried.json["unmet"]) == (1, ["amount_from"])
        tried = synced("triggers", "test", "big-orders", "--json")
        assert (tried.code, tried.json["event"]["id"]) == (0, big)
        webhook, assign, tag = tried.json["actions"]
        assert webhook["content"]["headers"]["webhook-signature"].startswith("v1,")
        assert '"order_number":"#2"' in webhook["content"]["body"]
        assert assign["content"] == {"queue": "care", "title": "Call about #2"}
        assert tag["content"] == {"on": "order", "subject": "2", "tag": "big"}
        assert registry.deliveries.list() == [], "a trial sends nothing"
        match_triggers(Workspace(synced.settings, registry), datetime.now(UTC))
        deliver_due(Workspace(synced.settings, registry), lambda: datetime.now(UTC))
    history = synced("triggers", "history", "big-orders", "--json").json["deliveries"]
    states = {delivery["action"]: delivery["state"] for delivery in history}
    assert states == {"tag": "sent", "assign": "sent", "webhook": "failed"}
    assert "hooks.example does not answer" in synced("triggers", "history").out
    _work_off(synced)
    assert synced("triggers", "disable", "big-orders").out == "big-orders: off\n"
    replayed = synced("triggers", "replay", "big-orders", "--state", "skipped")
    assert replayed.out == "1 delivery of big-orders to be sent again\n"
    assert synced("triggers", "enable", "failed-run").code == 2
    address = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlaz"
    enabled = synced("triggers", "enable", "failed-run", "--address", address)
    assert enabled.out == "failed-run: on\n"
    assert synced("triggers", "remove", "big-orders").code == 0
    assert synced("triggers", "history", "big-orders").code == 2


def _work_off(user: User) -> None:
    (task,) = user("tasks", "list", "--json").json["tasks"]
    number = str(task["id"])
    assert user("tasks", "take", number, "--by", "bob", "--json").json["taken_by"] == "bob"
    assert user("tasks", "finish", number, "--by", "eve").code == 2
    finished = user("tasks", "finish", number, "--by", "bob")
    assert finished.out == f"task {number}, Call about #2: finished by bob\n"
    (label,) = user("triggers", "labels", "--json").json["labels"]
    assert (label["subject"], label["text"]) == ("2", "big")


def test_programs_set_triggers_and_read_what_came_of_them(site: Site) -> None:
    site.registry.connections.add(
        "mugs", channel="amazon", name="Mugs", timezone="UTC", actor="test"
    )
    body = {
        "event": "order_submitted",
        "filters": {"sku": "MUG"},
        "actions": [
            {"type": "webhook", "url": "https://hooks.example/x"},
            {"type": "assign", "queue": "care", "title": "{{ order_number }}"},
        ],
    }
    with program(site, "operator") as client:
        kinds = client.get("/event-kinds").json()["kinds"]
        assert [kind["kind"] for kind in kinds][:2] == ["order_submitted", "payment_received"]
        saved = client.put("/triggers/mugs", json=body).json()
        assert saved["secrets"]["webhook"].startswith("whsec_")
        assert saved["trigger"]["changed_by"] == "grace"
        assert client.put("/triggers/mugs", json=body).json()["secrets"] == {}
        wrong = client.put("/triggers/mugs", json={**body, "filters": {"days_late": 3}})
        assert (wrong.status_code, "days_late" in wrong.json()["error"]) == (422, True)
        first = submit(site.registry, "1", skus=["CUP"])
        second = submit(site.registry, "2", skus=["MUG"])
        preview = client.post("/triggers/mugs/test", json={"event": first}).json()
        assert (preview["matches"], preview["unmet"]) == (False, ["sku"])
        workspace = Workspace(site.console.settings, site.registry)
        match_triggers(workspace, datetime.now(UTC))
        deliver_due(workspace, lambda: datetime.now(UTC))
        failed = client.get("/deliveries", params={"trigger": "mugs", "state": "failed"}).json()
        assert [each["event"] for each in failed["deliveries"]] == [second]
        after = client.get("/events", params={"after": first}).json()["events"]
        assert [event["id"] for event in after] == [second]
        assert client.get("/events", params={"kind": "x"}).status_code == 422
        (task,) = client.get("/tasks").json()["tasks"]
        assert client.post(f"/tasks/{task['id']}/take").json()["taken_by"] == "grace"
        finished = client.post(f"/tasks/{task['id']}/finish", json={"note": "sent"}).json()
        assert (finished["state"], finished["note"]) == ("finished", "sent")
        assert client.get("/tasks").json() == {"tasks": []}
        assert client.get("/labels").json() == {"labels": []}
        assert client.post("/triggers/mugs/disable").json()["enabled"] is False
        assert client.post("/triggers/mugs/replay", json={"state": "skipped"}).json() == {
            "deliveries": 1
        }
        assert client.post("/triggers/late-deposit/enable", json={}).status_code == 422
        assert client.delete("/triggers/mugs").status_code == 204
        assert client.get("/triggers/mugs").status_code == 404
