"""Records that packages pass to each other where the rows are too few for a table."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

CLEARING = "clearing"
# The target that needs no account anywhere and is always written: the embedded Beancount books.
BOOKS = "books"
GATEWAY = "gateway.external"
UNCLASSIFIED = "unclassified"
# Prefix of the settlements that hold provisional days; no channel's own id begins so.
PROVISIONAL = "provisional-"


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One posting; `amount` is debit-positive, in the entry's currency.

    `part` is `activity`, or `payout` for the two lines that close one settlement.
    `settlement_id` stands on clearing lines and payout lines only. `tax_amount` is the part of
    `amount` that is tax, where the target posts tax by code; `tax_rate` is in percent. Without a
    tax profile no line has a `tax_treatment`. `tracking` are pairs of a dimension and its value.
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
    tracking: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One connection, one business day, one currency; its lines sum to zero.

    `language` is that of its texts, ISO 639-1.
    """

    entry_id: str
    connection: str
    business_date: date
    currency: str
    content_hash: str
    revision: int
    lines: tuple[JournalLine, ...]
    language: str = "en"


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
