"""Entries of a foreign currency in the currency of the books, at the rate of their day.

A payout clears what its settlement's days put into clearing, each at its own day's rate. What the
payout's rate makes of it beside that is the realised difference (`fx.conversion`). An entry of a
settlement is the sum of its days, so that it comes to what entries of these days come to.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from mappings.journal.merged_lines import by_account, by_category
from mappings.model import ACTIVITY, CARRIED_FORWARD, CLEARING, PAYOUT, JournalEntry, JournalLine
from mappings.money import coin


class Conversion(BaseModel):
    """The currency that entries are converted into, and the source of the rates.

    `rates` names rates as `daybook rates import` stored them: `ecb`, or a name of the owner's; or
    the organisation itself by its slug, whose own rates `daybook rates pull` stores.
    `invoices` are converted as well, or keep their `own` currency at these rates.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    rates: Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9-]{0,39}$")] = "ecb"
    invoices: Literal["converted", "own"] = "converted"


@dataclass(frozen=True, slots=True)
class Cleared:
    """A settlement's sum in clearing before its payout: as stated, and as converted day by day."""

    stated: Decimal
    converted: Decimal


@dataclass(frozen=True, slots=True)
class ConversionAccounts:
    """The accounts of differences, and of what is carried forward; None where none is named."""

    difference: str | None
    rounding: str | None
    carried_forward: str | None = None


@dataclass(frozen=True, slots=True)
class SettlementDay:
    """One day of a settlement as an entry of its own, on clearing, and the rate of that day."""

    entry: JournalEntry
    rate: Decimal


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return an amount to the smallest coin, half a coin away from zero."""
    return amount.quantize(coin(currency), ROUND_HALF_UP)


def converted(
    entry: JournalEntry,
    to: str,
    rate: Decimal,
    cleared: Mapping[str, Cleared],
    accounts: ConversionAccounts,
) -> JournalEntry:
    """Return an entry in another currency; it balances, and each line has what it stated.

    `rate` is how many of the new currency one of the entry's is. `cleared` is what settlements that
    the entry pays out have in clearing.
    """
    lines = [_line(line, to, rate, cleared) for line in entry.lines]
    return _finished(entry, to, f"{rate:f}", lines, accounts)


def invoiced_in(entry: JournalEntry, currency: str) -> JournalEntry:
    """Return a converted entry whose invoice is in the currency that it had."""
    digest = hashlib.sha256(f"{entry.content_hash}|invoiced in {currency}".encode()).hexdigest()
    return replace(entry, content_hash=digest, invoiced_in=currency)


def owed(
    days: Iterable[SettlementDay], to: str, cleared: Mapping[str, Cleared]
) -> tuple[Decimal, Decimal]:
    """Return what some days of a settlement leave owed, as stated and in another currency."""
    lines = [
        _line(line, to, day.rate, cleared)
        for day in days
        for line in day.entry.lines
        if line.category == CLEARING
    ]
    stated = sum((line.stated or Decimal(0) for line in lines), Decimal(0))
    return stated, sum((line.amount for line in lines), Decimal(0))


def converted_by_day(
    entry: JournalEntry,
    to: str,
    days: Sequence[SettlementDay],
    brought: tuple[Decimal, Decimal] | None,
    cleared: Mapping[str, Cleared],
    accounts: ConversionAccounts,
    *,
    is_grouped: bool,
) -> JournalEntry:
    """Return an entry of a settlement in another currency, each of its days at that day's rate.

    `brought` is what is brought forward into it, as stated and in the new currency; None for a
    month that is carried forward itself. `cleared` is as in `converted`.
    """
    lines = [_line(line, to, day.rate, cleared) for day in days for line in day.entry.lines]
    if brought is None:
        lines = [_carried(line, accounts) if line.category == CLEARING else line for line in lines]
    elif any(brought):
        lines += _pair(lines, brought, accounts)
    summed = replace(entry, lines=tuple(lines))
    merged = by_account(summed) if is_grouped else by_category(summed)
    ordered = sorted(
        merged.lines,
        key=lambda x: (x.part, x.category == CLEARING, x.account, x.category, x.tax_code or ""),
    )
    return _finished(entry, to, "by day", ordered, accounts)


def _pair(
    lines: Sequence[JournalLine], brought: tuple[Decimal, Decimal], accounts: ConversionAccounts
) -> list[JournalLine]:
    """Return the lines that bring forward: into clearing, and out of where it was carried."""
    stated, amount = brought
    of = next(line for line in lines if line.category == CLEARING)
    clearing = replace(of, part=ACTIVITY, amount=amount, stated=stated, transactions=0)
    return [clearing, replace(_carried(clearing, accounts), amount=-amount, stated=-stated)]


def _carried(line: JournalLine, accounts: ConversionAccounts) -> JournalLine:
    return replace(line, category=CARRIED_FORWARD, account=accounts.carried_forward or "")


def _finished(
    entry: JournalEntry,
    to: str,
    rates: str,
    lines: Sequence[JournalLine],
    accounts: ConversionAccounts,
) -> JournalEntry:
    balanced: list[JournalLine] = []
    for part in dict.fromkeys(line.part for line in lines):
        balanced += _balanced([line for line in lines if line.part == part], part, accounts)
    text = "|".join([entry.content_hash, to, rates, *(f"{line.amount:f}" for line in balanced)])
    digest = hashlib.sha256(text.encode()).hexdigest()
    return replace(entry, currency=to, content_hash=digest, lines=tuple(balanced))


def _line(line: JournalLine, to: str, rate: Decimal, cleared: Mapping[str, Cleared]) -> JournalLine:
    amount = line.amount * rate
    there = cleared.get(line.settlement_id or "")
    if line.part == PAYOUT and line.category == CLEARING and there is not None:
        # What was there before anything was posted has no rate of its own.
        amount = (line.amount + there.stated) * rate - there.converted
    tax = None if line.tax_amount is None else rounded(line.tax_amount * rate, to)
    return replace(
        line,
        amount=rounded(amount, to),
        tax_amount=tax,
        stated=line.amount,
        stated_tax=line.tax_amount,
    )


def _balanced(
    lines: list[JournalLine], part: str, accounts: ConversionAccounts
) -> list[JournalLine]:
    residue = -sum((line.amount for line in lines), Decimal(0))
    if not residue:
        return lines
    if part == PAYOUT:
        category, account = "fx.conversion", accounts.difference
    else:
        category, account = "rounding", accounts.rounding
    settlement = lines[0].settlement_id if part == PAYOUT else None
    # Without an account the entry is held; its lines are not looked at.
    return [
        *lines,
        JournalLine(
            part, account or "", category, residue, 0, settlement_id=settlement, stated=Decimal(0)
        ),
    ]
