"""Webhooks: what is subscribed, and how, is what the platforms' documents say."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.accounts.webhook_subscriptions import CHECKED_EVERY, WebhookSubscriptions
from connectors.home.settings import Settings
from tests.connectors.accounts.test_subscriptions import public_desk
from tests.contract.openapi import checked, document

WALMART = "walmart-marketplace-notifications-openapi-original.yml"
BASE = "/commerce/notification/v1"
PATH = "/v2/webhooks/subscriptions"
SPOKEN = {
    "ebay": (
        "commerce_notification_v1_oas3.json",
        BASE,
        {
            "GET /subscription 200",
            "GET /destination 200",
            "POST /destination 201",
            "POST /subscription 201",
            "DELETE /subscription 204",
        },
    ),
    "square": ("api.json", "", {f"GET {PATH} 200", f"POST {PATH} 200", f"DELETE {PATH} 200"}),
    "walmart": (
        WALMART,
        "",
        {
            "GET /v3/webhooks/subscriptions 200",
            "POST /v3/webhooks/subscriptions 200",
            "DELETE /v3/webhooks/subscriptions 200",
        },
    ),
}


@pytest.mark.parametrize("name", sorted(SPOKEN))
def test_subscriptions_speak_the_contract(
    name: str, quick_home: Settings, tmp_path: Path, specs: Path
) -> None:
    with public_desk(name, quick_home, tmp_path) as at:
        emulator: Any = at.emulator
        emulator.webhooks.tests_addresses = False
        slug, webhooks = at.add(at.emulator.first), WebhookSubscriptions(at.accounts)
        webhooks.subscribe(slug, "test")
        for record in emulator.webhooks.hooks.records.values():
            record.is_active = False
        webhooks.keep_up(slug, datetime.now(UTC) + CHECKED_EVERY)
        at.accounts.disconnect(slug, "test")
    file, prefix, expected = SPOKEN[name]
    heard = [e for e in at.emulator.application.exchanges if "webhooks" in e.path or BASE in e.path]
    operations = {
        # Without the number of the one that is deleted.
        f"{method} {path.rpartition('/')[0] if method == 'DELETE' else path} {status}"
        for method, path, status in (
            each.split(" ") for each in checked(document(specs / name / file), heard, prefix)
        )
    }
    assert operations == expected
