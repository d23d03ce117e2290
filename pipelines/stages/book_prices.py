"""Prices of the books: the central bank's rates between the currencies that are in them."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Final

from connectors.accounting.beancount.books import Books
from connectors.accounting.beancount.prices import Price
from connectors.rates import rate_between
from pipelines.stages.workspace import Workspace

CENTRAL_BANK: Final = "ecb"
# Every rate of the bank is one of the euro.
_BASE: Final = "EUR"


def write_prices(workspace: Workspace, books: Books) -> bool:
    """Write the prices, under the lock of the books; False where they stand there already.

    `ConfigError` where a hand changed the file.
    """
    pairs = list(combinations(sorted(books.currencies), 2))
    if not pairs:
        return False
    listed = workspace.registry.exchange_rates.list(
        CENTRAL_BANK, {_BASE}, workspace.settings.first_day, date.max
    )
    by_day: dict[date, dict[tuple[str, str], Decimal]] = defaultdict(dict)
    for rate in listed:
        by_day[rate.day][rate.base, rate.currency] = rate.rate
    prices = [
        Price(day, currency, amount, other)
        for day, rates in by_day.items()
        for currency, other in pairs
        if (amount := rate_between(rates, currency, other)) is not None
    ]
    return books.write_prices(prices)
