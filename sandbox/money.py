"""Earnings of an account at an emulated platform, and the result they must have.

Each platform's emulator brings one `Money` an account, made of a seed: days on which things happen
as they do there (sales, refunds, fees, holds, disputes...), settlements that pay them out, and the
answers of its API about both. What it says here is taken from its own books, not from what Daybook
makes of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

FIRST = date(2026, 10, 10)
TODAY = date(2026, 10, 31)


@dataclass(frozen=True)
class Owed:
    """A settlement by the platform's own books: what its lines come to, and what was paid of it.

    `paid` is None while nothing has been.
    """

    currency: str
    total: Decimal
    paid: Decimal | None


class Money(Protocol):
    """One account's money; `today` is the platform's day, of which nothing is told yet."""

    first: date
    today: date

    def advance(self, days: int) -> None:
        """Let so many days go by, with what happens on them."""

    def restate(self) -> set[date]:
        """Restate something that comes to light late; return the business days that it changes."""

    def settlements(self) -> Mapping[str, Owed]:
        """Return every settlement by Daybook's id for it, with what is not settled."""

    def transactions(self) -> int:
        """Return how many transactions there are on whole days, as the platform counts them."""


def live_to(emulator: object, day: date) -> None:
    """Let what the accounts of a platform earn go on up to a day."""
    for money in getattr(emulator, "money", {}).values():
        money.advance((day - money.today).days)
