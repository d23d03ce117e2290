"""Changes to where entries go: saved, and the entries planned that they concern."""

from datetime import date

from connectors.accounts.posting_switch import change_posting
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from pipelines.stages.imports import days_of
from pipelines.stages.organisations import plan_for_organisation
from pipelines.stages.provisional import booked_documents
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace


def post_since(workspace: Workspace, slug: str, since: date | None, actor: str) -> bool:
    """Post entries of this business day and later to an organisation, or none.

    The entries of every store that posts to it are planned. Returns False when it is so already;
    `BadInput` as `change_posting`.
    """
    registry = workspace.registry
    if not change_posting(registry, slug, since, workspace.settings.first_day, actor):
        return False
    for store in registry.connections.list():
        if Setup.model_validate(store.setup).target == slug:
            plan_all(workspace, store)
    return True


def plan_all(workspace: Workspace, connection: Connection) -> None:
    """Plan the entries of every computed day of a store for its organisation."""
    days = workspace.lake.days("journal_lines", connection.slug)
    plan_for_organisation(Store.read(workspace, connection), days)


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
