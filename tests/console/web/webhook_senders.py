"""Platforms that send webhooks to a console under test, with accounts connected there."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from connectors.accounts.platforms import PLATFORMS
from connectors.accounts.webhook_secrets import WebhookSecrets
from pipelines.stages.workspace import Workspace
from sandbox.webhooks import Event, Hook, signed
from tests.console.web.conftest import Site

TOKEN = "2f1c0d4e-verifier"
SECRET = "whsec_" + base64.b64encode(b"a secret of 24 characters").decode()
# A topic of each platform that has webhooks.
TOPICS = {
    "ebay": "ORDER_CONFIRMATION",
    "etsy": "order.paid",
    "quickbooks": "qbo.journalentry.updated.v1",
    "shopify": "orders/create",
    "square": "payout.paid",
    "tiktok": "1",
    "walmart": "PO_CREATED",
    "woocommerce": "order.created",
    "xero": "INVOICE.UPDATE",
}


def workspace_of(site: Site) -> Workspace:
    return Workspace(site.console.settings, site.registry)


def connect(site: Site, platform: str, slug: str, which: str = "first", **fields: str) -> None:
    """An account with a secret of its own, where the platform signs with one."""
    emulator = site.platforms[platform]
    account = getattr(emulator, which)
    credentials = emulator.fields() | emulator.chosen(account) | emulator.keys(account) | fields
    site.console.accounts.add(
        platform, slug, credentials, account=account, slug=slug, actor="test", timezone="UTC"
    )
    support = PLATFORMS[platform].deliveries
    if support is not None and support.signed_by is None:
        WebhookSecrets(site.console.accounts.vault).set(slug, SECRET)


def hook_of(site: Site, platform: str, slug: str) -> Hook:
    fields = site.console.accounts.access(slug).fields
    support = PLATFORMS[platform].deliveries
    assert support is not None
    secret = fields[support.signed_by] if support.signed_by else SECRET
    return Hook(f"{site.url}/hooks/{platform}/{slug}", secret, fields.get("client_id", ""))


def event_of(site: Site, platform: str, slug: str, topic: str | None = None) -> Event:
    connection = site.registry.connections.get(slug)
    account = connection.account_id or ""
    if platform == "shopify":
        account = connection.fields["shop"]
    content: dict[str, Any] = {"id": 7, "buyer": "Petra Marked"}
    if platform == "quickbooks":
        content = {"intuitentityid": "145"}
    return Event(TOPICS[platform] if topic is None else topic, account, content)


def send(client: httpx2.Client, platform: str, event: Event, hook: Hook) -> int:
    sending = signed(platform, event, hook)
    return client.post(hook.url, content=sending.body, headers=sending.headers).status_code


@pytest.fixture
def platform_call(site: Site) -> Iterator[httpx2.Client]:
    """A platform's server: no browser, so without cookie and Origin."""
    with site.browser() as client:
        del client.headers["Origin"]
        yield client
