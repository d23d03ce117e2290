"""The rates of exchange that a Tryton database keeps.

A rate is so many of a currency for one of the reference currency, whose own rate is 1, and holds
until the next one: Tryton's module `currency`. Its currencies are those of all companies.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any, Final

from connectors.rates import ExchangeRate

_DIGITS: Final = 40
# As fine as the registry keeps rates.
_FINEST: Final = Decimal("1e-12")


def rates_of_days(
    records: Iterable[Mapping[str, Any]],
    to: str,
    currencies: Collection[str],
    days: Collection[date],
) -> Iterator[ExchangeRate]:
    """Yield rates to a currency of days that have one of both currencies."""
    by_currency: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for each in records:
        by_currency[each["currency."]["code"]][each["date"]] = each["rate"]
    for day in sorted(days):
        own = _last(by_currency[to], day)
        for currency in sorted(currencies):
            other = _last(by_currency[currency], day)
            if own and other:
                with localcontext(prec=_DIGITS):
                    rate = (own / other).quantize(_FINEST, ROUND_HALF_EVEN)
                yield ExchangeRate(day, currency, to, rate)


def _last(rates: Mapping[date, Decimal], day: date) -> Decimal | None:
    dated = max((each for each in rates if each <= day), default=None)
    return None if dated is None else rates[dated]
