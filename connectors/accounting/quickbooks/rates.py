"""The rates of exchange of a QuickBooks company.

A query answers one day and several currencies: `ExchangeRate` of Intuit's API, its XSD and the
examples of its .NET SDK. A rate is so many of the company's own currency for one of another.
UNCONFIRMED: that a day without a rate of its own has the last one before.
"""

from collections.abc import Collection, Iterator
from datetime import date

from connectors.accounting.quickbooks.client import QuickBooksClient
from connectors.accounting.quickbooks.forms import figure_in
from connectors.rates import ExchangeRate


def rates_of_days(
    client: QuickBooksClient, currencies: Collection[str], days: Collection[date]
) -> Iterator[ExchangeRate]:
    """Yield the company's rates of days; `Permanent` where it keeps one currency alone."""
    listed = ", ".join(f"'{currency}'" for currency in sorted(currencies))
    for day in sorted(days):
        question = (
            f"select * from ExchangeRate where SourceCurrencyCode in ({listed}) "
            f"and AsOfDate='{day}'"
        )
        for held in client.query("ExchangeRate", question):
            rate = figure_in(held, "Rate")
            if rate > 0:
                yield ExchangeRate(
                    day, held["SourceCurrencyCode"], held["TargetCurrencyCode"], rate
                )
