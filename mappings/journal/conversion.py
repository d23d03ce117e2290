"""Entries of a foreign currency in the currency of the books, at the rate of their day.

A payout clears what its settlement's days put into clearing, each at its own day's rate. What the
payout's rate makes of it beside that is the realised difference (`fx.conversion`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

from mappings.model import CLEARING, JournalEntry, JournalLine
from mappings.money import coin

PAYOUT: Final = "payout"


class Conversion(BaseModel):
    """The currency that entries are converted into, and the source of the rates.

    `rates` names rates as `daybook rates import` stored them: `ecb`, or a name of the owner's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    rates: Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9-]{0,39}$")] = "ecb"


@dataclass(frozen=True, slots=True)
class Cleared:
    """A settlement's sum in clearing before its payout: as stated, and as converted day by day."""

    stated: Decimal
    converted: Decimal


@dataclass(frozen=True, slots=True)
class ConversionAccounts:
    """The accounts of differences; None where the mapping names none."""

    difference: str | None
    rounding: str | None


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
    lines: list[JournalLine] = []
    for part in dict.fromkeys(line.part for line in entry.lines):
        lines += _balanced(
            [_line(line, to, rate, cleared) for line in entry.lines if line.part == part],
            part,
            accounts,
        )
    text = "|".join([entry.content_hash, to, f"{rate:f}", *(f"{line.amount:f}" for line in lines)])
    digest = hashlib.sha256(text.encode()).hexdigest()
    return replace(entry, currency=to, content_hash=digest, lines=tuple(lines))


def _line(line: JournalLine, to: str, rate: Decimal, cleared: Mapping[str, Cleared]) -> JournalLine:
    amount = line.amount * rate
    there = cleared.get(line.settlement_id or "")
    if line.part == PAYOUT and line.category == CLEARING and there is not None:
        # What was there before anything was posted has no rate of its own.
        amount = (line.amount + there.stated) * rate - there.converted
    tax = None if line.tax_amount is None else rounded(line.tax_amount * rate, to)
    return replace(line, amount=rounded(amount, to), tax_amount=tax, stated=line.amount)


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
