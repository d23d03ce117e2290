"""Parts that lines of journals and of invoices have in common in Xero."""

from decimal import Decimal
from typing import Final

import orjson

CENT: Final = Decimal("0.01")
UNTAXED: Final = "NONE"


def figure(amount: Decimal) -> orjson.Fragment:
    """Return a figure as it is: no float stands between the books and Xero."""
    return orjson.Fragment(f"{amount:f}")
