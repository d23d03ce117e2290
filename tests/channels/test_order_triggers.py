"""From an order that is placed at a shop to a signed webhook and a mail, as one story."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from connectors.accounts.setup import Setup, StreamChoice
from connectors.home.settings import Settings
from pipelines.stages.order_events import record_order_events
from pipelines.stages.record_import import import_streams
from pipelines.stages.record_schedule import due_connections
from pipelines.stages.records import normalise_records
from pipelines.stages.trigger_delivery import deliver_due, match_triggers
from pipelines.stages.triggers import save_trigger
from sandbox.limits import CLOCK
from sandbox.money import live_to
from tests.channels.feeds import sales_of
from tests.channels.stores import Store, store
from tests.receivers import mail_server, webhook_receiver

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()


@pytest.fixture
def shop(quick_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    home = quick_home.model_copy(update={"allowed_private_hosts": "127.0.0.1"})
    with store("woocommerce", home, tmp_path) as at:
        # Triggers pass over what was before them, so the shop's day is today.
        live_to(at.desk.emulator, datetime.now(UTC).date())
        setup = Setup.model_validate(at.house.connection.setup)
        chosen = {"orders": StreamChoice(history=True, ongoing=True, since=datetime.now(UTC))}
        imports = setup.imports.model_copy(update={"streams": chosen})
        document = setup.model_copy(update={"imports": imports}).model_dump(mode="json")
        registry = at.house.workspace.registry
        registry.connections.set_setup(at.house.slug, document, "test")
        at.house.connection = registry.connections.get(at.house.slug)
        yield at


def poll(at: Store) -> None:
    """One poll, and what follows from it."""
    workspace, connection = at.house.workspace, at.house.connection
    import_streams(workspace, connection, datetime.now(UTC))
    days = workspace.registry.record_imports.waiting_days(connection.slug)
    results = list(normalise_records(workspace, connection, sorted(days)))
    assert [r.failure for r in results if r.failure] == []
    record_order_events(workspace, connection, sorted(days))
    workspace.registry.record_imports.finish_days(connection.slug, days)
    match_triggers(workspace, datetime.now(UTC))
    deliver_due(workspace, lambda: datetime.now(UTC))


def test_an_order_reaches_a_webhook_and_a_mailbox_once(shop: Store) -> None:
    workspace = shop.house.workspace
    with webhook_receiver() as receiver, mail_server() as mail:
        actions = [
            {"type": "webhook", "url": receiver.url, "secret": SECRET},
            {
                "type": "message",
                "address": mail.address,
                "subject": "Order {{ order_number }}",
                "body": "{{ amount }} {{ currency }}, first order: {{ is_first_order }}",
            },
        ]
        document = {"name": "orders", "event": "order_submitted", "actions": actions}
        save_trigger(workspace, document, "ada")
        # History starts no work.
        poll(shop)
        assert (receiver.calls, mail.messages) == ([], [])
        assert list(due_connections(workspace, datetime.now(UTC))) == []
        later = datetime.now(UTC) + timedelta(minutes=6)
        assert [d.connection.slug for d in due_connections(workspace, later)] == [shop.house.slug]
        placed = sales_of(shop).place()
        poll(shop)
        (call,) = receiver.calls
        event = Webhook(SECRET).verify(call.body, call.headers)
        assert (event["type"], event["data"]["order_id"]) == ("order_submitted", placed.number)
        (message,) = mail.messages
        assert message["subject"] == f"Order {placed.number}"
        # The same order, changed: no second one is submitted.
        sales_of(shop).change(placed.number, "completed")
        poll(shop)
        assert (len(receiver.calls), len(mail.messages)) == (1, 1)
