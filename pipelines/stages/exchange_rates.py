"""Rates of exchange: of files or an organisation, and the entries planned anew that they change."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from connectors.accounting.beancount.books import Books
from connectors.accounting.target import RateReader
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from connectors.errors import BadInput
from connectors.rates import ExchangeRate, read_rates
from mappings.model import BOOKS
from pipelines.stages.book_prices import CENTRAL_BANK, write_prices
from pipelines.stages.mapping import mappings_in_effect
from pipelines.stages.organisations import (
    open_organisation,
    organisation_of,
    plan_for_organisation,
)
from pipelines.stages.publisher import LOCK_SECONDS, senders
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
    return _stored(workspace, source, read_rates(name, content), actor)


def pull_rates(workspace: Workspace, organisation: Connection, actor: str) -> RatesImport:
    """Store the rates that an organisation keeps itself, under its slug as their source.

    Asked for are days of its stores that have no rate of it yet, in their documents' currencies.
    `BadInput` where its program tells no rates. Raises as `open_organisation`.
    """
    books = open_organisation(workspace, organisation)
    if not isinstance(books, RateReader):
        raise BadInput(
            f"{organisation.slug} tells no rates of exchange: import those of the European Central "
            "Bank (`daybook rates import`), or your own"
        )
    currencies, days = _needed(workspace, organisation)
    if not currencies or not days:
        return RatesImport(0, 0)
    earlier = workspace.registry.exchange_rates.list(
        organisation.slug, currencies, min(days), max(days)
    )
    complete = {
        day for day in days if currencies <= {rate.base for rate in earlier if rate.day == day}
    }
    rates = list(books.exchange_rates(currencies, days - complete)) if days - complete else []
    return _stored(workspace, organisation.slug, rates, actor) if rates else RatesImport(0, 0)


def _needed(workspace: Workspace, organisation: Connection) -> tuple[set[str], set[date]]:
    """Return the foreign currencies of an organisation's stores, and the days of their lines."""
    setup = Setup.model_validate(organisation.setup)
    since = setup.posting.since or date.min
    currencies: set[str] = set()
    days: set[date] = set()
    for store in senders(workspace.registry.connections.list(), organisation.slug):
        documents = workspace.lake.manifests(store.slug)
        currencies |= {document.currency for document in documents}
        # Most programs are asked day by day: those without a line need no rate.
        days |= {day for document in documents for day in document.days if day >= since}
    return currencies - {organisation.account.get("currency")}, days


def _stored(
    workspace: Workspace, source: str, rates: Sequence[ExchangeRate], actor: str
) -> RatesImport:
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
