"""The rates of one source: direct, inverse or over a third currency, of a day or shortly before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Final

from connectors.rates.files import ExchangeRate

# No bank sets rates on a weekend or a holiday: the last one before counts.
LAST_BEFORE: Final = timedelta(days=7)
_DIGITS: Final = 40


class Rates:
    """The rates of one source between one currency and others, over some days."""

    def __init__(self, rates: Iterable[ExchangeRate], to: str) -> None:
        """Keep rates, oldest first."""
        self._to = to
        self._by_day: dict[date, dict[tuple[str, str], Decimal]] = defaultdict(dict)
        for rate in rates:
            self._by_day[rate.day][rate.base, rate.currency] = rate.rate

    def on(self, day: date, currency: str) -> Decimal | None:
        """Return how many of the currency one unit of another is; None where no rate is near."""
        for back in range(LAST_BEFORE.days + 1):
            rates = self._by_day.get(day - timedelta(days=back))
            near = rate_between(rates, currency, self._to) if rates else None
            if near is not None:
                return near
        return None


def rate_between(
    rates: Mapping[tuple[str, str], Decimal], currency: str, to: str
) -> Decimal | None:
    """Return a rate of one day's: it, its inverse, or one over a currency both have a rate with.

    None where there is none.
    """
    with localcontext(prec=_DIGITS):
        direct, inverse = rates.get((currency, to)), rates.get((to, currency))
        if direct is not None:
            return direct
        if inverse is not None:
            return 1 / inverse
        for (base, other), rate in rates.items():
            across = rates.get((base, to))
            if other == currency and across is not None:
                return across / rate
    return None
