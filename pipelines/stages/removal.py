"""Deleting a connection: what was fetched for it and what was made of that.

Entries in the books stay where nobody asks for more: an accountant decides about those. Their
record stays too, and with them the slug is taken; once they are withdrawn it is free again.
"""

from dataclasses import dataclass
from datetime import date

from connectors.accounting.beancount.books import Books
from connectors.accounts.broker import STAGED
from connectors.accounts.vault import QUEUE, WEBHOOKS, Vault
from connectors.database.registry.publications import LIVE
from connectors.errors import ConfigError
from mappings.model import BOOKS, original_of
from mappings.tables import LAKE_TABLES
from pipelines.stages.approvals import EntrySelection
from pipelines.stages.publisher import LOCK_SECONDS
from pipelines.stages.roll_back import choose_entries, roll_back
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PostedEntries:
    """Entries that the books hold of a connection, or may hold, and their days."""

    entry_ids: tuple[str, ...]
    first_day: date | None
    last_day: date | None

    def __str__(self) -> str:
        """Return how many they are, and of which days."""
        count = len(self.entry_ids)
        if not count:
            return "no entries"
        noun = "entry" if count == 1 else "entries"
        return f"{count:,} {noun} of {self.first_day} to {self.last_day}"


def posted_entries(workspace: Workspace, slug: str) -> PostedEntries:
    """Return the entries that stand in the books or are recorded as posted there."""
    # Both are asked: a crash between writing the books and recording it leaves only one of them.
    live = workspace.registry.publications.list(BOOKS, [slug], states=LIVE, all_revisions=True)
    days = {p.entry_id: p.business_date for p in live}
    for line in Books(workspace.settings.books_folder).posted([slug]):
        days[original_of(line.entry_id)] = line.business_date
    return PostedEntries(
        tuple(sorted(days)),
        min(days.values(), default=None),
        max(days.values(), default=None),
    )


def remove_connection(
    workspace: Workspace, slug: str, actor: str, *, withdraw_entries: bool = False
) -> PostedEntries:
    """Delete a connection with its credentials, documents and partitions; return what is posted.

    With `withdraw_entries` that is taken out of the books, else it stays there.
    """
    posted = posted_entries(workspace, slug)
    # The books first: what is left when this is killed can be removed again.
    if withdraw_entries:
        _withdraw(workspace, slug, posted, actor)
    vault = Vault(workspace.settings, workspace.registry)
    for owner in (slug, STAGED + slug, QUEUE + slug, WEBHOOKS + slug):
        vault.forget(owner)
    # The registry next: a lake without a connection is litter, the other way round a fault.
    workspace.registry.connections.remove(slug, actor)
    # What a run posted meanwhile; none can from now on.
    if withdraw_entries and (late := posted_entries(workspace, slug)).entry_ids:
        _withdraw(workspace, slug, late, actor)
    if withdraw_entries:
        workspace.registry.entry_choices.forget(slug)
    workspace.lake.forget(slug, LAKE_TABLES)
    return posted


def withdraw_removed(workspace: Workspace, slug: str, actor: str) -> PostedEntries:
    """Take the entries of a connection that was removed before out of the books."""
    posted = posted_entries(workspace, slug)
    _withdraw(workspace, slug, posted, actor)
    workspace.registry.entry_choices.forget(slug)
    return posted


def _withdraw_from(workspace: Workspace, slug: str, organisation: str, actor: str) -> None:
    """Take a store's entries out of an organisation; `ConfigError` where some cannot be."""
    entries = choose_entries(workspace, slug, organisation, EntrySelection())
    if not entries:
        return
    outcome = roll_back(workspace, slug, organisation, entries, "the store is removed", actor)
    if outcome.failed:
        day, reason = min(outcome.failed.items())
        raise ConfigError(f"{organisation} holds entries of {slug} still: {day}: {reason}")


def _withdraw(workspace: Workspace, slug: str, posted: PostedEntries, actor: str) -> None:
    registry = workspace.registry
    # Organisations first: one that is away stops here, and all of it is tried again.
    for organisation in registry.connections.list():
        _withdraw_from(workspace, slug, organisation.slug, actor)
    with registry.lock("books", LOCK_SECONDS):
        live = registry.publications.list(BOOKS, [slug], states=LIVE, all_revisions=True)
        registry.publications.withdraw(BOOKS, slug, {p.entry_id for p in live})
        if posted.entry_ids:
            books = Books(workspace.settings.books_folder)
            books.publish(slug, slug, [], posted.entry_ids)
        registry.publications.mark_voided(BOOKS, live)
    if posted.entry_ids:
        detail = {"entries": len(posted.entry_ids), "days": str(posted)}
        registry.audit.record(actor, "entries.withdrawn", slug, detail)
