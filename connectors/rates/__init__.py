"""Rates of exchange, as files tell them."""

from connectors.rates.files import ExchangeRate, read_rates

__all__ = ["ExchangeRate", "read_rates"]
