"""Minor units of currencies, as ISO 4217 (list one) counts them; the only table of them.

Babel is no source for this: CLDR states how money is displayed (0 digits for RSD or PKR), ISO 4217
how it is counted, and channels pay the minor units that are not displayed.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

# Currencies that are not here have two digits.
_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_UNITS = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}


def minor_digits(currency: str) -> int:
    """Return the digits after the decimal mark of a currency's minor unit (JPY 0, RSD 2, KWD 3)."""
    # An unknown code counts as two digits: new currencies do, and a wrong code is refused
    # elsewhere.
    return _MINOR_UNITS.get(currency, 2)


def coin(currency: str) -> Decimal:
    """Return a currency's minor unit as an amount (JPY 1, EUR 0.01, KWD 0.001)."""
    return Decimal(1).scaleb(-minor_digits(currency))


def minor_unit_currencies() -> Mapping[int, Sequence[str]]:
    """Return the currencies by their digits after the mark, without those that have two."""
    return {digits: codes.split() for digits, codes in _DIGITS.items()}
