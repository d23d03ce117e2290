"""Requests of platforms about personal data: to report, or to erase, what is held of somebody.

They come as webhooks (Shopify's three compliance topics, eBay's account deletions). The audit log
keeps that each came, and what came of it; whoever erases takes them from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.accounts.deliveries import parse_object
from connectors.accounts.hint_bodies import HintBodies, open_body
from connectors.accounts.vault import Vault
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """A request that waits; `topic` and `content` are the platform's own."""

    id: int
    platform: str
    event_id: str
    connection: str
    topic: str
    received_at: datetime
    content: Mapping[str, Any]


def pending_privacy_requests(workspace: Workspace) -> Sequence[PrivacyRequest]:
    """Return the requests that nobody has done yet, oldest first.

    `ConfigError` where the key of their bodies is gone.
    """
    hints = workspace.registry.hints
    pending = hints.pending(purpose="privacy")
    if not pending:
        return []
    bodies = hints.bodies([hint.id for hint in pending])
    key = HintBodies(Vault(workspace.settings, workspace.registry)).key()
    return [
        PrivacyRequest(
            id=hint.id,
            platform=hint.platform,
            event_id=hint.event_id,
            connection=hint.connection,
            topic=hint.topic,
            received_at=hint.received_at,
            content=parse_object(
                open_body(key, hint.platform, hint.event_id, bodies[hint.id]), hint.platform
            ),
        )
        for hint in pending
        if hint.id in bodies
    ]


def finish_privacy_request(
    workspace: Workspace, request: PrivacyRequest, outcome: str, actor: str
) -> None:
    """Record that a request was done, with what came of it in words that name nobody."""
    workspace.registry.hints.finish([request.id], outcome)
    detail = {"event": request.event_id, "topic": request.topic, "outcome": outcome}
    workspace.registry.audit.record(actor, "privacy.handled", request.connection, detail)
