"""Entries held against the organisation's chart before they are sent.

What the chart does not take holds an entry in words, with the field of the mapping that names it.
Otherwise the platform refuses entry after entry, in words of its own. The chart is read once an
hour and process, as every call counts against the limits; before it holds anything it is read anew.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Final
from weakref import WeakKeyDictionary

from connectors.accounting.dimensions import Dimension, dimension_problem, value_problem
from connectors.accounting.target import ChartAccount, OrganisationBooks, TaxCode
from connectors.database.registry import Connection, Registry
from connectors.errors import ConfigError, Permanent
from mappings.journal.documents import invoice_currency, invoice_lines, is_payout
from mappings.model import CARRIED_FORWARD, CLEARING, JOURNAL, SALES_RECEIPT, JournalEntry
from pipelines.stages.chart_fields import (
    account_problem,
    code_problem,
    document_problems,
    fields_of,
)
from pipelines.stages.mapping import mappings_in_effect
from pipelines.stages.workspace import Workspace

CHART_SECONDS = 3600.0
_CURRENCY: Final = "the currency"
_TAX_FIELDS: Final = ("tax_codes.", "treatments.")


class ChartMismatch(ConfigError):
    """An entry uses what its organisation's chart does not take."""


@dataclass
class _Chart:
    """The chart of an organisation, read as entries need it; None where only its program knows."""

    books: OrganisationBooks
    own: str | None
    read_at: float = field(default_factory=time.monotonic)

    @cached_property
    def accounts(self) -> dict[str, ChartAccount] | None:
        try:
            listed = self.books.accounts()
        except Permanent:
            # A grant without this permission still posts: the platform itself is then the judge.
            return None
        return None if listed is None else {account.number: account for account in listed}

    @cached_property
    def codes(self) -> dict[str, TaxCode] | None:
        try:
            listed = self.books.tax_codes()
        except Permanent:
            return None
        return None if listed is None else {code.number: code for code in listed}

    @cached_property
    def dimensions(self) -> list[Dimension] | None:
        return self.books.dimensions()

    @cached_property
    def currencies(self) -> frozenset[str] | None:
        try:
            return self.books.currencies()
        except Permanent:
            return None

    def problems(self, entry: JournalEntry) -> dict[str, str]:
        """Return what is wrong with an entry, by account, code, dimension, field or currency."""
        lines = [line for line in entry.lines if line.amount]
        problems: dict[str, str] = {}
        accounts = self.accounts
        if accounts is not None:
            numbers = dict.fromkeys(line.account for line in lines)
            problems |= {n: p for n in numbers if (p := account_problem(accounts, n)) is not None}
            problems |= dict(_unfit(accounts, entry))
        used = dict.fromkeys(line.tax_code for line in lines if line.tax_code)
        # Most entries have no code, and no tracking.
        if used and (codes := self.codes) is not None:
            problems |= {n: p for n in used if (p := code_problem(codes, n)) is not None}
        return problems | dict(self._untracked(entry)) | dict(self._unpriced(entry))

    def _unpriced(self, entry: JournalEntry) -> Iterator[tuple[str, str]]:
        currency = invoice_currency(entry)
        # Journals, and invoices in the organisation's own currency, ask nothing.
        if not invoice_lines(entry) or currency == self.own:
            return
        currencies = self.currencies
        if currencies is not None and currency not in currencies:
            yield (
                f"{_CURRENCY} {currency}",
                f"the organisation has no currency {currency}: add it there, or convert entries "
                "with `currency` in the mapping, then publish again",
            )

    def _untracked(self, entry: JournalEntry) -> Iterator[tuple[str, str]]:
        pairs = dict.fromkeys(pair for line in entry.lines for pair in line.tracking)
        dimensions = self.dimensions if pairs else None
        # Books without any place for tracking refuse it in words of their own.
        if not dimensions:
            return
        for name, value in pairs:
            problem = dimension_problem(dimensions, name) or value_problem(dimensions, name, value)
            if problem is not None:
                yield f"tracking of {name} by {value}", problem


def _unfit(accounts: Mapping[str, ChartAccount], entry: JournalEntry) -> Iterator[tuple[str, str]]:
    """Yield the fields whose accounts do not do for the documents of an entry, with why."""
    lines = [line for line in entry.lines if line.amount]
    # A month that is paid out later has what is carried forward in the place of clearing.
    clearing, carried = (
        dict.fromkeys(line.account for line in lines if line.category == category)
        for category in (CLEARING, CARRIED_FORWARD)
    )
    payouts = dict.fromkeys(line.account for line in lines if is_payout(line)) or {"": None}
    # Payments of invoices are for Xero to refuse: it alone knows what it takes in a moment.
    document = entry.document if entry.document == SALES_RECEIPT else JOURNAL
    for pair in product(clearing or carried, payouts):
        kind = entry.payouts if pair[1] else JOURNAL
        for name, problem in document_problems(accounts, *pair, document, kind):
            yield name if clearing else name.replace(CLEARING, CARRIED_FORWARD), problem


_charts: WeakKeyDictionary[Registry, dict[str, _Chart]] = WeakKeyDictionary()


class Preflight:
    """The check of one store's entries for one organisation."""

    def __init__(self, workspace: Workspace, organisation: Connection, slug: str) -> None:
        """Read nothing yet."""
        self._registry, self._slug = workspace.registry, slug
        self._target = organisation.slug
        self._currency: str | None = organisation.account.get("currency")
        self._is_fresh = False

    def check(self, books: OrganisationBooks, entry: JournalEntry) -> None:
        """Raise `ChartMismatch` for an entry that the chart does not take.

        Raises `Transient` and `RateLimited` as the organisation's calls do.
        """
        charts = _charts.setdefault(self._registry, {})
        chart = charts.get(self._target)
        if chart is None or time.monotonic() - chart.read_at > CHART_SECONDS:
            chart = charts[self._target] = _Chart(books, self._currency)
            self._is_fresh = True
        # What is still to be read is read under the access of now.
        chart.books = books
        problems = chart.problems(entry)
        if problems and not self._is_fresh:
            # Somebody may have mended it meanwhile.
            chart = charts[self._target] = _Chart(books, self._currency)
            self._is_fresh = True
            problems = chart.problems(entry)
        if problems:
            raise ChartMismatch("; ".join(self._worded(entry, problems)))

    def _worded(self, entry: JournalEntry, problems: dict[str, str]) -> Iterator[str]:
        days = [entry.business_date]
        ((config, _),) = mappings_in_effect(self._registry, self._slug, days, self._target)
        fields = fields_of(config, problems.keys())
        for name, problem in problems.items():
            if name.startswith("tracking of "):
                yield f"tracking: {problem}"
                continue
            if name.startswith(_CURRENCY):
                yield f"document: {problem}"
                continue
            where = name if name.startswith("accounts.") else fields.get(name, "a line of before")
            yield (
                f"{where}: {problem}: choose another (`daybook mappings set --target "
                f"{self._target}`) or mend it there, then publish again"
            )


def is_of_taxes(message: str) -> bool:
    """Return whether what holds an entry is a tax code that its organisation does not take."""
    named = message.partition(":")[0]
    return named.startswith(_TAX_FIELDS) or named.endswith(".tax_code")
