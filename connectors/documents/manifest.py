"""The manifest of a document, stored beside its bytes.

A document is what a channel delivered, verbatim. Its manifest holds the totals that were taken
once, on arrival and independently, and that every later stage is checked against.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

Money = Annotated[Decimal, PlainSerializer(lambda d: format(d, "f"), return_type=str)]


class Coverage(StrEnum):
    """The claim that the documents of a format make on the days they are about.

    SETTLEMENT documents hold settlements, whole or in parts that are linked, and claim no day.
    DATE_RANGE and PAYOUT_SUMMARY files cover a range of days, whichever settlements these are in:
    line by line, or as sums of whole payouts. LEDGER documents are consecutive, and OPEN ones hold
    what no settlement includes yet: both are complete for their days. PROVISIONAL ones hold figures
    ahead of the settlement, and cover no day. ORDERS documents hold no money and cover no day: they
    describe orders, whose lines other documents hold.
    """

    SETTLEMENT = "settlement"
    DATE_RANGE = "date_range"
    PAYOUT_SUMMARY = "payout_summary"
    LEDGER = "ledger"
    OPEN = "open"
    PROVISIONAL = "provisional"
    ORDERS = "orders"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dialect(_Record):
    """A file's formats, decided once per file and verified by its total.

    `zones` maps the zone suffix of an instant to minutes east of UTC. `preamble` lines are above
    the header. `delimiter` separates cells.
    """

    encoding: str
    columns: tuple[str, ...]
    decimal_mark: str
    date_format: str
    zones: dict[str, int] = {}
    newest_first: bool = False
    preamble: int = 0
    delimiter: str = ","


class SourceType(_Record):
    """One of the channel's source types, with its number of lines in the document and their sum."""

    name: str
    lines: int
    amount: Money


class DayTotals(_Record):
    """The totals of one business day in a document: money lines, their sum, units, payouts.

    `digest` covers the content of the day's lines, for formats whose statements are often remade;
    equal digests mean equal lines.
    """

    lines: int
    amount: Money
    units: int = 0
    payouts: int = 0
    paid: Money = Decimal(0)
    digest: str | None = None


class Statement(_Record):
    """One settlement as the document states it.

    `declared` is null where a channel declares no total. `payout` is what goes to the bank;
    negative if the seller owes and it is carried forward. `row` is the row that closes it. `remark`
    is a contradiction within the channel's data: shown to the owner, it refuses nothing. `failed`
    is a payout that the bank refused or that was cancelled: its money is part of a later one.
    """

    settlement_id: str
    marketplace: str | None = None
    currency: str
    period_start: datetime
    period_end: datetime
    declared: Money | None = None
    lines: int
    total: Money
    deposit_at: datetime | None = None
    deposit_day: date | None = None
    payout: Money | None = None
    row: int
    opening_balance: Money | None = None
    closing_balance: Money | None = None
    remark: str | None = None
    failed: bool = False


class Withdrawal(_Record):
    """The withdrawal of a document, which stays stored: by whom, when, and why."""

    at: datetime
    by: str
    reason: str


class Manifest(_Record):
    """The identity, origin and declared content of one document of one connection.

    `format` is the name of one of the channel's formats, `coverage` that format's.
    `statement` is what a document is a statement of: a newer document of the same statement
    supersedes this one. `days` are the business days, in the connection's zone, that have lines
    or a payout; `first_day` to `last_day` are covered, with or without. `rows` are
    those of a file; `rows_without_amount` are rows without money that become no line,
    `rows_deferred` rows that are in no settlement yet. `tag` identifies the settlement's state in
    the channel's list when it was fetched: while it is unchanged, nothing is fetched again.
    `withdrawn` is set on a document that is no longer effective.
    """

    document: str
    connection: str
    channel: str
    format: str
    coverage: Coverage
    name: str
    fetched_at: datetime
    statement: str
    revision: int = 1
    supersedes: str | None = None
    currency: str
    marketplace: str | None
    period_start: datetime
    period_end: datetime
    first_day: date
    last_day: date
    lines: int
    rows: int | None = None
    rows_without_amount: int = 0
    rows_deferred: int = 0
    total: Money
    declared: Money | None
    dialect: Dialect
    source_types: tuple[SourceType, ...]
    days: dict[date, DayTotals]
    settlements: tuple[Statement, ...]
    tag: str | None = None
    withdrawn: Withdrawal | None = None

    @property
    def provisional(self) -> bool:
        """Return whether it holds days ahead of their settlement, booked on request only."""
        return self.coverage is Coverage.PROVISIONAL

    @property
    def describes_orders(self) -> bool:
        """Return whether it holds no money, but what lines of other documents do not state."""
        return self.coverage is Coverage.ORDERS

    @property
    def prefix(self) -> str:
        """Return what every transaction id of this document starts with."""
        # With the connection: the same file imported into two stores must not give two equal ids.
        return hashlib.sha256(f"{self.connection}\n{self.document}".encode()).hexdigest()[:12]

    def covers(self, day: date) -> bool:
        """Return whether the day lies in the document's period, or has a line or a payout of it.

        A provisional document is complete for no day.
        """
        claims = not self.provisional and not self.describes_orders
        within = claims and self.first_day <= day <= self.last_day
        return within or day in self.days

    def says_the_same(self, other: "Manifest") -> bool:
        """Return whether no line, day or payout differs from another document of the statement.

        Only documents whose days have digests can be compared.
        """
        digests = [t.digest for t in (*self.days.values(), *other.days.values()) if t.lines]
        return (
            None not in digests
            and self.days == other.days
            and self.settlements == other.settlements
            and self.tag == other.tag
            and (self.first_day, self.last_day) == (other.first_day, other.last_day)
        )

    def to_json(self) -> str:
        """Return the manifest as it is stored."""
        return self.model_dump_json(indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read a stored manifest; raises `ValueError` on anything else."""
        return cls.model_validate_json(text)


def effective_documents(manifests: Iterable[Manifest]) -> dict[str, Manifest]:
    """Return each statement's effective document: the newest that is not withdrawn."""
    latest: dict[str, Manifest] = {}
    for manifest in manifests:
        earlier = latest.get(manifest.statement)
        if manifest.withdrawn is None and (earlier is None or manifest.revision > earlier.revision):
            latest[manifest.statement] = manifest
    return latest
