"""Webhooks are subscribed at the platform, looked after daily, and ended with the connection."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from connectors.accounts import webhook_subscriptions
from connectors.accounts.platforms import PLATFORMS
from connectors.accounts.webhook_secrets import WebhookSecrets
from connectors.accounts.webhook_subscriptions import CHECKED_EVERY, WebhookSubscriptions
from connectors.database.registry.findings import NOTIFICATIONS
from connectors.errors import BadInput, ConfigError
from connectors.home.settings import Settings
from pipelines.stages.webhook_inbox import Arrival, WebhookInbox
from pipelines.stages.workspace import Workspace
from sandbox.hooks import Hooks, Send
from sandbox.webhooks import Event, Sending
from tests.connectors.accounts.platforms import Desk, desk

SUBSCRIBED = sorted(
    name for name, p in PLATFORMS.items() if p.deliveries and p.deliveries.subscriptions
)
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between calls: the emulators keep the platforms' own limits."""
    monkeypatch.setattr(webhook_subscriptions, "LIMITS", {})


@contextmanager
def public_desk(name: str, home: Settings, folder: Path) -> Iterator[Desk]:
    """A home whose console is at a public address, as platforms want it."""
    with desk(name, home, folder) as opened:
        settings = opened.accounts.settings.model_copy(
            update={"public_url": "https://books.example"}
        )
        yield replace(opened, accounts=replace(opened.accounts, settings=settings))


@pytest.fixture(params=SUBSCRIBED)
def at(request: pytest.FixtureRequest, quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    with public_desk(request.param, quick_home, tmp_path) as opened:
        emulator: Any = opened.emulator
        if request.param == "ebay":
            # Nothing is served at the console's address here.
            emulator.webhooks.tests_addresses = False
        yield opened


def hooks_of(at: Desk) -> Hooks:
    emulator: Any = at.emulator
    hooks: Hooks = emulator.webhooks.hooks
    return hooks


def sending_to(at: Desk) -> Send:
    """The console in process: what a platform is answered."""
    inbox = WebhookInbox(Workspace(at.accounts.settings, at.registry))

    def send(url: str, sending: Sending) -> int:
        platform, slug = url.rsplit("/", 2)[1:]
        headers = {name.lower(): value for name, value in sending.headers.items()}
        arrival = Arrival(platform, slug, headers, sending.body)
        return 200 if inbox.receive([arrival], datetime.now(UTC)) == [True] else 401

    return send


def test_webhooks_are_subscribed_renewed_and_ended(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    webhooks, hooks = WebhookSubscriptions(at.accounts), hooks_of(at)
    assert not webhooks.status(slug).topics
    webhooks.keep_up(slug, NOW)
    status = webhooks.status(slug)
    support = PLATFORMS[at.name].deliveries
    assert support is not None
    assert support.subscriptions is not None
    assert status.topics == sorted(support.subscriptions.topics)
    assert status.address == f"{at.accounts.settings.public_url}/hooks/{at.name}/{slug}"
    assert status.problem is None
    assert {record.url for record in hooks.records.values()} == {status.address}

    # A true delivery, twice, gets in once.
    connection = at.registry.connections.get(slug)
    account = connection.fields.get("shop") or connection.account_id or ""
    event = Event(min(set(support.topics) & set(status.topics)), account, {"id": 1}, at=NOW)
    assert hooks.deliver([event], sending_to(at), copies=2) == [200, 200]
    (hint,) = at.registry.hints.pending()
    assert (hint.connection, hint.topic) == (slug, event.topic)
    assert webhooks.status(slug).received_at is not None

    # In any order and twice, but for those that get lost: each of the others once.
    numbered = [replace(event, id=f"n{n}") for n in range(9)]
    sent = hooks.deliver(
        numbered, sending_to(at), copies=2, shuffled=Random(7), lost=lambda e: e.id == "n3"
    )
    assert sent == [200] * 16
    ids = {hint.event_id for hint in at.registry.hints.pending()} - {hint.event_id}
    assert ids == {each.id for each in numbered if each.id != "n3"}

    # Within the day nothing is asked; after it, what the platform gave up is made anew.
    before = set(hooks.records)
    for record in hooks.records.values():
        record.is_active = False
    if at.name == "tiktok":
        hooks.records.clear()
    webhooks.keep_up(slug, NOW + timedelta(hours=1))
    assert set(hooks.records) <= before
    webhooks.keep_up(slug, NOW + CHECKED_EVERY)
    active = [record for record in hooks.records.values() if record.is_active]
    assert {t for record in active for t in record.topics} == support.subscriptions.topics
    assert hooks.deliver([replace(event, id="later")], sending_to(at)) == [200]
    webhooks.keep_up(slug, NOW + 2 * CHECKED_EVERY)
    assert [r for r in hooks.records.values() if r.is_active] == active

    # Another program's stays, ours go with the connection.
    shared = at.name not in {"square", "tiktok"}
    topics = active[0].topics if shared else ["other.topic"]
    hooks.add(active[0].account, topics, "https://other.example/hook", "x")
    problem = at.accounts.disconnect(slug, "test")
    assert "webhooks" not in (problem or "")
    left = [record.url for record in hooks.records.values() if record.is_active]
    assert left == ["https://other.example/hook"]
    assert WebhookSecrets(at.accounts.vault).current(slug) is None


REFUSES: dict[str, Callable[[Any], None]] = {
    "woocommerce": lambda webhooks: setattr(webhooks, "may_write", False),
    "square": lambda webhooks: setattr(webhooks, "takes_grants", False),
}


@pytest.mark.parametrize("name", sorted(REFUSES))
def test_a_platform_that_does_not_let_daybook_subscribe_is_named_once_it_matters(
    name: str, quick_home: Settings, tmp_path: Path
) -> None:
    with public_desk(name, quick_home, tmp_path) as at:
        slug, webhooks = at.add(at.emulator.first), WebhookSubscriptions(at.accounts)
        emulator: Any = at.emulator
        REFUSES[name](emulator.webhooks)
        with pytest.raises(ConfigError, match="make the webhook"):
            webhooks.subscribe(slug, "test")
        # Whoever never had any misses nothing: the card stays as it is.
        webhooks.keep_up(slug, NOW)
        assert "make the webhook" in (webhooks.status(slug).problem or "")
        assert at.registry.connections.get(slug).findings == []
        for switch in ("may_write", "takes_grants"):
            setattr(emulator.webhooks, switch, True)
        webhooks.subscribe(slug, "test", NOW)
        REFUSES[name](emulator.webhooks)
        webhooks.keep_up(slug, NOW + CHECKED_EVERY)
        (finding,) = at.registry.connections.get(slug).findings
        assert finding.startswith(NOTIFICATIONS)
        # The subscriptions could not be ended, and their deliveries are refused.
        problem = at.accounts.disconnect(slug, "test")
        assert name == "square" or "could not be ended" in (problem or "")
        event = Event("order.created", at.emulator.first, {"id": 1})
        assert set(hooks_of(at).deliver([event], sending_to(at))) == {401}


def test_without_a_public_address_nothing_is_subscribed(
    quick_home: Settings, tmp_path: Path
) -> None:
    with desk("woocommerce", quick_home, tmp_path) as at:
        slug = at.add(at.emulator.first)
        webhooks = WebhookSubscriptions(at.accounts)
        webhooks.keep_up(slug, NOW)
        assert webhooks.status(slug).address is None
        with pytest.raises(BadInput, match="DAYBOOK_PUBLIC_URL"):
            webhooks.subscribe(slug, "test")
        assert hooks_of(at).records == {}


def test_a_secret_is_typed_or_made_where_the_platform_has_no_call(
    quick_home: Settings, tmp_path: Path
) -> None:
    with public_desk("etsy", quick_home, tmp_path) as at:
        slug, webhooks = at.add(at.emulator.first), WebhookSubscriptions(at.accounts)
        with pytest.raises(BadInput, match="Etsy has no call for webhooks: enter https"):
            webhooks.subscribe(slug, "test")
        with pytest.raises(BadInput, match="8 to 200"):
            webhooks.set_secret(slug, "short", "test")
        made = webhooks.make_secret(slug, "test")
        assert WebhookSecrets(at.accounts.vault).valid(slug, NOW) == [made]
        assert webhooks.unsubscribe(slug, "test")
        assert not webhooks.unsubscribe(slug, "test")
        assert not webhooks.status(slug).has_secret


def test_a_token_alone_is_not_subscribed_as_nothing_could_be_verified(
    quick_home: Settings, tmp_path: Path
) -> None:
    with public_desk("shopify", quick_home, tmp_path) as at:
        emulator: Any = at.emulator
        token = {"access_token": emulator.oauth.lasting(emulator.first)}
        fields = at.emulator.chosen(emulator.first) | token
        slug = at.accounts.add("shopify", "Mugs", fields, actor="test").slug
        with pytest.raises(BadInput, match=f"{slug} has no client_secret"):
            WebhookSubscriptions(at.accounts).subscribe(slug, "test")
        assert hooks_of(at).records == {}
