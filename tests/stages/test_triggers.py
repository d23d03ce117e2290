"""Triggers from an event to its receivers: signed, retried, slowed down, ended, sent again."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from connectors.accounts.vault import Vault
from connectors.database.registry import NewEvent, Registry, StoredDelivery
from connectors.errors import BadInput
from connectors.home.settings import Settings
from connectors.triggers.retries import MOST_ATTEMPTS
from pipelines.stages.trigger_delivery import RoundResult, deliver_due, match_triggers
from pipelines.stages.triggers import (
    disable_trigger,
    enable_trigger,
    list_triggers,
    owner_of,
    remove_trigger,
    save_trigger,
    trigger_named,
)
from pipelines.stages.workspace import Workspace
from tests.receivers import MailBox, Receiver, mail_server, webhook_receiver

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as served:
        yield served


@pytest.fixture(scope="module")
def mail() -> Iterator[MailBox]:
    with mail_server() as served:
        yield served


class Home:
    """A home with a store, whose clock is turned by hand."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self.workspace = Workspace(settings, registry)
        self.registry, self.now, self._number = registry, datetime.now(UTC), 0
        registry.connections.add(
            "shop", channel="shopify", name="Shop", timezone="UTC", actor="test"
        )

    def add(self, *actions: dict[str, Any], **changes: Any) -> None:
        document = {"name": "orders", "event": "order_submitted", "actions": list(actions)}
        save_trigger(self.workspace, {**document, **changes}, "ada")

    def happen(self, **fields: Any) -> None:
        """An order is submitted, and the triggers are matched with it."""
        self._number += 1
        fields = {"order_id": f"{self._number}", "customer_key": f"c-{self._number}", **fields}
        event = NewEvent(f"{self._number}", datetime.now(UTC), fields)
        self.registry.events.record("order_submitted", "shop", [event])
        match_triggers(self.workspace, self.now)

    def send(self, **later: float) -> RoundResult:
        """Send what is due so much later."""
        self.now += timedelta(**later)
        return deliver_due(self.workspace, lambda: self.now)

    def deliveries(self, action: str | None = None) -> list[StoredDelivery]:
        """The deliveries of an action, oldest first."""
        listed = self.registry.deliveries.list(limit=500)[::-1]
        return [each for each in listed if action in (None, each.action)]

    def states(self, action: str | None = None) -> list[tuple[str, int]]:
        """State and attempts of every delivery."""
        return [(each.state, each.attempts) for each in self.deliveries(action)]


@pytest.fixture
def home(quick_home: Settings, receiver: Receiver, mail: MailBox) -> Iterator[Home]:
    receiver.calls.clear()
    receiver.answers.clear()
    mail.messages.clear()
    mail.refuses = False
    settings = quick_home.model_copy(update={"allowed_private_hosts": "127.0.0.1"})
    with Registry.open(settings) as registry:
        yield Home(settings, registry)


def webhook(receiver: Receiver, path: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "webhook", "url": receiver.url + path, "secret": SECRET, **more}


def test_an_event_reaches_every_receiver_once(
    home: Home, receiver: Receiver, mail: MailBox
) -> None:
    home.add(
        webhook(receiver),
        {
            **{"type": "message", "address": mail.address, "subject": "{{ order_number }}\nnew"},
            "body": "{{ amount }} {{ currency }} from {{ connection }} on {{ channel }}",
        },
        {"type": "tag", "tag": "big {{ currency }}"},
        {"type": "note", "on": "contact", "note": "ordered {{ order_number }}"},
        {"type": "assign", "queue": "care", "title": "Call about {{ order_number }}"},
    )
    home.happen(order_number="#1", amount="10.00", currency="EUR", skus=["Tasse, groß"])
    assert home.send() == RoundResult(sent=5)
    assert home.send() == RoundResult()
    (call,) = receiver.calls
    body = Webhook(SECRET).verify(call.body, call.headers)
    assert body["type"] == "order_submitted"
    assert body["data"]["connection"] == "shop"
    assert (body["data"]["skus"], body["data"]["amount"]) == (["Tasse, groß"], "10.00")
    assert call.headers["content-type"] == "application/json"
    (message,) = mail.messages
    assert message["subject"] == "#1 new"
    assert "10.00 EUR from shop on shopify" in str(message)
    labels = home.registry.labels.list("shop")
    assert {(label.subject_type, label.subject, label.type, label.text) for label in labels} == {
        ("order", "1", "tag", "big EUR"),
        ("contact", "c-1", "note", "ordered #1"),
    }
    assert {label.created_by for label in labels} == {"trigger orders"}
    (task,) = home.registry.tasks.list("care")
    assert (task.title, task.state, task.connection) == ("Call about #1", "open", "shop")
    assert home.registry.tasks.take(task.id, "bob").taken_by == "bob"
    with pytest.raises(BadInput, match="was taken by bob"):
        home.registry.tasks.finish(task.id, "eve")
    assert home.registry.tasks.finish(task.id, "bob", "called").state == "finished"
    assert home.registry.tasks.list("care") == []
    with pytest.raises(BadInput, match="was finished by bob"):
        home.registry.tasks.take(task.id, "bob")
    assert home.states() == [("sent", 1)] * 5


def test_what_fails_is_tried_again_and_holds_up_nothing_else(
    home: Home, receiver: Receiver
) -> None:
    home.add(webhook(receiver), {"type": "tag", "tag": "seen"})
    receiver.answers += [(503, {"Retry-After": "3600"}), (0, {}), (302, {"Location": "/"})]
    home.happen()
    home.happen()
    assert home.send() == RoundResult(sent=2, failed=1)
    # The receiver asked for an hour: neither its first nor its second message comes before.
    assert home.states("webhook") == [("failed", 1), ("waiting", 0)]
    assert home.send(minutes=59) == RoundResult()
    assert home.send(minutes=61).failed == 1
    assert home.send(hours=1).failed == 1
    assert "give the address that this leads to" in "".join(
        each.reason or "" for each in home.deliveries("webhook")
    )
    assert home.send(days=1).sent >= 1
    home.send(days=1)
    assert [state for state, _ in home.states("webhook")] == ["sent"] * 2
    assert {each.response_status for each in home.deliveries("webhook")} == {204}
    first, second = home.deliveries("webhook")
    # Every attempt at a message has its id, and no other message has it.
    assert set(receiver.ids()) == {first.message_id, second.message_id}
    assert len(receiver.calls) == 5
    assert home.states("tag") == [("sent", 1)] * 2


def test_one_that_is_never_taken_is_dead_and_can_be_sent_again(
    home: Home, receiver: Receiver
) -> None:
    home.add(webhook(receiver))
    receiver.answers += [(429, {}), *((500, {}) for _ in range(MOST_ATTEMPTS - 1))]
    home.happen()
    rounds = [home.send(days=2) for _ in range(MOST_ATTEMPTS)]
    assert sum(each.failed for each in rounds) == MOST_ATTEMPTS - 1
    (dead,) = home.deliveries()
    assert (dead.state, dead.attempts, dead.response_status) == ("dead", MOST_ATTEMPTS, 500)
    assert dead.reason == "127.0.0.1 answers 500"
    assert home.send(days=9) == RoundResult()
    with pytest.raises(BadInput, match="has no delivery 0 that has ended"):
        home.registry.deliveries.replay("orders", "ada", 0)
    assert home.registry.deliveries.replay("orders", "ada", states=["sent"]) == 0
    assert home.registry.deliveries.replay("orders", "ada", dead.id) == 1
    home.now = datetime.now(UTC)
    assert home.send(seconds=1) == RoundResult(sent=1)
    (sent,) = home.deliveries()
    assert (sent.state, sent.revision, sent.message_id) == ("sent", 1, dead.message_id)


def test_gone_ends_one_webhook_until_it_is_switched_on_again(
    home: Home, receiver: Receiver
) -> None:
    home.add(webhook(receiver), webhook(receiver, "other", name="other"))
    for _ in range(3):
        home.happen()
    receiver.answers += [(410, {})] * 1
    home.send()
    home.happen()
    home.send()
    status = trigger_named(home.workspace, "orders")
    (ended,) = status.stopped
    other = {"webhook": "other", "other": "webhook"}[ended]
    assert "127.0.0.1 wants no more messages (410)" in status.stopped[ended]
    assert home.states(other) == [("sent", 1)] * 4
    assert [state for state, _ in home.states(ended)][-1] == "skipped"
    assert "waiting" not in {state for state, _ in home.states(ended)}
    enable_trigger(home.workspace, "orders", "ada")
    home.happen()
    assert home.send() == RoundResult(sent=2)


def test_private_addresses_are_refused_whenever_they_turn_up(
    home: Home, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.add(webhook(receiver))
    home.happen()
    # The operator takes the host out of the list again.
    public = home.workspace.settings.model_copy(update={"allowed_private_hosts": ""})
    home.workspace = Workspace(public, home.registry)
    assert home.send() == RoundResult(dead=1)
    (dead,) = home.deliveries()
    assert "must be reached over https" in (dead.reason or "")
    with pytest.raises(BadInput, match="must be reached over https"):
        home.add(webhook(receiver))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("10.0.0.1", 443))])
    home.add({"type": "webhook", "url": "https://hooks.example/"})
    home.happen()
    assert home.send() == RoundResult(dead=1)
    assert "hooks.example is not on the public internet" in (home.deliveries()[-1].reason or "")
    assert receiver.calls == []


def test_a_process_that_is_killed_while_it_sends_leaves_it_to_the_next(
    home: Home, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.add(webhook(receiver))
    home.happen()

    class Killed(BaseException):
        pass

    def killed(*_args: object, **_facts: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(type(home.registry.deliveries), "settle", killed)
        with pytest.raises(Killed):
            home.send()
    assert home.states() == [("sending", 1)]
    assert home.send() == RoundResult(), "somebody may still be sending it"
    assert home.send(minutes=4) == RoundResult(sent=1)
    (delivery,) = home.deliveries()
    assert receiver.ids() == [delivery.message_id] * 2


def test_a_slow_action_does_not_keep_others_from_their_turn(home: Home, receiver: Receiver) -> None:
    home.add(webhook(receiver))
    for _ in range(12):
        home.happen()
    home.add({"type": "tag", "tag": "seen"}, name="tags")
    home.happen()
    claimed = home.registry.deliveries.claim(home.now, 10, 8)
    assert [each.action for each in claimed].count("tag") == 1
    assert home.registry.deliveries.claim(home.now, 50, 2) != claimed
    home.registry.deliveries.release([each.id for each in claimed])
    disable_trigger(home.workspace, "orders", "ada")
    assert {state for state, _ in home.states("webhook")} <= {"skipped"}


def test_secrets_are_sealed_and_never_shown(home: Home, mail: MailBox, receiver: Receiver) -> None:
    address = mail.address + "&pass=hunter22hunter22"
    message = {"type": "message", "address": address, "subject": "x", "body": "y"}
    home.add(webhook(receiver), message)
    home.add(webhook(receiver), {**message, "address": None}, filters={"status": "paid"})
    saved = save_trigger(
        home.workspace,
        {
            **{"name": "made", "event": "refund_issued"},
            "actions": [{"type": "webhook", "url": receiver.url}],
        },
        "ada",
    )
    (made,) = saved.secrets.values()
    stored = json.dumps([each.document for each in home.registry.triggers.list()])
    audit = json.dumps([each.detail for each in home.registry.audit.list()])
    for secret in (SECRET, made, "hunter22hunter22"):
        assert secret not in stored
        assert secret not in audit
        assert secret not in repr(list_triggers(home.workspace))
    vault = Vault(home.workspace.settings, home.registry)
    assert vault.read(owner_of("orders")) == {
        "webhook.secret": SECRET,
        "message.address": address,
    }
    with pytest.raises(BadInput, match=r"actions.message.address: give the Apprise"):
        home.add({**message, "address": None}, name="new")
    with pytest.raises(BadInput, match="24 to 64 bytes") as refused:
        home.add(webhook(receiver, secret="whsec_short"))
    assert "whsec_short" not in str(refused.value)
    remove_trigger(home.workspace, "orders", "ada")
    assert vault.read(owner_of("orders")) == {}


def test_a_trigger_that_comes_with_daybook_waits_for_an_address(home: Home, mail: MailBox) -> None:
    names = ["failed-run", "held-entries", "late-deposit", "needs-reconnection"]
    assert [each.document.name for each in list_triggers(home.workspace)] == names
    assert not any(each.enabled for each in list_triggers(home.workspace))
    with pytest.raises(BadInput, match="failed-run has no address"):
        enable_trigger(home.workspace, "failed-run", "ada")
    with pytest.raises(BadInput, match="there is no trigger 'x'; there are: failed-run, held"):
        enable_trigger(home.workspace, "x", "ada")
    for name in names:
        enable_trigger(home.workspace, name, "ada", mail.address)
    for name in names:
        kind = trigger_named(home.workspace, name).document.event
        fields = {"reason": "it broke", "currency": "EUR"} if kind != "deposit_late" else {}
        fields = {n: v for n, v in fields.items() if n != "currency" or kind == "entry_held"}
        home.registry.events.record(kind, "shop", [NewEvent(name, datetime.now(UTC), fields)])
    match_triggers(home.workspace, home.now)
    mail.refuses = True
    assert home.send().failed == 4
    mail.refuses = False
    assert home.send(hours=1) == RoundResult(sent=4)
    subjects = {message["subject"] for message in mail.messages}
    assert "Daybook: connect shop again" in subjects
    disable_trigger(home.workspace, "failed-run", "ada")
    assert not trigger_named(home.workspace, "failed-run").enabled
    assert enable_trigger(home.workspace, "failed-run", "ada").enabled


def test_runs_are_of_jobs_that_there_are(home: Home) -> None:
    for action, message in (
        ({"job": "dance"}, "there is no job 'dance'; there are: fetch, data"),
        ({}, "name a job or assets, and not both"),
        ({"assets": ["raw_settlements", "transactions"]}, "are not assets of one job"),
    ):
        with pytest.raises(BadInput, match=message):
            home.add({"type": "run_job", **action})
    home.add({"type": "run_job", "assets": ["settlements", "daily_journals"]})
    home.happen()
    assert home.send() == RoundResult(), "runs are requested by sensors"
