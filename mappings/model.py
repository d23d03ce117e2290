"""Records that packages pass to each other where the rows are too few for a table."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

# The two parts of an entry.
ACTIVITY = "activity"
PAYOUT = "payout"
CLEARING = "clearing"
CARRIED_FORWARD = "carried_forward"
# What an entry becomes in an organisation.
JOURNAL, INVOICE, CREDIT_NOTE = "journal", "invoice", "credit_note"
SALES_RECEIPT = "sales_receipt"
# What its payouts become there, where they are not lines of a journal.
TRANSFER, DEPOSIT = "transfer", "deposit"
# The target that needs no account anywhere and is always written: the embedded Beancount books.
BOOKS = "books"
_CORRECTION = re.compile(r":[cv]\d+$")
_DAY = re.compile(r"[a-z]+:[^:]+:(\d{4}-\d\d-\d\d):")
GATEWAY = "gateway.external"
UNCLASSIFIED = "unclassified"
# Prefix of the settlements that hold provisional days; no channel's own id begins so.
PROVISIONAL = "provisional-"


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One posting; `amount` is debit-positive, in the entry's currency.

    `part` is `activity`, or `payout` for the two lines that close one settlement.
    `settlement_id` stands on lines of clearing, payouts and what is carried forward. `tax_amount`
    is the part of `amount` that is tax, where the target posts tax by code; `tax_rate` is in
    percent, `tax_region` the state or province. Without a tax profile no line has a
    `tax_treatment`. `tracking` are pairs of a dimension and its value. `stated` and `stated_tax`
    are the amounts in the channel's currency, where the line was converted.
    """

    part: str
    account: str
    category: str
    amount: Decimal
    transactions: int
    tax_code: str | None = None
    settlement_id: str | None = None
    tax_treatment: str | None = None
    tax_country: str | None = None
    tax_rate: Decimal | None = None
    tax_amount: Decimal | None = None
    tax_region: str | None = None
    tracking: tuple[tuple[str, str], ...] = ()
    stated: Decimal | None = None
    stated_tax: Decimal | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One connection, one business day, one currency; its lines sum to zero.

    `entry_id` is `je:connection:day:currency`. It begins with `cogs` for what a day's goods cost.
    It ends in `:settlement-…` for a settlement's share of a month, dated on its last line's day.
    `language` is that of its texts, ISO 639-1. `document` is what it becomes in an organisation: a
    `journal`, an `invoice` (a bill where it is negative), that with a credit note for the negative
    one (`credit_note`), or a `sales_receipt` (a refund receipt where it is negative). `invoiced_in`
    is the currency of an invoice whose lines have what they stated in it, where it is not the
    entry's own. `payouts` is what its payouts become: lines of a `journal`, a `transfer` or a
    `deposit` each.
    """

    entry_id: str
    connection: str
    business_date: date
    currency: str
    content_hash: str
    revision: int
    lines: tuple[JournalLine, ...]
    language: str = "en"
    document: str = JOURNAL
    payouts: str = JOURNAL
    invoiced_in: str | None = None

    @property
    def is_of_goods(self) -> bool:
        """Return whether the entry is of what goods cost, and not of what they were sold for."""
        return is_of_goods(self.entry_id)


def is_of_goods(entry_id: str) -> bool:
    """Return whether an entry is of what a day's goods cost."""
    return entry_id.startswith("cogs:")


def settlement_of(entry_id: str) -> str | None:
    """Return the settlement that an entry is of; None for one of a day."""
    # `je:store:2026-03-18:GBP:settlement-123`, and a correction of it ends in `:c1`.
    _, is_settlement, name = original_of(entry_id).partition(":settlement-")
    return name if is_settlement else None


def original_of(entry_id: str) -> str:
    """Return the entry that one corrects (`:c2`) or takes back (`:v2`); itself for an original."""
    return _CORRECTION.sub("", entry_id)


def day_of(entry_id: str) -> date | None:
    """Return the business day that an entry is of, whatever day it is dated; None without one."""
    match = _DAY.match(entry_id)
    return date.fromisoformat(match[1]) if match else None


# Read back instead of remembered: reconciliation compares with what the target really holds.
@dataclass(frozen=True, slots=True)
class PostedLine:
    """One posting as it stands in a target, read back from there."""

    entry_id: str
    connection: str
    business_date: date
    currency: str
    revision: int
    content_hash: str
    part: str
    account: str
    category: str
    amount: Decimal
    settlement_id: str | None
