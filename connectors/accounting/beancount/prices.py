"""`prices.beancount`: what currencies were worth, so that reports can show one of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal

from connectors.accounting.beancount.generated import sealed

# A rate over a third currency has no end; the bank's own have at most this many digits.
_DIGITS = Context(prec=10)


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a day: one unit of `currency` is `amount` of `other`."""

    day: date
    currency: str
    amount: Decimal
    other: str


def render_prices(prices: Iterable[Price]) -> str:
    """Return the generated file of price directives."""
    lines = (f"{p.day} price {p.currency} {_DIGITS.plus(p.amount):f} {p.other}" for p in prices)
    return sealed("".join(f"{line}\n" for line in lines))
