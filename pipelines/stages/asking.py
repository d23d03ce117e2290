"""Asking for days to be done, for those who are not the process that does them."""

from dataclasses import dataclass

from connectors.database.registry import Registry
from connectors.home.settings import Settings
from pipelines.stages.journals import BOOKS
from pipelines.stages.visiting import due_days
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Retry:
    """What was asked for once more: the request and its days, and entries for the books."""

    request: int | None
    days: int
    entries: int


def ask_for_days(settings: Settings, registry: Registry, slug: str, actor: str) -> int:
    """Ask for what is due for a connection, as a row that a sensor picks up; how many."""
    workspace = Workspace(settings, registry)
    days = due_days(workspace, registry.connections.get(slug))
    if days:
        registry.inbox.request_days(slug, days, "asked for in the console", actor)
    return len(days)


def retry(settings: Settings, registry: Registry, slug: str, actor: str) -> Retry:
    """Ask once more for what failed and what is due: days to be done, entries to be posted."""
    workspace = Workspace(settings, registry)
    failed = {s.day for s in registry.days.list(slug) if s.state == "failed"}
    days = sorted(failed | set(due_days(workspace, registry.connections.get(slug))))
    request = registry.inbox.request_days(slug, days, "tried again", actor) if days else None
    entries = registry.publications.retry(BOOKS, slug)
    return Retry(request, len(days), entries)
