"""Amazon's notifications: a message in the owner's queue makes the account's sync come sooner."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from connectors.accounts.notification_queues import NotificationQueues
from connectors.channels.amazon import notifications
from connectors.database.registry import ScheduledSync
from connectors.database.registry.findings import MISSING
from connectors.database.registry.record_imports import RecordImport
from connectors.errors import BadInput, ConfigError, Transient
from connectors.home.settings import Settings, settings
from pipelines.definitions import build_definitions
from pipelines.resources import Daybook
from pipelines.stages.notification_poll import PollResult, poll_queues
from sandbox.amazon import Amazon
from sandbox.amazon_notifications import (
    NotificationDesk,
    as_event,
    order_change,
    report_finished,
    transaction_update,
)
from sandbox.sqs import ARN, AWS_ACCOUNT
from tests.channels.stores import Store, connected, store
from tests.secrets_search import exposed

SELLER, GERMANY, UNITED_STATES = "A2EMBERCRAFT01", "A1PA6795UKMFR9", "ATVPDKIKX0DER"
LOG = logging.getLogger("notices")
QUEUE = "/sqs/"
WRONG = (
    ({"secret_access_key": "not-the-secret-of-this-key"}, "access key is not accepted"),
    ({"access_key_id": "AKIADAYBOOKEXAMPLE99"}, "access key is not accepted"),
    ({"region": "us-east-1"}, "access key is not accepted"),
    (
        {"queue_url": "https://sqs.eu-west-1.amazonaws.com/123456789012/other"},
        "there is no such queue",
    ),
    ({"queue_arn": f"{ARN}-2"}, "access policy must allow the AWS account 437568002678"),
    ({"queue_arn": ARN, "account_id": AWS_ACCOUNT}, "and not both"),
    ({"queue_url": "sqs://daybook"}, "queue_url must be like https://sqs."),
    ({"region": "evil.example/"}, "region must be like eu-west-1"),
    ({"colour": "blue"}, "the queue has no field colour"),
)


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store whose owner has given a queue, and that was synced this morning."""
    monkeypatch.setattr("connectors.http.remote.sleep", lambda _seconds: None)
    with store("amazon", quick_home, tmp_path) as opened:
        notifying(opened).switch_on(slug(opened), desk(opened).fields(queue_arn=ARN), "test")
        opened.desk.registry.sync_schedule.set(slug(opened), morning(opened))
        yield opened


def amazon(at: Store) -> Amazon:
    assert isinstance(at.desk.emulator, Amazon)
    return at.desk.emulator


def desk(at: Store) -> NotificationDesk:
    return amazon(at).notifications


def slug(at: Store) -> str:
    return at.house.slug


def notifying(at: Store) -> NotificationQueues:
    return NotificationQueues(at.desk.accounts)


def morning(at: Store) -> datetime:
    return at.now + timedelta(hours=15)


def send(at: Store, *notifications: dict[str, Any]) -> None:
    for notification in notifications:
        desk(at).sqs.send(json.dumps(notification))


def poll(at: Store) -> PollResult:
    return poll_queues(at.house.workspace, at.now, LOG)


def scheduled(at: Store, of: str = "") -> ScheduledSync:
    return at.desk.registry.sync_schedule.by_connection()[of or slug(at)]


def findings(at: Store, of: str = "") -> list[str]:
    return at.desk.registry.connections.get(of or slug(at)).findings


def tick(at: Store, instance: dg.DagsterInstance, sensor: str) -> dg.SensorResult:
    """One evaluation, at the platform's noon."""
    definition = build_definitions().resolve_sensor_def(sensor)
    resources = {"daybook": Daybook(clock=lambda: at.now)}
    with dg.build_sensor_context(instance=instance, resources=resources) as context:
        result = definition(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_a_settlement_that_closes_is_fetched_the_same_day(
    at: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = at.desk.accounts.settings
    assert home.database_url is not None
    monkeypatch.setenv("DAYBOOK_HOME", str(home.home))
    monkeypatch.setenv("DAYBOOK_DATABASE_URL", home.database_url.get_secret_value())
    monkeypatch.setenv("DAYBOOK_ENDPOINTS", str(home.endpoints))
    settings.cache_clear()
    at.sync()
    at.money.advance(8)
    at.desk.registry.sync_schedule.set(slug(at), morning(at))
    assert len(desk(at).sqs.messages) == 2, "a message a site"

    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("connections", [slug(at)])
        assert not tick(at, instance, "due_syncs").run_requests
        heard = tick(at, instance, "notifications")
        assert heard.skip_reason == dg.SkipReason(f"2 messages; sooner: {slug(at)}")
        assert desk(at).sqs.messages == []
        assert scheduled(at).at == at.now
        # The inbox has them, handled.
        assert at.desk.registry.hints.latest(slug(at)) is not None
        assert at.desk.registry.hints.pending() == []
        requests = list(tick(at, instance, "due_syncs").run_requests or ())
        again = tick(at, instance, "notifications")
        assert again.skip_reason == dg.SkipReason("no messages")
    settings.cache_clear()
    assert {r.run_key.split("|")[0] for r in requests if r.run_key} == {slug(at)}
    assert len({r.run_key for r in requests}) == len(requests) == 1
    assert {m.statement for m in at.sync().documents} & set(at.money.settlements())


def test_a_burst_makes_one_sync_and_transactions_are_gathered_for_a_while(at: Store) -> None:
    transaction = transaction_update(SELLER, at.now - timedelta(days=2), GERMANY)
    send(at, transaction, transaction)
    assert poll(at).advanced == {slug(at)}
    assert scheduled(at).at == at.now + timedelta(minutes=30)
    send(at, transaction, *[report_finished(SELLER)] * 12, transaction)
    heard = poll(at)
    assert (heard.messages, heard.unread, desk(at).sqs.messages) == (14, 0, [])
    assert scheduled(at) == ScheduledSync(slug(at), at.now, [], None)


def test_a_changed_order_has_orders_imported_at_once_and_no_settlement(at: Store) -> None:
    imports = at.house.workspace.registry.record_imports
    imports.set(RecordImport(slug(at), "orders", since=at.now, through=at.now))
    before = scheduled(at).at
    send(at, order_change(SELLER, GERMANY))
    assert poll(at).messages == 1
    assert imports.of_connection(slug(at))["orders"].asked_at == at.now
    assert scheduled(at).at == before


def test_what_is_not_for_us_is_let_go(at: Store) -> None:
    made = [
        report_finished("A9SOMEBODYELSE"),
        report_finished(SELLER, kind="GET_MERCHANT_LISTINGS_ALL_DATA"),
        report_finished(SELLER, status="CANCELLED"),
        transaction_update(SELLER, at.now - timedelta(days=3), UNITED_STATES),
        order_change(SELLER, GERMANY),
        {"NotificationType": "ANY_OFFER_CHANGED", "Payload": {"AnyOfferChanged": {}}},
        # Of a day that is not over: its own sync brings it.
        transaction_update(SELLER, at.now, GERMANY),
    ]
    send(at, *made, *map(as_event, made))
    heard = poll(at)
    assert (heard.messages, heard.unread, desk(at).sqs.messages) == (2 * len(made), 0, [])
    assert scheduled(at).at == morning(at)


def test_either_envelope_is_read_however_its_names_are_written() -> None:
    posted = datetime(2026, 10, 20, 8, tzinfo=UTC)
    for made in (report_finished(SELLER), transaction_update(SELLER, posted, GERMANY)):
        swapped = json.loads(json.dumps(made), object_pairs_hook=swap)
        parsed = [notifications.parse(json.dumps(m)) for m in (made, swapped, as_event(made))]
        assert parsed[0] == parsed[1] == parsed[2]
        assert (parsed[0].seller, parsed[0].is_known) == (SELLER, True)
        assert parsed[0].within is not None


def swap(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name.swapcase(): value for name, value in pairs}


def test_a_report_without_a_seller_is_its_accounts() -> None:
    made = report_finished(SELLER)
    del made["payload"]["reportProcessingFinishedNotification"]["sellerId"]
    assert notifications.parse(json.dumps(made)).seller == SELLER


def test_what_nobody_can_read_stays_for_the_dead_letter_queue(
    at: Store, caplog: pytest.LogCaptureFixture
) -> None:
    bodies = (
        "hello",
        "[]",
        '{"Service": "Amazon S3", "Event": "s3:TestEvent"}',
        '{"notificationType": "REPORT_PROCESSING_FINISHED"}',
        '{"NotificationType": "TRANSACTION_UPDATE", "Payload": {"T": {"PostedDate": "soon"}}}',
        '{"detail-type": "TRANSACTION_UPDATE", "source": "aws.partner", "detail": "none"}',
    )
    numbers = [desk(at).sqs.send(body) for body in bodies]
    send(at, report_finished(SELLER))
    with caplog.at_level(logging.WARNING, "notices"):
        heard = poll(at)
    assert (heard.messages, heard.unread) == (1, len(bodies))
    assert scheduled(at).at == at.now, "they hold up no other"
    assert [m.id for m in desk(at).sqs.messages] == numbers
    for number, line in zip(numbers, caplog.messages, strict=True):
        assert line.startswith(f"message {number} cannot be read: ")
    assert poll(at).unread == 0, "they are hidden"
    desk(at).sqs.skew += 121
    assert poll(at).unread == len(bodies), "they come again"
    assert findings(at) == []


def test_a_platforms_wait_is_not_cut_short(at: Store) -> None:
    day = (at.now - timedelta(days=1)).date()
    until = at.now + timedelta(hours=1)
    at.desk.registry.sync_schedule.set(slug(at), until, [day], "waiting for Amazon")
    send(at, report_finished(SELLER))
    assert poll(at).messages == 1
    assert scheduled(at) == ScheduledSync(slug(at), until, [day], "waiting for Amazon")


def test_the_sync_is_scheduled_before_the_message_goes(at: Store) -> None:
    send(at, report_finished(SELLER))
    faults = at.desk.emulator.application
    faults.only, faults.script = QUEUE, iter([None, "503"])
    assert poll(at).silent == {slug(at)}
    assert scheduled(at).at == at.now
    assert len(desk(at).sqs.messages) == 1

    at.desk.registry.sync_schedule.set(slug(at), morning(at))
    desk(at).sqs.skew += 121
    assert poll(at).messages == 1, "it came again"
    assert (scheduled(at).at, desk(at).sqs.messages) == (at.now, [])


def test_a_queue_waits_while_its_account_is_synced(at: Store) -> None:
    send(at, report_finished(SELLER))
    with at.desk.registry.activities.record(slug(at), "data", 1):
        assert poll(at).messages == 0
        assert desk(at).sqs.messages[0].times == 0
    assert poll(at).messages == 1


def test_a_queue_that_is_down_is_told_on_the_card_until_it_answers(
    at: Store, caplog: pytest.LogCaptureFixture
) -> None:
    faults = at.desk.emulator.application
    faults.only, faults.script = QUEUE, iter(["503"])
    assert poll(at).silent == {slug(at)}
    (finding,) = findings(at)
    assert finding.startswith("notifications: Amazon SQS answers ReceiveMessage with 503")
    at.desk.registry.findings.set(slug(at), MISSING, ["a gap"])
    assert findings(at) == ["a gap", finding], "a sync leaves it"
    assert poll(at).silent == set()
    assert findings(at) == ["a gap"]


def test_regions_of_a_seller_share_a_queue_and_one_bad_key_stops_no_other(at: Store) -> None:
    overseas = connected(at.desk, amazon(at).overseas)
    before = desk(at).fields(queue_arn=ARN)
    desk(at).sqs.secret = "another-secret-access-key-of-the-owner"
    notifying(at).switch_on(slug(overseas), desk(at).fields(queue_arn=ARN), "test")
    at.desk.registry.sync_schedule.set(slug(overseas), morning(at))
    assert desk(at).fields(queue_arn=ARN) != before

    day = at.now - timedelta(days=3)
    send(at, transaction_update(SELLER, day, UNITED_STATES))
    heard = poll(at)
    assert (heard.silent, heard.messages) == ({slug(at)}, 1)
    assert "access key is not accepted" in findings(at)[0]
    assert findings(at, slug(overseas)) == []
    assert scheduled(at).at == morning(at)
    assert scheduled(at, slug(overseas)).at == at.now + timedelta(minutes=30)

    send(at, report_finished(SELLER))
    poll(at)
    assert scheduled(at).at == scheduled(at, slug(overseas)).at == at.now


def test_giving_a_queue_again_changes_nothing_at_amazon(at: Store) -> None:
    assert len(desk(at).destinations) == 1
    assert {kind for _, kind in desk(at).subscriptions} == {
        "REPORT_PROCESSING_FINISHED",
        "TRANSACTION_UPDATE",
    }
    made = (list(desk(at).destinations), dict(desk(at).subscriptions))
    desk(at).nulls = True
    send(at, report_finished(SELLER))
    standing = notifying(at).switch_on(slug(at), desk(at).fields(queue_arn=ARN), "test")
    assert standing.waiting == 1
    assert list(standing.subscribed) == [
        "Amazon sends REPORT_PROCESSING_FINISHED and TRANSACTION_UPDATE"
    ]
    assert (desk(at).destinations, desk(at).subscriptions) == made

    desk(at).destinations.clear()
    with pytest.raises(ConfigError, match="to another destination of the application"):
        notifying(at).switch_on(slug(at), desk(at).fields(queue_arn=ARN), "test")


def test_a_destination_made_a_moment_ago_is_used(at: Store) -> None:
    desk(at).subscriptions.clear()
    faults = at.desk.emulator.application
    faults.only, faults.script = "/eu/notifications", iter([None, None, "lost"])
    credentials = desk(at).fields(queue_arn=ARN)
    with pytest.raises(Transient):
        notifying(at).switch_on(slug(at), credentials, "test")
    notifying(at).switch_on(slug(at), credentials, "test")
    assert len(desk(at).subscriptions) == 2


def test_eventbridge_is_a_destination_too(at: Store) -> None:
    desk(at).destinations.clear()
    desk(at).subscriptions.clear()
    desk(at).nulls = True
    credentials = desk(at).fields(account_id=AWS_ACCOUNT)
    standing = notifying(at).switch_on(slug(at), credentials, "test")
    assert "associate the event source aws.partner/" in standing.subscribed[1]
    at.money.advance(8)
    at.desk.registry.sync_schedule.set(slug(at), morning(at))
    assert "detail-type" in json.loads(desk(at).sqs.messages[0].body)
    assert poll(at).messages == 2
    assert scheduled(at).at == at.now


def test_a_queue_without_arn_is_listened_to_and_nothing_is_asked_of_amazon(at: Store) -> None:
    paths = [e.path for e in at.exchanges]
    standing = notifying(at).switch_on(slug(at), desk(at).fields(), "test")
    assert list(standing.subscribed) == []
    assert [e.path for e in at.exchanges][len(paths) :] == [QUEUE]
    assert "queue_arn" not in (notifying(at).shown(slug(at)) or {})

    at.desk.registry.connections.add(
        "files", channel="amazon", name="Files", timezone="UTC", actor="test"
    )
    with pytest.raises(BadInput, match="no notifications that Daybook hears"):
        notifying(at).switch_on("files", desk(at).fields(), "test")


def test_one_that_cannot_be_synced_is_not_listened_for(at: Store) -> None:
    faults = at.desk.emulator.application
    faults.only, faults.script = QUEUE, iter(["503"])
    poll(at)
    at.desk.registry.connections.set_state(slug(at), "paused", "test")
    calls = len(at.exchanges)
    poll(at)
    assert len(at.exchanges) == calls
    at.desk.accounts.disconnect(slug(at), "test")
    assert notifying(at).notified() == set()
    assert (notifying(at).shown(slug(at)), findings(at)) == (None, [])
    assert not notifying(at).switch_off(slug(at), "test")


def test_a_queue_that_does_not_answer_is_not_kept(at: Store) -> None:
    before = notifying(at).shown(slug(at))
    for body, message in WRONG:
        with pytest.raises(ConfigError, match=message) as error:
            notifying(at).switch_on(slug(at), desk(at).fields() | body, "test")
        assert notifying(at).shown(slug(at)) == before
        assert desk(at).sqs.secret not in str(error.value)


def test_the_secret_lies_nowhere_open(at: Store, caplog: pytest.LogCaptureFixture) -> None:
    home = at.desk.accounts.settings
    assert home.database_url is not None
    with caplog.at_level(logging.DEBUG):
        send(at, report_finished(SELLER))
        desk(at).sqs.send("hello")
        poll(at)
    settings_shown = notifying(at).shown(slug(at))
    assert settings_shown is not None
    assert "secret_access_key" not in settings_shown
    secrets = [desk(at).sqs.secret]
    assert exposed(secrets, home.home, home.database_url.get_secret_value()) == []
    assert desk(at).sqs.secret not in caplog.text
    for exchange in at.exchanges:
        assert desk(at).sqs.secret.encode() not in exchange.body
