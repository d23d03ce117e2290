"""Approval of entries: the first ones of a store at an organisation are drafts until then.

So is what a backfill changes, and what was rolled back until it is released. Every choice is in the
audit log with its author and reason.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from connectors.accounting.target import BookedEntry
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection, Publication
from connectors.database.registry.records import Choice, PublicationState
from connectors.errors import BadInput
from connectors.lake.windows import Window
from mappings.model import BOOKS
from pipelines.stages.journals import plan_books
from pipelines.stages.organisations import plan_for_organisation
from pipelines.stages.other_entries import other_entries
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace

LONGEST_REASON = 500
ALWAYS = Window(date.min, date.max)


@dataclass(frozen=True, slots=True)
class EntrySelection:
    """The entries that an action is about: one by its id, or those of a window.

    An id that ends in `*` names those that begin so, of the window: `cogs:*` are what goods cost.
    """

    entry_id: str | None = None
    window: Window | None = None

    def __contains__(self, publication: Publication) -> bool:
        """Return whether an entry is among them."""
        if self.entry_id is not None and not is_pattern(self.entry_id):
            return publication.entry_id == self.entry_id
        if not publication.entry_id.startswith((self.entry_id or "").removesuffix("*")):
            return False
        return self.window is None or publication.business_date in self.window


def is_pattern(entry_id: str) -> bool:
    """Return whether what names an entry names all that begin so."""
    return entry_id.endswith("*")


@dataclass(frozen=True, slots=True)
class Approval:
    """The result of an approval: entries that are due now, or `others` that stand in its way."""

    entries: Sequence[Publication] = field(default_factory=list)
    others: Sequence[BookedEntry] = field(default_factory=list)


def listed_entries(
    workspace: Workspace,
    slug: str,
    target: str,
    selection: EntrySelection,
    states: Collection[PublicationState],
) -> list[Publication]:
    """Return the newest revisions of a store at a target, of a selection and in some states."""
    listed = workspace.registry.publications.list(target, [slug], states=states)
    return [publication for publication in listed if publication in selection]


def drafts(
    workspace: Workspace, slug: str, target: str, selection: EntrySelection
) -> list[Publication]:
    """Return the entries that wait for approval; those that were rolled back are not among them."""
    return [
        publication
        for publication in listed_entries(workspace, slug, target, selection, ["draft"])
        if publication.waits_for == "approval"
    ]


def approve(
    workspace: Workspace,
    connection: Connection,
    organisation: Connection,
    selection: EntrySelection,
    actor: str,
    *,
    despite_other_entries: bool = False,
) -> Approval:
    """Let drafts be posted by the next run; `BadInput` where none is selected.

    Nothing is approved while the organisation has entries of another connector in their days.
    """
    slug, target = connection.slug, organisation.slug
    chosen = drafts(workspace, slug, target, selection)
    if not chosen:
        raise BadInput(f"no entry of {slug} there waits for approval at {target}")
    days = [publication.business_date for publication in chosen]
    if not despite_other_entries:
        store = Store.read(workspace, connection)
        others = other_entries(store, organisation, min(days), max(days))
        if others:
            return Approval(others=others)
    choose(workspace, slug, target, chosen, "approved", actor)
    return Approval(chosen)


def approve_from(
    workspace: Workspace,
    connection: Connection,
    organisation: Connection,
    since: date | None,
    actor: str,
    *,
    despite_other_entries: bool = False,
) -> Approval:
    """Post a store's entries of this business day and later unasked, or none with None.

    `BadInput` where posting begins later than that. Other connectors' entries are in the way as in
    `approve`.
    """
    slug, target = connection.slug, organisation.slug
    begins = Setup.model_validate(organisation.setup).posting.since
    if since is not None and (begins is None or since < begins):
        raise BadInput(
            f"{target} gets entries {f'from {begins} on' if begins else 'of no day'}: "
            f"`daybook connections posting {target} --from DAY` comes first"
        )
    if since is not None and not despite_other_entries:
        store = Store.read(workspace, connection)
        last = max(since, datetime.now(UTC).date())
        others = other_entries(store, organisation, since, last)
        if others:
            return Approval(others=others)
    window = Window(since, date.max) if since is not None else Window(date.max, date.max)
    before = drafts(workspace, slug, target, EntrySelection(window=window))
    workspace.registry.entry_choices.set_automatic(target, slug, since, actor)
    left = {each.id for each in drafts(workspace, slug, target, EntrySelection(window=window))}
    return Approval([each for each in before if each.id not in left])


def choose_for_closed(
    workspace: Workspace,
    slug: str,
    target: str,
    selection: EntrySelection,
    choice: Choice,
    reason: str,
    actor: str,
) -> list[Publication]:
    """Post held entries of closed days on the first open one, or leave them out, as `choice` says.

    `BadInput` without a reason, and where no selected entry waits for that choice.
    """
    line = checked_reason(reason)
    waiting = [
        publication
        for publication in listed_entries(
            workspace, slug, target, selection, ["held", "draft", "planned", "failed"]
        )
        # Any entry may be left out before it is posted; only a closed day has a first open one.
        if choice == "left_out" or publication.waits_for == "open_period"
    ]
    if choice == "first_open_day":
        waiting += _unsupported(workspace, slug, target, selection)
    if not waiting:
        raise BadInput(f"no entry of {slug} there waits for such a choice at {target}")
    choose(workspace, slug, target, waiting, choice, actor, line)
    return waiting


def _unsupported(
    workspace: Workspace, slug: str, target: str, selection: EntrySelection
) -> list[Publication]:
    """Return what a target holds and no journal supports any more; of the books, of closed days.

    An organisation's closed days are known when something is sent there. What is rolled back is its
    owner's, and taken out whole.
    """
    registry = workspace.registry
    closed = registry.closed_books.get(slug) or date.min if target == BOOKS else date.max
    rolled_back = {c.entry_id for c in registry.entry_choices.list(target, slug, ["rolled_back"])}
    return [
        publication
        for publication in registry.publications.unsupported(target)
        if publication.connection == slug
        and publication.business_date <= closed
        and publication.entry_id not in rolled_back
        and publication in selection
    ]


def release(
    workspace: Workspace,
    connection: Connection,
    target: str,
    selection: EntrySelection,
    actor: str,
    reason: str | None = None,
) -> list[Publication]:
    """Let entries that were rolled back or left out be posted again; return them.

    `BadInput` where none is selected.
    """
    slug, registry = connection.slug, workspace.registry
    chosen = {
        choice.entry_id
        for choice in registry.entry_choices.list(target, slug, ["rolled_back", "left_out"])
    }
    released = [
        publication
        for publication in registry.publications.list(target, [slug])
        if publication in selection and publication.entry_id in chosen
    ]
    if not released:
        raise BadInput(f"no entry of {slug} there was rolled back or left out at {target}")
    choose(workspace, slug, target, released, "approved", actor, reason)
    registry.entry_choices.restore(target, slug, {each.entry_id for each in released})
    days = {each.business_date for each in released}
    # What was taken out has no revision that is due: it is planned anew.
    if target == BOOKS:
        plan_books(workspace, connection, days)
    else:
        plan_for_organisation(Store.read(workspace, connection), days)
    return released


def choose(
    workspace: Workspace,
    slug: str,
    target: str,
    publications: Sequence[Publication],
    choice: Choice,
    actor: str,
    reason: str | None = None,
) -> None:
    """Record one choice about several entries of a store at a target."""
    entries = {each.entry_id for each in publications}
    choices = workspace.registry.entry_choices
    choices.choose(target, slug, entries, choice, actor=actor, reason=reason)


def checked_reason(reason: str) -> str:
    """Return a reason as one line; `BadInput` for an empty one."""
    line = " ".join(reason.split())
    if not line:
        raise BadInput("give a reason (--reason): it stands in the audit log")
    return line[:LONGEST_REASON]
