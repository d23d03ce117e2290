"""Webhooks of QuickBooks: a change of an entry of ours there asks for a check."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors.accounting.quickbooks.webhooks import ChangedJournal, changed_journals
from connectors.database.registry import PlannedEntry
from connectors.errors import BadInput
from pipelines.stages.target_events import SOON, request_check, requested_checks
from pipelines.stages.workspace import Workspace
from tests.console.web.conftest import Site

TOKEN = "2f1c0d4e-verifier"
PATH = "/connect/quickbooks/events"


def cloud(company: str, reference: str, operation: str, entity: str = "journalentry") -> Any:
    return {
        "specversion": "1.0",
        "id": "88cd52aa-33b6-4351-9aa4-47572edbd068",
        "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
        "type": f"qbo.{entity}.{operation}.v1",
        "datacontenttype": "application/json",
        "time": "2026-03-05T21:31:25.179Z",
        "intuitentityid": reference,
        "intuitaccountid": company,
        "data": {},
    }


def old(company: str, reference: str, operation: str, entity: str = "JournalEntry") -> Any:
    change = {"name": entity, "id": reference, "operation": operation, "lastUpdated": "2026-03-05"}
    return {"eventNotifications": [{"realmId": company, "dataChangeEvent": {"entities": [change]}}]}


def signature_of(body: bytes, token: str = TOKEN) -> str:
    return base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()


def deliver(site: Site, document: Any, token: str = TOKEN) -> int:
    """QuickBooks calls, without a sign-in; the status of the answer."""
    body = json.dumps(document).encode()
    with site.browser() as outside:
        del outside.headers["Origin"]
        headers = {"intuit-signature": signature_of(body, token)}
        return outside.post(PATH, content=body, headers=headers).status_code


def company(site: Site, verifier: str | None) -> str:
    """A connected company with one posted entry, 145, and its payout, 146; the company's id."""
    emulator, registry = site.platforms["quickbooks"], site.registry
    account = emulator.first
    credentials = emulator.fields() | emulator.chosen(account) | emulator.keys(account)
    if verifier is not None:
        credentials["verifier_token"] = verifier
    site.console.accounts.add(
        "quickbooks", "Our books", credentials, account=account, slug="ours", actor="test"
    )
    day = date(2026, 3, 2)
    entry = PlannedEntry("mugs", day, "USD", f"je:mugs:{day}:USD", "a")
    registry.publications.plan("ours", [entry])
    (planned,) = registry.publications.list("ours")
    registry.publications.mark_posted("ours", [planned], "145 Transfer/146")
    return account


def test_a_change_of_our_entry_asks_for_a_check(site: Site) -> None:
    realm = company(site, TOKEN)
    schedule, workspace = (
        site.registry.sync_schedule,
        Workspace(site.console.settings, site.registry),
    )
    unsigned = [cloud(realm, "145", "updated")]
    assert deliver(site, unsigned, "another token") == 401
    assert deliver(site, [cloud("999", "145", "updated")]) == 401
    for ignored in (
        [cloud(realm, "145", "created")],
        [cloud(realm, "146", "updated")],
        [cloud(realm, "145", "updated", "transfer")],
        [cloud(realm, "145", "updated", "account")],
        old(realm, "145", "Update", "Invoice"),
    ):
        assert deliver(site, ignored) == 200
        assert schedule.by_connection() == {}
    for document in (
        [cloud("1", "7", "void"), cloud(realm, "145", "deleted")],
        old(realm, "146", "Delete", "Transfer"),
        old(realm, "145", "Update"),
    ):
        assert deliver(site, document) == 200
        scheduled = schedule.by_connection()["ours"]
        assert timedelta() < scheduled.at - datetime.now(UTC) <= SOON
        # Due when its minute is over, once for all that came meanwhile.
        request_check(workspace, "ours", datetime.now(UTC))
        assert schedule.by_connection()["ours"].at == scheduled.at
        assert requested_checks(workspace, scheduled.at) == {}
        later = scheduled.at + timedelta(seconds=1)
        assert requested_checks(workspace, later) == {"ours": scheduled.at}
        # What changes while a check is under way asks for another one.
        request_check(workspace, "ours", later)
        schedule.finish("ours", later)
        assert schedule.by_connection()["ours"].at == later + SOON
        schedule.finish("ours", later + SOON)
    with site.browser() as outside:
        for odd in (b"", b"{", b"[1]", b"{}", b'[{"type": 1}]', b"\xff", b"[" * 50_000):
            assert outside.post(PATH, content=odd).status_code == 401
        assert outside.get(PATH, follow_redirects=False).status_code in {303, 405}


def test_without_a_verifier_token_nothing_is_believed(site: Site) -> None:
    realm = company(site, None)
    for token in ("", TOKEN, "None"):
        assert deliver(site, [cloud(realm, "145", "updated")], token) == 401
    assert site.registry.sync_schedule.by_connection() == {}


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
