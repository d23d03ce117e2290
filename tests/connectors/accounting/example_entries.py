"""Entries of a small seller, as the journal hands them to a target."""

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

from connectors.accounting.beancount import BeanCheckResult, Books
from mappings.model import CLEARING, JournalEntry, JournalLine

AMAZON = "Assets:Clearing:Amazon-UK"
BANK = "Assets:Bank:Current"


def activity(
    account: str,
    category: str,
    amount: str | Decimal,
    transactions: int = 1,
    tax_code: str | None = None,
) -> JournalLine:
    return JournalLine("activity", account, category, Decimal(amount), transactions, tax_code)


def owed(amount: str, settlement: str, clearing: str = AMAZON) -> JournalLine:
    """What the channel owes for the day: the line that balances it."""
    return JournalLine("activity", clearing, CLEARING, Decimal(amount), 7, None, settlement)


def payout(
    settlement: str | None,
    amount: str,
    clearing: str = AMAZON,
    account: str = BANK,
    category: str = "transfer.payout",
) -> tuple[JournalLine, JournalLine]:
    """The two lines that close a settlement."""
    paid = Decimal(amount)
    return (
        JournalLine("payout", account, category, paid, 1, None, settlement),
        JournalLine("payout", clearing, CLEARING, -paid, 1, None, settlement),
    )


def entry(
    day: str,
    *lines: JournalLine,
    connection: str = "amazon-uk",
    currency: str = "GBP",
    revision: int = 1,
) -> JournalEntry:
    # A line without tax hashes as it did before lines had any.
    untaxed = ", tax_treatment=None, tax_country=None, tax_rate=None, tax_amount=None"
    later = ", tax_region=None, tracking=(), stated=None, stated_tax=None"
    text = repr(lines).replace(untaxed + later, "")
    return JournalEntry(
        entry_id=f"je:{connection}:{day}:{currency}",
        connection=connection,
        business_date=date.fromisoformat(day),
        currency=currency,
        content_hash=hashlib.sha256(text.encode()).hexdigest(),
        revision=revision,
        lines=lines,
    )


def sale(
    day: str,
    net: str,
    settlement: str,
    *more: JournalLine,
    clearing: str = AMAZON,
    connection: str = "amazon-uk",
    currency: str = "GBP",
    revision: int = 1,
) -> JournalEntry:
    """A day of sales worth `net` to the seller after a fifth of it went on fees."""
    fee = (Decimal(net) / 5).quantize(Decimal(net))
    return entry(
        day,
        activity("Income:Sales", "sales.principal", -Decimal(net) - fee, 3, "GB-STD-20"),
        activity("Expenses:Fees:Referral", "fee.referral", fee, 3),
        owed(net, settlement, clearing),
        *more,
        connection=connection,
        currency=currency,
        revision=revision,
    )


def seller_year() -> list[JournalEntry]:
    """Two currencies, a turn of the year, two payouts on one day, a settlement carried forward."""
    return [
        sale("2025-12-30", "100.00", "111"),
        sale("2025-12-30", "12.50", "E-9", clearing="Assets:Clearing:Amazon-EU", currency="EUR"),
        sale("2025-12-31", "20.00", "112", *payout("111", "100.00")),
        sale("2026-01-02", "-3.10", "113"),
        entry(
            "2026-01-05",
            *payout("112", "20.00"),
            *payout("113", "-3.10", account="Assets:CarriedForward", category="carried_forward"),
        ),
        entry(
            "2026-01-05",
            *payout("E-9", "12.50", clearing="Assets:Clearing:Amazon-EU"),
            currency="EUR",
        ),
        sale("2026-02-01", "55.55", "114"),
    ]


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file under a folder with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def verdict(books: Books) -> BeanCheckResult:
    """What the real bean-check says."""
    result = books.check()
    assert result is not None, "bean-check is not installed"
    return result
