"""Webhooks of accounting organisations: what changed there is looked at, whoever says so."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import pytest

from connectors.accounting.quickbooks.webhooks import ChangedJournal, changed_journals
from connectors.database.registry import PlannedEntry
from connectors.errors import BadInput
from pipelines.stages.target_events import (
    SOON,
    handle_target_events,
    request_check,
    requested_checks,
)
from sandbox.webhooks import Event, Hook
from tests.console.web.conftest import Site
from tests.console.web.webhook_senders import (
    TOKEN,
    connect,
    event_of,
    hook_of,
    platform_call,
    send,
    workspace_of,
)

__all__ = ["platform_call"]


def company(site: Site, verifier: str | None) -> str:
    """A connected company with one posted entry, 145, and its payout, 146; the company's id."""
    further = {} if verifier is None else {"verifier_token": verifier}
    connect(site, "quickbooks", "ours", **further)
    day = date(2026, 3, 2)
    entry = PlannedEntry("mugs", day, "USD", f"je:mugs:{day}:USD", "a")
    site.registry.publications.plan("ours", [entry])
    (planned,) = site.registry.publications.list("ours")
    site.registry.publications.mark_posted("ours", [planned], "145 Transfer/146")
    return site.platforms["quickbooks"].first


def cloud(company: str, reference: str, operation: str, entity: str = "journalentry") -> Any:
    return {
        "id": f"{company}{reference}{operation}{entity}",
        "type": f"qbo.{entity}.{operation}.v1",
        "time": "2026-03-05T21:31:25.179Z",
        "intuitentityid": reference,
        "intuitaccountid": company,
    }


def old(company: str, reference: str, operation: str, entity: str = "JournalEntry") -> Any:
    change = {"name": entity, "id": reference, "operation": operation, "lastUpdated": "2026-03-05"}
    return {"eventNotifications": [{"realmId": company, "dataChangeEvent": {"entities": [change]}}]}


def deliver(client: httpx2.Client, site: Site, document: Any, token: str = TOKEN) -> int:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    hook = Hook(f"{site.url}/hooks/quickbooks/ours", token)
    return send(client, "quickbooks", Event("", "", raw=raw), hook)


def test_a_change_of_our_entry_asks_for_a_check(site: Site, platform_call: httpx2.Client) -> None:
    realm, workspace = company(site, TOKEN), workspace_of(site)
    schedule, now = site.registry.sync_schedule, datetime.now(UTC)
    assert deliver(platform_call, site, [cloud(realm, "145", "updated")], "another token") == 401
    assert deliver(platform_call, site, [cloud("999", "145", "updated")]) == 401
    for ignored in (
        [cloud(realm, "145", "created")],
        [cloud(realm, "146", "updated")],
        [cloud(realm, "145", "updated", "transfer")],
        [cloud(realm, "145", "updated", "account")],
        old(realm, "145", "Update", "Invoice"),
    ):
        assert deliver(platform_call, site, ignored) == 200
    assert handle_target_events(workspace, now) == []
    assert schedule.by_connection() == {}
    for document in (
        [cloud("1", "7", "void"), cloud(realm, "145", "deleted")],
        old(realm, "146", "Delete", "Transfer"),
        old(realm, "145", "Update"),
    ):
        assert deliver(platform_call, site, document) == 200
        assert handle_target_events(workspace, now) == ["ours"]
        scheduled = schedule.by_connection()["ours"]
        assert scheduled.at - now == SOON
        # What is sent again is here already.
        assert deliver(platform_call, site, document) == 200
        assert handle_target_events(workspace, now) == []
        # Due when its minute is over, once for all that came meanwhile.
        request_check(workspace, "ours", now)
        assert schedule.by_connection()["ours"].at == scheduled.at
        assert requested_checks(workspace, scheduled.at) == {}
        later = scheduled.at + timedelta(seconds=1)
        assert requested_checks(workspace, later) == {"ours": scheduled.at}
        # What changes while a check is under way asks for another one.
        request_check(workspace, "ours", later)
        schedule.finish("ours", later)
        assert schedule.by_connection()["ours"].at == later + SOON
        schedule.finish("ours", later + SOON)
    for odd in (b"", b"{", b"[1]", b"{}", b'[{"type": 1}]', b"\xff", b"[" * 50_000):
        assert deliver(platform_call, site, odd) == 401


def test_without_a_verifier_token_nothing_is_believed(
    site: Site, platform_call: httpx2.Client
) -> None:
    realm = company(site, None)
    for token in ("", TOKEN, "None"):
        assert deliver(platform_call, site, [cloud(realm, "145", "updated")], token) == 401
    assert site.registry.hints.pending(purpose="entries") == []


def test_xero_wants_to_see_that_a_forged_test_is_refused(
    site: Site, platform_call: httpx2.Client
) -> None:
    connect(site, "xero", "books")
    hook, test = hook_of(site, "xero", "books"), event_of(site, "xero", "books", "")
    assert send(platform_call, "xero", test, hook) == 200
    assert send(platform_call, "xero", test, replace(hook, secret="another")) == 401
    assert site.registry.hints.pending(purpose="entries") == []


def test_both_forms_are_read() -> None:
    merged = old("1", "2", "Merge")
    merged["eventNotifications"][0]["dataChangeEvent"]["entities"][0]["deletedId"] = "3"
    assert changed_journals(json.dumps(merged).encode()) == {
        ChangedJournal("1", "2"),
        ChangedJournal("1", "3"),
    }
    unheard = [cloud("1", "2", "emailed"), {**cloud("1", "2", "updated"), "type": "new"}]
    assert changed_journals(json.dumps(unheard).encode()) == frozenset()
    with pytest.raises(BadInput, match="no webhook of QuickBooks"):
        changed_journals(b'{"eventNotifications": 1}')
