"""Minor units of currencies."""

from decimal import Decimal

from babel.numbers import get_currency_precision


def minor_digits(currency: str) -> int:
    """Digits after the decimal mark of a currency's smallest coin (JPY 0, EUR 2, KWD 3)."""
    return get_currency_precision(currency)


def coin(currency: str) -> Decimal:
    """A currency's smallest coin (JPY 1, EUR 0.01, KWD 0.001)."""
    return Decimal(1).scaleb(-minor_digits(currency))
