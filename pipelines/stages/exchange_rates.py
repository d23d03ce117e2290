"""Rates of exchange: taken from files, and the entries planned anew that they change."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from connectors.accounting.beancount.books import Books
from connectors.rates import read_rates
from mappings.model import BOOKS
from pipelines.stages.book_prices import CENTRAL_BANK, write_prices
from pipelines.stages.mapping import mappings_in_effect
from pipelines.stages.organisations import organisation_of, plan_for_organisation
from pipelines.stages.publisher import LOCK_SECONDS
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RatesImport:
    """The result of importing rates: how many a file has, and how many are new or changed."""

    rates: int
    changed: int


def import_rates(
    workspace: Workspace, source: str, name: str, content: bytes, actor: str
) -> RatesImport:
    """Store the rates of a file under a source's name; `BadInput` for what cannot be read.

    Entries that mappings convert at this source's rates are planned anew, days whose tax waits for
    a rate are requested, and the central bank's rates become the prices of the books.
    """
    rates = read_rates(name, content)
    changed = workspace.registry.exchange_rates.add(source, rates, actor)
    if changed:
        _plan(workspace, source, min(rate.day for rate in rates))
        _request_untaxed(workspace, actor)
    if changed and source == CENTRAL_BANK:
        with workspace.registry.lock("books", LOCK_SECONDS):
            write_prices(workspace, Books(workspace.settings.books_folder))
    return RatesImport(len(rates), changed)


def _request_untaxed(workspace: Workspace, actor: str) -> None:
    """Request the days of imports whose value is in a currency that had no rate."""
    days: dict[str, set[date]] = defaultdict(set)
    for held in workspace.registry.publications.list(BOOKS, states=["held"]):
        if "`daybook rates import`" in (held.message or ""):
            days[held.connection].add(held.business_date)
    for slug, waiting in days.items():
        workspace.registry.inbox.request_days(slug, sorted(waiting), "rates imported", actor)


def _plan(workspace: Workspace, source: str, since: date) -> None:
    registry = workspace.registry
    for connection in registry.connections.list():
        organisation = organisation_of(workspace, connection)
        if organisation is None:
            continue
        computed = workspace.lake.days("journal_lines", connection.slug)
        days = sorted(day for day in computed if day >= since)
        effective = mappings_in_effect(registry, connection.slug, days, organisation.slug)
        if any(m.currency is not None and m.currency.rates == source for m, _ in effective):
            plan_for_organisation(Store.read(workspace, connection), days)
