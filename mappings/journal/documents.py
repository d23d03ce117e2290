"""Invoices that entries become: their lines, and the journals beside them.

An entry of a day is an invoice of its activity, paid at once into clearing, and a journal of its
payouts. An entry of a settlement is an invoice alone, left open for the deposit to be matched with.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from mappings.journal.narrations import JOINT
from mappings.model import (
    ACTIVITY,
    CARRIED_FORWARD,
    CLEARING,
    CREDIT_NOTE,
    INVOICE,
    JOURNAL,
    JournalEntry,
    JournalLine,
    settlement_of,
)

_PAYOUTS: Final = frozenset(("transfer.payout", "transfer.payout_failed"))


def is_left_open(entry: JournalEntry) -> bool:
    """Return whether the invoice of an entry waits for the deposit: that of a settlement."""
    return settlement_of(entry.entry_id) is not None


def invoice_lines(entry: JournalEntry) -> tuple[JournalLine, ...]:
    """Return the lines of an entry's invoice, those of nothing left out; none for a journal.

    Less what they come to, they are what clearing gets of the entry, or of its settlement in its
    month. They are in the invoice's currency.
    """
    lines = _billed(entry)
    if entry.invoiced_in is not None:
        lines = [
            replace(line, amount=line.stated or Decimal(0), tax_amount=line.stated_tax)
            for line in lines
        ]
    return tuple(line for line in lines if line.amount)


def _billed(entry: JournalEntry) -> list[JournalLine]:
    if entry.document not in {INVOICE, CREDIT_NOTE}:
        return []
    is_billed = _is_of_settlement if is_left_open(entry) else _is_of_day
    return [line for line in entry.lines if is_billed(line)]


def invoice_currency(entry: JournalEntry) -> str:
    """Return the currency of an entry's invoice."""
    return entry.invoiced_in or entry.currency


def booked_total(entry: JournalEntry) -> Decimal:
    """Return what an entry's invoice comes to in the currency of the entry."""
    return -sum((line.amount for line in _billed(entry)), Decimal(0))


def invoice_total(entry: JournalEntry) -> Decimal:
    """Return what the marketplace owes by an entry's invoice; negative where it is owed."""
    return -sum((line.amount for line in invoice_lines(entry)), Decimal(0))


def payout_journal(entry: JournalEntry) -> JournalEntry | None:
    """Return the journal beside the invoice of a day, of its payouts; None where there is none."""
    if is_left_open(entry):
        return None
    lines = tuple(line for line in entry.lines if line.part != ACTIVITY)
    if not any(line.amount for line in lines):
        return None
    return replace(entry, lines=lines, document=JOURNAL)


def is_booked(entry: JournalEntry) -> bool:
    """Return whether an organisation gets anything of an entry.

    A month of which a settlement was only paid out has no invoice of its own.
    """
    is_invoice = entry.document in {INVOICE, CREDIT_NOTE} and is_left_open(entry)
    return not is_invoice or bool(invoice_lines(entry))


def is_payout(line: JournalLine) -> bool:
    """Return whether a line is what a payout, or one that came back, moved at the bank."""
    return set(line.category.split(JOINT)) <= _PAYOUTS


def _is_of_day(line: JournalLine) -> bool:
    return line.part == ACTIVITY and line.category != CLEARING


def _is_of_settlement(line: JournalLine) -> bool:
    if line.category == CLEARING:
        return False
    # Between months nothing is carried: each has an invoice, and the deposit pays all of them.
    # What one settlement leaves to the next has no settlement on its line.
    is_carried = line.category == CARRIED_FORWARD and line.settlement_id is not None
    if is_carried and line.part == ACTIVITY:
        return False
    return not is_payout(line)
