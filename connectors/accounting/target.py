"""Accounting targets: what posting asks of an organisation's books, whatever keeps them."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable

from connectors.accounting.attachments import Attachment
from connectors.accounting.dimensions import Dimension, DimensionValue
from connectors.accounts.platform import Access
from connectors.bank import BankLine
from connectors.database.registry import Connection
from connectors.errors import ConfigError, Permanent
from connectors.home.settings import Settings
from connectors.http import Limit, RateLimiter
from connectors.rates import ExchangeRate
from mappings.journal import narrations
from mappings.journal.suggestions import NewAccount
from mappings.model import JournalEntry, JournalLine, day_of, settlement_of


class PeriodClosed(ConfigError):
    """The organisation's books are closed on the day of an entry."""


class EditedThere(ConfigError):
    """The organisation holds an entry otherwise than Daybook posted it: somebody edited it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The means to open an organisation's books.

    `stores` are the names of stores by slug, `limiter_for` hands out turns under limits,
    `marketplaces` are the names of who owes them their money.
    """

    settings: Settings
    organisation: Connection
    access: Access
    stores: Mapping[str, str]
    limiter_for: Callable[[Mapping[str, Limit]], RateLimiter]
    marketplaces: Mapping[str, str] = field(default_factory=dict)

    @property
    def currency(self) -> str | None:
        """Return the currency of the organisation's books, where the platform states it."""
        return self.organisation.account.get("currency")


@dataclass(frozen=True, slots=True)
class ChartAccount:
    """An account of an organisation's chart.

    `number` is what a mapping names it by. `refusal` says why no journal may use it, None where one
    may. `takes_payments` says whether invoices may be paid into it, `takes_deposits` whether sales
    receipts and deposits may, and `takes_transfers` whether money may be moved to it and from it.
    """

    number: str
    name: str
    kind: str
    refusal: str | None = None
    takes_payments: bool = False
    takes_deposits: bool = False
    takes_transfers: bool = False


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A tax code of an organisation; `number` is what a mapping names it by.

    `rate` is in percent, None where the program states none. `refusal` as that of an account.
    """

    number: str
    name: str
    rate: Decimal | None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """An entry as an organisation's books hold it, found by Daybook's marker.

    `reference` is its id there; `is_intact` says whether it is what Daybook posts.
    """

    reference: str
    is_intact: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """The state in the books of what was posted: `intact`, `edited` by somebody, or `gone`.

    `is_matched` says that a bank line was matched with it, which taking it out would lose.
    """

    state: Literal["intact", "edited", "gone"]
    is_matched: bool = False


@dataclass(frozen=True, slots=True)
class BookedLine:
    """A line of an entry as the books show it; a debit is positive."""

    account: str
    amount: Decimal
    description: str


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """Any entry that the books hold, of Daybook or of anybody else.

    `text` is what names its author there: narration, number, note.
    """

    reference: str
    kind: str
    day: date
    text: str
    lines: tuple[BookedLine, ...] = ()


class OrganisationBooks(Protocol):
    """One organisation's books. A revision of an entry is posted once, whoever asks how often.

    `late_seconds` is how long after its answer was given up a call may still be carried out, and
    make what nobody waits for any more. `takes` is what entries and their payouts may be there.
    """

    late_seconds: float
    takes: frozenset[str]

    def check(self) -> None:
        """Raise where nothing can be posted now: access refused, folder gone."""

    def accounts(self) -> list[ChartAccount] | None:
        """Return the organisation's chart; None where only its program knows it."""

    def create_account(self, account: NewAccount) -> ChartAccount:
        """Make an account that the chart lacks. `ConfigError` where its owner must make it."""

    def tax_codes(self) -> list[TaxCode] | None:
        """Return the organisation's tax codes; None where only its program knows them."""

    def currencies(self) -> frozenset[str] | None:
        """Return the currencies that invoices may be in; None where only its program knows."""

    def dimensions(self) -> list[Dimension] | None:
        """Return what lines can be tracked by; None where only its program knows that."""

    def create_value(self, dimension: str, value: str) -> DimensionValue:
        """Make a value that a dimension lacks. `ConfigError` where its owner must make it."""

    def closed_through(self) -> date | None:
        """Return the last day that is closed there; None while none is."""

    def find(
        self,
        entry: JournalEntry,
        before: JournalEntry | None,
        attempt: int = 0,
        *,
        is_settled: bool = True,
    ) -> Holding | None:
        """Return what the books hold of this revision of an entry, by its marker.

        `before` is the revision it takes the place of, where one is posted. What is missing of
        several documents is made first, under the attempt that was lost. Until `is_settled`, what
        was lost may still arrive: books that do not tell it from a second call make nothing.
        """

    def post(self, entry: JournalEntry, attempt: int) -> str:
        """Post an entry that the books do not hold; return its id there.

        `attempt` is the same until the books answer, and another one after they refused. Raises
        `PeriodClosed`, `Permanent` where the books refuse it, `Transient` and `RateLimited` where
        it is unknown whether they took it.
        """

    def replace(
        self, reference: str, before: JournalEntry, entry: JournalEntry, attempt: int
    ) -> str:
        """Bring what is posted as `before` up to a newer revision; return its id there.

        Raises as `post`, and `EditedThere`.
        """

    def void(self, reference: str, before: JournalEntry) -> None:
        """Take out what is posted as `before`, also where it is matched. Raises as `replace`."""

    def attach(self, reference: str, files: Sequence[Attachment]) -> None:
        """Attach files to an entry, but for those that it has by their names.

        Raises `Permanent` for what the books do not take, `Transient` and `RateLimited` where it is
        unknown whether they took it: a second call finds what arrived.
        """

    def inspect(self, reference: str, before: JournalEntry) -> Standing:
        """Return how the books hold what was posted as `before`."""

    def entries(self, first: date, last: date) -> Iterator[BookedEntry]:
        """Yield every entry of some days, both included, whoever posted it."""

    def changed_since(
        self, moment: datetime, references: Collection[str] | None = None
    ) -> set[str] | None:
        """Return the ids of entries that changed or went since; None where only a look tells.

        Of the kinds that `references` are of at least, as asking for all kinds may be too much.
        """


@runtime_checkable
class BankReader(Protocol):
    """Books that tell what passed through their accounts at banks."""

    def bank_lines(self, number: str, first: date, last: date) -> Iterator[BankLine]:
        """Yield the lines of a bank account of some days, both included."""


@runtime_checkable
class RateReader(Protocol):
    """Books that keep rates of exchange of their own."""

    def exchange_rates(
        self, currencies: Collection[str], days: Collection[date]
    ) -> Iterator[ExchangeRate]:
        """Yield the rates of days from some currencies to the organisation's, where it has any."""


def check_postable(entry: JournalEntry, currency: str | None, books: str) -> None:
    """Raise `Permanent` for an entry in another currency than the books', or with tax unknown."""
    if currency is not None and entry.currency != currency:
        raise Permanent(
            f"{entry.entry_id} is in {entry.currency}: journals of {books} are in the "
            f"organisation's own currency, {currency}"
        )
    check_taxed(entry, books)


def check_taxed(entry: JournalEntry, books: str) -> None:
    """Raise `Permanent` for an entry whose tax is unknown."""
    # Without a decision there is no amount of tax, and the books would compute one of their own.
    coded = next((line for line in entry.lines if line.tax_code and not line.tax_treatment), None)
    if coded is not None:
        raise Permanent(
            f"{entry.entry_id} has the tax code {coded.tax_code}, and no tax profile says how much "
            f"tax it is: begin one with `daybook connections tax {entry.connection}`, or leave tax "
            f"codes out of the mapping for {books}"
        )


def edited_there(entry: JournalEntry, books: str) -> EditedThere:
    """Return the error of an entry that somebody changed or deleted in the books."""
    return EditedThere(
        f"{entry.entry_id} was edited or deleted in {books} after Daybook posted it: undo that, or "
        "correct it there by hand"
    )


def attempt_key(what: str, entry: JournalEntry, attempt: int) -> str:
    """Return a key of 64 hexadecimal digits, the same for a body until that was answered."""
    text = f"{what} {marker(entry)} {entry.content_hash} {attempt}"
    return hashlib.sha256(text.encode()).hexdigest()


def link_of(entry: JournalEntry, address: str | None) -> dict[str, str]:
    """Return the field that links to an entry's page of the console; none without an address."""
    day = day_of(entry.entry_id) or entry.business_date
    return {} if address is None else {"Url": f"{address}/journals/{entry.connection}/{day}"}


def line_text(line: JournalLine, language: str) -> str:
    """Return what a line is, in words for an accounting program."""
    return narrations.line(line.category, line.settlement_id, language)


def narration(entry: JournalEntry, store: str) -> str:
    """Return what an entry is, with its marker at the end."""
    words = narrations.narration(
        store,
        entry.business_date,
        entry.language,
        settlement=settlement_of(entry.entry_id),
        is_of_goods=entry.is_of_goods,
    )
    return f"{words} [{marker(entry)}]"


def marker(entry: JournalEntry) -> str:
    """Return the text that says which revision of which entry something in the books is."""
    return f"{entry.entry_id}#{entry.revision}"
