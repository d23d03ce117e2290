"""Rates of exchange, as files tell them."""

from connectors.rates.files import ExchangeRate, read_rates
from connectors.rates.source import LAST_BEFORE, Rates, rate_between

__all__ = ["LAST_BEFORE", "ExchangeRate", "Rates", "rate_between", "read_rates"]
