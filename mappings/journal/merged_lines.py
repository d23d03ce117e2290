"""Grouping: lines of one account as one line, or lines that differ in figures alone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final, Literal

from mappings.journal.narrations import JOINT
from mappings.model import ACTIVITY, CLEARING, JournalEntry, JournalLine

Grouping = Literal["category", "account"]
BY_CATEGORY: Final = "category"
BY_ACCOUNT: Final = "account"
_PURCHASES: Final = frozenset(
    ("transfer.payout_fee", "tax.on_fees", "tax.contained_in_fees", "tax.self_deducted")
)


def is_purchase(category: str) -> bool:
    """Return whether a line is what was bought, whose tax is reclaimed, and not what was sold."""
    first = category.partition(JOINT)[0]
    return first.startswith("fee.") or first in _PURCHASES


def by_account(entry: JournalEntry) -> JournalEntry:
    """Return an entry whose lines of one account, tax code and tracking are one line.

    Clearing stays by settlement, and a payout apart from the day's activity. With a tax code, sales
    and purchases stay apart, as programs post their tax to two sides. What comes to nothing has no
    line.
    """
    groups: dict[tuple[object, ...], list[JournalLine]] = defaultdict(list)
    for line in entry.lines:
        side = is_purchase(line.category) if line.tax_code is not None else None
        key = (line.part, line.category == CLEARING, line.account, line.tax_code, side)
        groups[*key, line.tracking, line.settlement_id].append(line)
    return _of_groups(entry, groups.values())


def by_category(entry: JournalEntry) -> JournalEntry:
    """Return an entry whose lines that differ in figures alone are one line."""
    groups: dict[tuple[object, ...], list[JournalLine]] = defaultdict(list)
    for line in entry.lines:
        tax = (line.tax_code, line.tax_treatment, line.tax_country, line.tax_rate)
        key = (line.part, line.account, line.category, line.settlement_id, line.tracking)
        groups[*key, *tax].append(line)
    return _of_groups(entry, groups.values())


def _of_groups(entry: JournalEntry, groups: Iterable[Sequence[JournalLine]]) -> JournalEntry:
    return replace(entry, lines=tuple(line for group in groups for line in _merged(group)))


def _merged(lines: Sequence[JournalLine]) -> list[JournalLine]:
    if len(lines) == 1:
        return list(lines)
    amount = sum((line.amount for line in lines), Decimal(0))
    taxes = [line.tax_amount for line in lines if line.tax_amount is not None]
    tax = sum(taxes, Decimal(0))
    stated = [line.stated for line in lines if line.stated is not None]
    stated_taxes = [line.stated_tax for line in lines if line.stated_tax is not None]
    first = lines[0]
    if not amount:
        # Its tax would have no line to stand on.
        if tax:
            return list(lines)
        if first.category != CLEARING and first.part == ACTIVITY:
            return []
    treatments = dict.fromkeys(line.tax_treatment for line in lines if line.tax_treatment)
    taxed_as = {(line.tax_treatment, line.tax_country, line.tax_rate) for line in lines}
    is_one_tax = len(taxed_as) == 1
    is_one_region = is_one_tax and len({line.tax_region for line in lines}) == 1
    return [
        replace(
            first,
            category=JOINT.join(
                dict.fromkeys(name for line in lines for name in line.category.split(JOINT))
            ),
            amount=amount,
            transactions=sum(line.transactions for line in lines),
            tax_amount=tax if taxes else None,
            tax_treatment=JOINT.join(treatments) or None,
            tax_country=first.tax_country if is_one_tax else None,
            tax_rate=first.tax_rate if is_one_tax else None,
            tax_region=first.tax_region if is_one_region else None,
            stated=sum(stated, Decimal(0)) if stated else None,
            stated_tax=sum(stated_taxes, Decimal(0)) if stated_taxes else None,
        )
    ]
