"""Webhooks as platforms send them: stored before they are answered, once, and refused alike."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.types import ASGIApp, Message

from connectors.accounts.hint_bodies import HintBodies, open_body
from connectors.accounts.platforms import PLATFORMS
from connectors.accounts.webhook_secrets import OVERLAP, WebhookSecrets
from connectors.errors import Transient
from console.web.app import build, default_parts
from pipelines.stages import webhook_inbox
from pipelines.stages.privacy import PrivacyRequests, answer_requests, export_person
from pipelines.stages.privacy_requests import finish_privacy_request, pending_privacy_requests
from sandbox.webhooks import Sending, signed
from tests.console.web.conftest import Site
from tests.console.web.webhook_senders import (
    SECRET,
    TOKEN,
    TOPICS,
    connect,
    event_of,
    hook_of,
    platform_call,
    send,
    workspace_of,
)

__all__ = ["platform_call"]


def test_every_platform_is_heard_once_and_what_is_forged_is_not(
    site: Site, platform_call: httpx2.Client
) -> None:
    assert sorted(TOPICS) == sorted(n for n, p in PLATFORMS.items() if p.deliveries is not None)
    refusals = set()

    def refused(url: str, body: bytes, headers: Mapping[str, str]) -> None:
        response = platform_call.post(url, content=body, headers=headers)
        refusals.add((response.status_code, response.text))

    for platform in TOPICS:
        slug = f"my-{platform}"
        further = {"verifier_token": TOKEN} if platform == "quickbooks" else {}
        connect(site, platform, slug, **further)
        hook, event = hook_of(site, platform, slug), event_of(site, platform, slug)
        for _ in range(3):
            assert send(platform_call, platform, event, hook) == 200, platform
        sending = signed(platform, event, hook)
        refused(hook.url, sending.body + b" ", sending.headers)
        refused(hook.url, sending.body, {})
        refused(hook.url.replace(slug, "nobody"), sending.body, sending.headers)
        refused(f"{site.url}/hooks/amazon/{slug}", sending.body, sending.headers)
        refused(f"{site.url}/hooks/nothing/{slug}%00"[:-3], sending.body, sending.headers)
        purpose = "entries" if platform in {"quickbooks", "xero"} else "sync"
        (hint,) = (h for h in site.registry.hints.pending(purpose=purpose) if h.connection == slug)
        assert (hint.platform, hint.topic) == (platform, event.topic)
        # Nothing of it is readable but with the key.
        (sealed,) = site.registry.hints.bodies([hint.id]).values()
        assert b"Petra" not in sealed
        key = HintBodies(site.console.accounts.vault).key()
        assert json.loads(open_body(key, platform, hint.event_id, sealed))
    assert refusals == {(401, '{"error":"this is not signed by a connected account"}')}
    # The address of a store that is not connected any more, and of one that never was, look alike.
    hook, event = hook_of(site, "square", "my-square"), event_of(site, "square", "my-square")
    site.registry.connections.set_state("my-square", "disconnected", "test")
    assert send(platform_call, "square", event, hook) == 401
    # An oversized body is not read to its end.
    long = replace(event, content={"padding": "x" * 70_000})
    assert send(platform_call, "square", long, hook) == 413


def test_two_secrets_are_good_while_one_is_replaced(
    site: Site, platform_call: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody waits for the second after which a secret is looked up anew.
    monkeypatch.setattr(webhook_inbox, "RECHECK_SECONDS", 0.0)
    connect(site, "woocommerce", "shop")
    secrets = WebhookSecrets(site.console.accounts.vault)
    hook = hook_of(site, "woocommerce", "shop")

    def answer(secret: str) -> int:
        own = replace(hook, secret=secret)
        return send(platform_call, "woocommerce", event_of(site, "woocommerce", "shop"), own)

    assert answer(SECRET) == 200
    secrets.set("shop", "the next one")
    assert [answer(s) for s in (SECRET, "the next one", "a third one")] == [200, 200, 401]
    now = datetime.now(UTC)
    assert secrets.valid("shop", now + OVERLAP) == ["the next one"]
    secrets.forget("shop")
    assert secrets.valid("shop", now) == []
    # A new store tests the address without a signature, and learns nothing by the answer.
    for slug in ("shop", "nobody"):
        url = f"{site.url}/hooks/woocommerce/{slug}"
        assert platform_call.post(url, content=b"webhook_id=1").status_code == 200
    # An application's secret that is replaced stays good for its webhooks, too.
    emulator = site.platforms["shopify"]
    site.console.accounts.register(PLATFORMS["shopify"], emulator.fields(), "test")
    keys = emulator.chosen(emulator.first) | emulator.keys(emulator.first)
    site.console.accounts.add("shopify", "mugs", keys, slug="mugs", actor="test")
    hook, event = hook_of(site, "shopify", "mugs"), event_of(site, "shopify", "mugs")
    changed = {"client_secret": "another secret of it"}
    site.console.accounts.register(PLATFORMS["shopify"], changed, "test")
    assert send(platform_call, "shopify", event, hook) == 200
    newer = replace(hook, secret="another secret of it")
    assert send(platform_call, "shopify", replace(event, id="newer"), newer) == 200


def test_events_of_one_application_come_to_the_account_they_are_of(
    site: Site, platform_call: httpx2.Client
) -> None:
    for slug, which in (("cups", "first"), ("mugs", "second")):
        connect(site, "square", slug, which)
    hook, event = hook_of(site, "square", "cups"), event_of(site, "square", "mugs")
    assert send(platform_call, "square", event, hook) == 200
    (hint,) = site.registry.hints.pending()
    assert hint.connection == "mugs"
    stranger = replace(event, account="another", id="2")
    assert send(platform_call, "square", stranger, hook) == 401


def test_requests_about_people_are_evidenced_and_wait_to_be_done(
    site: Site, platform_call: httpx2.Client
) -> None:
    workspace = workspace_of(site)
    connect(site, "ebay", "crafts")
    hook = hook_of(site, "ebay", "crafts")
    challenge = platform_call.get(hook.url, params={"challenge_code": "c0de"}).json()
    assert list(challenge) == ["challengeResponse"]
    for url in (hook.url, hook.url.replace("crafts", "nobody"), f"{site.url}/hooks/etsy/crafts"):
        assert platform_call.get(url, params={"challenge_code": ""}).status_code == 401
    deletion = event_of(site, "ebay", "crafts", "MARKETPLACE_ACCOUNT_DELETION")
    deletion = replace(deletion, content={"userId": "ma8vp1jySJC", "username": "petra"})
    emulator = site.platforms["shopify"]
    site.console.accounts.register(PLATFORMS["shopify"], emulator.fields(), "test")
    keys = emulator.chosen(emulator.first) | emulator.keys(emulator.first)
    site.console.accounts.add("shopify", "mugs", keys, slug="mugs", actor="test")
    shop = hook_of(site, "shopify", "mugs")
    redaction = event_of(site, "shopify", "mugs", "customers/redact")
    redaction = replace(redaction, content={"customer": {"id": 191167, "email": "petra@b.example"}})
    # Shopify asks for it when the store has left.
    assert send(platform_call, "ebay", deletion, hook) == 200
    # Whose data is asked for stays on the card until somebody exported it.
    wish = event_of(site, "shopify", "mugs", "customers/data_request")
    wish = replace(wish, content=redaction.content)
    assert send(platform_call, "shopify", wish, shop) == 200
    site.console.accounts.disconnect("mugs", "test")
    for _ in range(2):
        assert send(platform_call, "shopify", redaction, shop) == 200
    assert send(platform_call, "shopify", event_of(site, "shopify", "mugs"), shop) == 401
    first, third, second = pending_privacy_requests(workspace)
    assert third.topic == "customers/data_request"
    assert (first.platform, first.topic) == ("ebay", "MARKETPLACE_ACCOUNT_DELETION")
    assert second.content["customer"]["email"] == "petra@b.example"
    finish_privacy_request(workspace, first, "nothing was held", "test")
    assert [r.id for r in pending_privacy_requests(workspace)] == [third.id, second.id]
    assert answer_requests(workspace) == PrivacyRequests(asked_for=1)
    assert pending_privacy_requests(workspace) == []
    (finding,) = site.registry.connections.get("mugs").findings
    assert finding.startswith("personal data: customers/data_request of ")
    (key,) = {p.customer_key for p in site.registry.people.list("mugs")}
    assert f"`daybook privacy export mugs {key}`" in finding
    assert export_person(workspace, "mugs", key)["erased_at"] is not None
    assert site.registry.connections.get("mugs").findings == []
    events = [e for e in site.registry.audit.list() if e.action.startswith("privacy.")]
    assert [(e.action, e.actor, e.subject) for e in events] == [
        ("privacy.handled", "daybook", "mugs"),
        ("privacy.erased", "shopify", "mugs"),
        ("privacy.handled", "daybook", "mugs"),
        ("privacy.handled", "test", "crafts"),
        ("privacy.requested", "shopify", "mugs"),
        ("privacy.requested", "shopify", "mugs"),
        ("privacy.requested", "ebay", "crafts"),
    ]
    assert all("petra" not in str(e.detail) and "191167" not in str(e.detail) for e in events)
    assert len(events[4].detail["subject"]) == 64


def test_what_was_not_stored_is_sent_again(
    site: Site, platform_call: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(site, "square", "cups")
    hook, event = hook_of(site, "square", "cups"), event_of(site, "square", "cups")
    accept = type(site.registry.hints).accept

    def broken(*_args: object) -> list[str]:
        raise Transient("the database is away")

    monkeypatch.setattr(type(site.registry.hints), "accept", broken)
    assert send(platform_call, "square", event, hook) == 503
    assert site.registry.hints.pending() == []

    def killed(hints: Any, *args: Any) -> list[str]:
        accept(hints, *args)
        raise Transient("killed after the commit, before the answer")

    monkeypatch.setattr(type(site.registry.hints), "accept", killed)
    assert send(platform_call, "square", event, hook) == 503
    monkeypatch.setattr(type(site.registry.hints), "accept", accept)
    assert send(platform_call, "square", event, hook) == 200
    assert [hint.event_id for hint in site.registry.hints.pending()] == [event.id]


async def call(application: ASGIApp, url: str, sending: Sending) -> int:
    """What a server makes of a request; a client would take longer than what it calls."""
    parts = urlsplit(url)
    headers = {**sending.headers, "Host": parts.netloc, "Content-Length": str(len(sending.body))}
    scope = {
        "type": "http",
        "method": "POST",
        "path": parts.path,
        "query_string": b"",
        "headers": [(n.lower().encode(), v.encode()) for n, v in headers.items()],
    }
    statuses = []

    async def receive() -> Message:
        return {"type": "http.request", "body": sending.body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await application(scope, receive, send)
    (status,) = statuses
    return int(status)


def test_a_burst_is_taken_without_loss(site: Site) -> None:
    """5,000 at once, in any order, a fifth of them twice, from two platforms."""
    sendings = []
    for platform in ("square", "woocommerce"):
        connect(site, platform, platform)
        hook, event = hook_of(site, platform, platform), event_of(site, platform, platform)
        numbered = [replace(event, id=f"{n:05d}") for n in range(2_000)]
        sendings += [
            (hook.url, signed(platform, each, hook)) for each in (*numbered, *numbered[:500])
        ]
    sendings = sendings[::2] + sendings[::-2]
    assert len(sendings) == 5_000
    seconds: list[float] = []

    application = build(site.console, default_parts())

    async def deliver_all() -> set[int]:
        # As many at once as a server accepts.
        gate = asyncio.Semaphore(100)

        async def deliver(url: str, sending: Sending) -> int:
            async with gate:
                begun = perf_counter()
                status = await call(application, url, sending)
                seconds.append(perf_counter() - begun)
                return status

        return set(await asyncio.gather(*(deliver(u, s) for u, s in sendings)))

    assert asyncio.run(deliver_all()) == {200}
    pending = site.registry.hints.pending()
    assert len(pending) == 4_000
    assert len({(hint.platform, hint.event_id) for hint in pending}) == 4_000
    # But for what another test on this machine may delay.
    assert sorted(seconds)[len(seconds) * 99 // 100] < 1
