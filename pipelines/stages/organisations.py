"""A store's entries for the accounting organisation it posts to, beside those for the books.

They are made of the same transactions under the organisation's own mapping, whenever they are
needed: what is kept is what was sent.
"""

from collections.abc import Collection, Sequence
from datetime import date
from functools import partial

from connectors.accounting import ORGANISATIONS
from connectors.accounting.target import Opening, OrganisationBooks
from connectors.accounts.accounts import Accounts
from connectors.accounts.setup import Setup
from connectors.channels import CHANNELS
from connectors.database.registry import Connection, PlannedEntry
from connectors.database.registry.rate_limits import SharedRateLimiter
from connectors.lake.windows import ONE_DAY
from mappings.journal.documents import is_booked
from mappings.model import BOOKS, JournalEntry, settlement_of
from pipelines.stages.conversions import convert, payout_days
from pipelines.stages.entry_lines import write_journals
from pipelines.stages.journals import journal_entries
from pipelines.stages.mapping import mappings_in_effect
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace


def organisation_of(workspace: Workspace, connection: Connection) -> Connection | None:
    """Return the organisation that a store's entries are posted to; None for the books alone.

    None too for one that was removed: a store goes on without it.
    """
    target = Setup.model_validate(connection.setup).target
    if target == BOOKS:
        return None
    return workspace.registry.connections.find(target)


def open_organisation(workspace: Workspace, organisation: Connection) -> OrganisationBooks:
    """Open an organisation's books, with turns under its platform's limits.

    Raises as the token broker where its access is gone.
    """
    settings, registry = workspace.settings, workspace.registry
    accounts = Accounts(settings, registry)
    application = f"{organisation.channel}:{accounts.application_id(organisation.slug)}"
    connections = registry.connections.list()
    opening = Opening(
        settings,
        organisation,
        accounts.access(organisation.slug),
        {c.slug: c.name for c in connections},
        partial(
            SharedRateLimiter,
            registry.rate_limits,
            application,
            str(organisation.account_id),
        ),
        {c.slug: CHANNELS[c.channel].title for c in connections if c.channel in CHANNELS},
    )
    return ORGANISATIONS[organisation.channel](opening)


def posted_to(workspace: Workspace) -> list[str]:
    """Return the organisations that posting is turned on for."""
    return [
        connection.slug
        for connection in workspace.registry.connections.list()
        if Setup.model_validate(connection.setup).posting.since is not None
    ]


def entries_for(
    store: Store, organisation: Connection, days: Sequence[date], revisions: dict[str, int]
) -> dict[JournalEntry, str | None]:
    """Return an organisation's entries that some days have lines in, each with what holds it."""
    entries: dict[JournalEntry, str | None] = {}
    since = Setup.model_validate(organisation.setup).posting.since or date.min
    with store.workspace.engine() as con:
        for mapping in write_journals(con, store, organisation.slug, days, since=since):
            # Read before the table is made anew under the next mapping.
            held = dict(
                con.execute("SELECT DISTINCT entry_id, held_reason FROM journal").fetchall()
            )
            made = journal_entries(con, "journal", store.slug, revisions, as_posted=True)
            by_entry = {entry: held[entry.entry_id] for entry in made if is_booked(entry)}
            entries |= convert(con, store, organisation.slug, mapping, by_entry, since)
    return entries


def backfilled_days(store: Store, days: Collection[date]) -> set[date]:
    """Return the days that are computed because somebody named them, and for nothing else.

    Neither a document nor a changed mapping asks for them.
    """
    if organisation_of(store.workspace, store.connection) is None:
        return set()
    events = store.workspace.registry.inbox.of_connection(store.slug)
    touched = {day for event in events if not event.is_backfill for day in event.days}
    named = {day for event in events if event.is_backfill for day in event.days}
    # A backfill on the Dagster pages leaves no event at all.
    return {day for day in days if day in named or day not in touched}


def plan_for_organisation(
    store: Store, days: Collection[date], backfilled: Collection[date] = ()
) -> None:
    """Plan what the store's organisation should hold of some days.

    Nothing is planned of days before the one from which on it is posted to. New entries are drafts
    until they are approved, and so is what a backfill changes.
    """
    organisation = organisation_of(store.workspace, store.connection)
    since = organisation and Setup.model_validate(organisation.setup).posting.since
    if organisation is None or not since:
        return
    registry = store.workspace.registry
    posted = [day for day in days if day >= since]
    chosen = sorted(day for day in _concerned(store, organisation, posted) if day >= since)
    if not chosen:
        return
    publications = registry.publications
    # Without revisions, which the plan itself counts up.
    entries = entries_for(store, organisation, chosen, {})
    # An entry of a settlement may be dated on none of these days.
    dates = sorted({entry.business_date for entry in entries})
    schedules = {
        day: mapping.schedule
        for mapping, listed in mappings_in_effect(registry, store.slug, dates, organisation.slug)
        for day in listed
    }
    rows = [
        PlannedEntry(
            store.slug,
            entry.business_date,
            entry.currency,
            entry.entry_id,
            entry.content_hash,
            held,
            entry.business_date in backfilled,
            schedules[entry.business_date].due_at(
                entry.business_date, store.connection.channel, store.connection.timezone
            ),
        )
        for entry, held in entries.items()
    ]
    publications.plan(organisation.slug, rows, needs_approval=True)
    gone = _gone(store, organisation, chosen, {row.entry_id for row in rows})
    if gone:
        publications.withdraw(organisation.slug, store.slug, gone)


def _concerned(store: Store, organisation: Connection, days: Sequence[date]) -> set[date]:
    """Return days and those whose entries depend on them: payouts, where entries are converted."""
    registry = store.workspace.registry
    effective = mappings_in_effect(registry, store.slug, days, organisation.slug)
    is_converted = any(mapping.currency is not None for mapping, _ in effective)
    return {*days, *(payout_days(store, days) if is_converted else ())}


def _gone(
    store: Store, organisation: Connection, days: Sequence[date], current: Collection[str]
) -> list[str]:
    """Return the entries of some days, or of the settlements of `current` ones, that are gone."""
    settlements = {name for entry_id in current if (name := settlement_of(entry_id))}
    # Another last line dates an entry of a settlement anew: the old one is on any day.
    window = (None, None) if settlements else (days[0], days[-1] + ONE_DAY)
    listed = store.workspace.registry.publications.list(organisation.slug, [store.slug], *window)
    chosen = set(days)
    return [
        p.entry_id
        for p in listed
        if (p.business_date in chosen or settlement_of(p.entry_id) in settlements)
        and p.entry_id not in current
        # What was taken out stays on record, and need not be taken out twice.
        and p.state != "voided"
    ]
