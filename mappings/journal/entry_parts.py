"""Parts of an entry where its sales, or its payouts, are documents of their own (QuickBooks).

A day's activity is a sales receipt, or a refund receipt where it comes to less than nothing. Each
payout moves from clearing to its account by itself. What is neither is a journal beside them, and
clearing gets the same of all together as of the entry in one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from mappings.journal.documents import is_payout
from mappings.journal.merged_lines import is_purchase
from mappings.model import (
    ACTIVITY,
    CARRIED_FORWARD,
    CLEARING,
    DEPOSIT,
    JOURNAL,
    SALES_RECEIPT,
    TRANSFER,
    JournalEntry,
    JournalLine,
)

REFUND_RECEIPT: Final = "refund_receipt"
# Tax that the buyer of a fee accounts for, on both sides.
_SELF_TAXED: Final = "tax.self_"


@dataclass(frozen=True, slots=True)
class EntryPart:
    """One document of an entry: its kind, and the entry with the lines of this document alone.

    `kind` is `journal`, `sales_receipt`, `refund_receipt`, `transfer` or `deposit`. `payout` tells
    the payouts of an entry apart; it is empty for what is none. A payout has two lines: the one of
    its account, and the one of clearing.
    """

    kind: str
    entry: JournalEntry
    payout: str = ""

    @property
    def slot(self) -> tuple[str, str]:
        """Return what a part has in common with the one it takes the place of."""
        return self.kind, self.payout

    @property
    def counter(self) -> JournalLine:
        """Return the line that a receipt or payout balances on, which is its last."""
        return self.entry.lines[-1]

    @property
    def others(self) -> tuple[JournalLine, ...]:
        """Return the lines of a receipt or payout but for the one that it balances on."""
        return self.entry.lines[:-1]


def entry_parts(entry: JournalEntry) -> tuple[EntryPart, ...]:
    """Return the documents that an entry becomes, in the order that they are made in.

    Their lines leave the same on every account as those of the entry.
    """
    lines, payouts = list(entry.lines), list[EntryPart]()
    if entry.payouts != JOURNAL:
        lines, payouts = _without_payouts(entry)
    receipt: list[EntryPart] = []
    if entry.document == SALES_RECEIPT:
        lines, receipt = _without_receipt(entry, lines)
    parts = [*receipt]
    if any(line.amount for line in lines):
        parts.append(EntryPart(JOURNAL, replace(entry, lines=tuple(lines))))
    # An entry of nothing is refused there in words.
    return (*parts, *payouts) or (EntryPart(JOURNAL, entry),)


def _without_payouts(entry: JournalEntry) -> tuple[list[JournalLine], list[EntryPart]]:
    """Return the lines that stay where payouts are taken out, and the payouts."""
    lines, parts = list(entry.lines), list[EntryPart]()
    for line in entry.lines:
        at = _clearing_of(lines, line) if line.amount and is_payout(line) else None
        # Tax has no place on what moves between accounts of the owner.
        if at is None or line.tax_amount or lines[at].account == line.account:
            continue
        clearing = lines[at]
        lines[at] = _with_amount(clearing, clearing.amount + line.amount)
        lines.remove(line)
        # Clearing was what the channel stated less this; the difference of rates stays beside.
        moved = replace(clearing, amount=-line.amount, tax_amount=None, stated=None)
        part = replace(entry, lines=(line, moved))
        kind = DEPOSIT if entry.payouts == DEPOSIT and line.amount > 0 else TRANSFER
        parts.append(EntryPart(kind, part, _name(line, parts)))
    return lines, parts


def _name(line: JournalLine, parts: Sequence[EntryPart]) -> str:
    name = line.settlement_id or "payout"
    again = sum(part.payout == name or part.payout.startswith(f"{name}/") for part in parts)
    return f"{name}/{again + 1}" if again else name


def _clearing_of(lines: Sequence[JournalLine], payout: JournalLine) -> int | None:
    """Return where the line of clearing is that a payout balances on."""
    of_part = [
        at
        for at, line in enumerate(lines)
        if line.category == CLEARING and line.part == payout.part
    ]
    same = [at for at in of_part if lines[at].settlement_id == payout.settlement_id]
    return next(iter((*same, *of_part)), None)


def _without_receipt(
    entry: JournalEntry, lines: Sequence[JournalLine]
) -> tuple[list[JournalLine], list[EntryPart]]:
    """Return the lines that stay beside the receipt of an entry's activity, and the receipt."""
    counters = _counters(lines)
    sold = [e for e in lines if e.amount and e not in counters and _is_on_receipt(e)]
    if not sold or not counters:
        return list(lines), []
    total = -_sum(sold)
    receipt = replace(entry, lines=(*sold, _with_amount(counters[0], total)))
    kind = SALES_RECEIPT if total >= 0 else REFUND_RECEIPT
    beside = [line for line in lines if line not in sold and line not in counters]
    if rest := _sum(beside):
        beside.append(_with_amount(counters[0], -rest))
    return beside, [EntryPart(kind, receipt)]


def _counters(lines: Sequence[JournalLine]) -> list[JournalLine]:
    """Return the lines that an entry's activity balances on: those of clearing.

    A month of a settlement that is paid out later has what is carried forward instead.
    """
    for category in (CLEARING, CARRIED_FORWARD):
        listed = [e for e in lines if e.category == category and e.part == ACTIVITY]
        if listed:
            return listed
    return []


def _is_on_receipt(line: JournalLine) -> bool:
    if line.category == CLEARING or line.part != ACTIVITY or is_payout(line):
        return False
    # A receipt has the tax of sales alone: tax on fees would be declared as less of that.
    is_bought = is_purchase(line.category) or line.category.startswith(_SELF_TAXED)
    return not (is_bought and (line.tax_amount or line.tax_rate))


def _with_amount(line: JournalLine, amount: Decimal) -> JournalLine:
    return replace(line, amount=amount, stated=None)


def _sum(lines: Sequence[JournalLine]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))
