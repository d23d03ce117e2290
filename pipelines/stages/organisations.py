"""A store's entries for the accounting organisation it posts to, beside those for the books.

They are made of the same transactions under the organisation's own mapping, whenever they are
needed: what is kept is what was sent.
"""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from functools import partial

from connectors.accounting import ORGANISATIONS
from connectors.accounting.target import ChartAccount, Opening, OrganisationBooks, TaxCode
from connectors.accounts.accounts import Accounts
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection, PlannedEntry
from connectors.database.registry.rate_limits import SharedRateLimiter
from connectors.lake.windows import ONE_DAY
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS, JournalEntry
from pipelines.stages.journal_tables import write_journal
from pipelines.stages.journals import journal_entries
from pipelines.stages.mapping import mappings_in_effect
from pipelines.stages.partitions import scan
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace


def organisation_of(workspace: Workspace, connection: Connection) -> Connection | None:
    """Return the organisation that a store's entries are posted to; None for the books alone.

    None too for one that was removed: a store goes on without it.
    """
    target = Setup.model_validate(connection.setup).target
    if target == BOOKS:
        return None
    connections = workspace.registry.connections.list()
    return next((each for each in connections if each.slug == target), None)


def open_organisation(workspace: Workspace, organisation: Connection) -> OrganisationBooks:
    """Open an organisation's books, with turns under its platform's limits.

    Raises as the token broker where its access is gone.
    """
    settings, registry = workspace.settings, workspace.registry
    accounts = Accounts(settings, registry)
    application = f"{organisation.channel}:{accounts.application_id(organisation.slug)}"
    opening = Opening(
        settings,
        organisation,
        accounts.access(organisation.slug),
        {c.slug: c.name for c in registry.connections.list()},
        partial(
            SharedRateLimiter,
            registry.rate_limits,
            application,
            str(organisation.account_id),
        ),
    )
    return ORGANISATIONS[organisation.channel](opening)


def account_problems(config: MappingConfig, chart: Sequence[ChartAccount]) -> list[str]:
    """Return what is wrong with the accounts of a mapping, each with the field that names it."""
    accounts = {account.number: account for account in chart}
    named = {f"accounts.{role}": number for role, number in config.accounts.items()}
    named |= {
        f"overrides.{n}.account": override.account
        for n, override in enumerate(config.overrides)
        if override.account is not None
    }
    problems = []
    for field, number in named.items():
        account = accounts.get(number)
        if account is None:
            problems.append(f"{field}: the organisation has no account {number}")
        elif account.refusal is not None:
            problems.append(f"{field}: {number} ({account.name}) {account.refusal}")
    return problems


def tax_problems(config: MappingConfig, codes: Sequence[TaxCode]) -> list[str]:
    """Return what is wrong with the tax codes of a mapping, each with the field that names it."""
    by_number = {code.number: code for code in codes}
    named: dict[str, tuple[str, Decimal | None]] = {
        f"tax_codes.{category}": (code, None) for category, code in config.tax_codes.items()
    }
    named |= {
        f"overrides.{n}.tax_code": (override.tax_code, None)
        for n, override in enumerate(config.overrides)
        if override.tax_code is not None
    }
    named |= {f"treatments.{n}.code": (t.code, t.rate) for n, t in enumerate(config.treatments)}
    problems = []
    for field, (number, rate) in named.items():
        code = by_number.get(number)
        if code is None:
            problems.append(f"{field}: the organisation has no tax code {number}")
        elif code.refusal is not None:
            problems.append(f"{field}: {number} ({code.name}) {code.refusal}")
        elif rate is not None and code.rate is not None and rate != code.rate:
            problems.append(
                f"{field}: {number} ({code.name}) has the rate {code.rate.normalize():f} %, and "
                f"not {rate.normalize():f} %"
            )
    return problems


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
    """Return the entries of some days under an organisation's mapping, each with what holds it."""
    lake = store.lake
    present = sorted(lake.days("transactions", store.slug) & set(days))
    entries: dict[JournalEntry, str | None] = {}
    if not present:
        return entries
    registry = store.workspace.registry
    with store.workspace.engine() as con:
        for mapping, chosen in mappings_in_effect(registry, store.slug, present, organisation.slug):
            source = scan(lake.partitions("transactions", store.slug, chosen))
            con.execute(f"CREATE OR REPLACE TEMP VIEW transactions AS SELECT * FROM {source}")
            write_journal(con, store.connection, mapping)
            # Read before the table is made anew under the next mapping.
            held = dict(
                con.execute("SELECT DISTINCT entry_id, held_reason FROM journal").fetchall()
            )
            for entry in journal_entries(con, "journal", store.slug, revisions, as_posted=True):
                entries[entry] = held[entry.entry_id]
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
    chosen = sorted(day for day in days if day >= since)
    if not chosen:
        return
    registry = store.workspace.registry
    publications = registry.publications
    schedules = {
        day: mapping.schedule
        for mapping, listed in mappings_in_effect(registry, store.slug, chosen, organisation.slug)
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
        # Without revisions, which the plan itself counts up.
        for entry, held in entries_for(store, organisation, chosen, {}).items()
    ]
    publications.plan(organisation.slug, rows, needs_approval=True)
    current = {(row.business_date, row.currency) for row in rows}
    gone = [
        (p.business_date, p.currency)
        for p in publications.list(organisation.slug, [store.slug], chosen[0], chosen[-1] + ONE_DAY)
        if p.business_date in days
        and (p.business_date, p.currency) not in current
        # What was taken out stays on record, and need not be taken out twice.
        and p.state != "voided"
    ]
    if gone:
        publications.withdraw(organisation.slug, store.slug, gone)
