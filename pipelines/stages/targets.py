"""Changes to where entries go: saved, and the days requested that they concern."""

from datetime import date

from connectors.accounts.posting_switch import change_posting
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from pipelines.stages.imports import days_of
from pipelines.stages.provisional import booked_documents
from pipelines.stages.workspace import Workspace


def post_since(workspace: Workspace, slug: str, since: date | None, actor: str) -> bool:
    """Post entries of this business day and later to an organisation, or none.

    The days of every store that posts to it are requested, so that their entries are planned.
    Returns False when it is so already; `BadInput` as `change_posting`.
    """
    registry, begin = workspace.registry, workspace.settings.first_day
    if not change_posting(registry, slug, since, begin, actor):
        return False
    if since is not None:
        for store in registry.connections.list():
            if Setup.model_validate(store.setup).target == slug:
                request_days(workspace, store, since, f"posting to {slug}", actor)
    return True


def request_days(
    workspace: Workspace, store: Connection, since: date | None, why: str, actor: str
) -> int:
    """Request the days of a store's documents from one day on; return how many there are."""
    days = sorted(
        {
            day
            for manifest in booked_documents(workspace, store)
            for day in days_of(manifest)
            if since is None or day >= since
        }
    )
    if days:
        workspace.registry.inbox.request_days(store.slug, days, why, actor)
    return len(days)
