"""Asking for days to be done, for those who are not the process that does them."""

from connectors.registry import Registry
from connectors.settings import Settings
from pipelines.stages.visiting import due_days
from pipelines.stages.workspace import Workspace


def ask_for_days(settings: Settings, registry: Registry, slug: str, actor: str) -> int:
    """Ask for what is due for a connection, as a row that a sensor picks up; how many."""
    workspace = Workspace(settings, registry)
    days = due_days(workspace, registry.connection(slug))
    if days:
        registry.request_days(slug, days, "asked for in the console", actor)
    return len(days)
