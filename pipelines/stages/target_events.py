"""Events of accounting organisations: one of a changed entry asks for a drift check there soon."""

from datetime import datetime, timedelta
from typing import Final

from connectors.accounting.quickbooks.webhooks import (
    VERIFIER,
    changed_journals,
    companies_of,
    is_signed,
)
from connectors.accounts.accounts import Accounts
from connectors.database.registry import Connection
from connectors.errors import BadInput
from pipelines.stages.workspace import Workspace

# Events of one edit arrive apart, and an accountant edits several entries: one check is for all.
SOON: Final = timedelta(minutes=1)
REQUESTED: Final = "an entry was changed there: it is compared in a moment"


def receive_quickbooks_events(
    workspace: Workspace, body: bytes, signature: str, now: datetime
) -> list[str]:
    """Ask for a check of each company in which an entry of ours changed; return these by slug.

    Only the registry is asked, as the sender waits for three seconds. `BadInput` for a body that
    none of its companies' verifier tokens signed: anybody may send one.
    """
    companies = companies_of(body)
    signed = [
        connection
        for connection in workspace.registry.connections.list()
        if connection.channel == "quickbooks"
        and connection.account_id in companies
        and connection.state != "disconnected"
        and _is_signed(workspace, connection, body, signature)
    ]
    if not signed:
        raise BadInput("no verifier token of a connected company signed this")
    changed = changed_journals(body)
    requested = []
    for connection in signed:
        references = {each.reference for each in changed if each.company == connection.account_id}
        if workspace.registry.publications.holds_any(connection.slug, references):
            request_check(workspace, connection.slug, now)
            requested.append(connection.slug)
    return requested


def request_check(workspace: Workspace, target: str, now: datetime) -> None:
    """Have an organisation's entries compared in a minute; one that waits for that stays."""
    schedule = workspace.registry.sync_schedule
    scheduled = schedule.by_connection().get(target)
    # A check that has begun may have looked before this change: then another one follows.
    if scheduled is None or scheduled.at <= now:
        schedule.set(target, now + SOON, reason=REQUESTED)


def requested_checks(workspace: Workspace, now: datetime) -> dict[str, datetime]:
    """Return active organisations whose requested check is due, with the time it was due at."""
    scheduled = workspace.registry.sync_schedule.by_connection()
    due = {s: each.at for s, each in scheduled.items() if each.reason == REQUESTED}
    # One that needs its owner is checked once it answers again.
    return {
        connection.slug: due[connection.slug]
        for connection in workspace.registry.connections.list()
        if connection.state == "active" and due.get(connection.slug, now) < now
    }


def _is_signed(workspace: Workspace, connection: Connection, body: bytes, signature: str) -> bool:
    accounts = Accounts(workspace.settings, workspace.registry)
    token = accounts.access(connection.slug).fields.get(VERIFIER)
    return token is not None and is_signed(body, signature, token)
