"""Events of accounting organisations: one of a changed entry asks for a drift check there soon."""

from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from connectors.accounts.hint_bodies import HintBodies, open_body
from connectors.accounts.platforms import PLATFORMS
from connectors.accounts.vault import Vault
from connectors.errors import ConfigError
from pipelines.stages.workspace import Workspace

# Events of one edit arrive apart, and an accountant edits several entries: one check is for all.
SOON: Final = timedelta(minutes=1)
# Each is decrypted, so that a tick takes part of a second.
EVENTS_A_TICK: Final = 2_000
REQUESTED: Final = "an entry was changed there: it is compared in a moment"


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


def handle_target_events(workspace: Workspace, now: datetime) -> list[str]:
    """Ask for a check of each organisation whose webhooks name an entry of ours; return these."""
    hints = workspace.registry.hints
    pending = hints.pending(limit=EVENTS_A_TICK, purpose="entries")
    if not pending:
        return []
    bodies = hints.bodies([hint.id for hint in pending])
    key = HintBodies(Vault(workspace.settings, workspace.registry)).key()
    references: dict[str, set[str]] = defaultdict(set)
    for hint in pending:
        support = PLATFORMS[hint.platform].deliveries
        if support is None or support.changed_entries is None or hint.id not in bodies:
            continue
        # One that does not open any more holds up no other; the daily check finds what it told.
        with suppress(ConfigError):
            body = open_body(key, hint.platform, hint.event_id, bodies[hint.id])
            references[hint.connection] |= support.changed_entries(body)
    requested = [
        slug
        for slug in sorted(references)
        if workspace.registry.publications.holds_any(slug, references[slug])
    ]
    for slug in requested:
        request_check(workspace, slug, now)
    hints.finish([hint.id for hint in pending], "compared with our entries")
    return requested
