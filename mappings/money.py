"""Minor units of currencies."""

from babel.numbers import get_currency_precision


def minor_digits(currency: str) -> int:
    """Digits after the decimal mark of a currency's smallest coin (JPY 0, EUR 2, KWD 3)."""
    return get_currency_precision(currency)
