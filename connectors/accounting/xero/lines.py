"""Parts that lines of journals and of invoices have in common in Xero."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import orjson

from connectors.accounting.xero.categories import expected_tracking, held_tracking
from mappings.model import JournalLine

CENT: Final = Decimal("0.01")
UNTAXED: Final = "NONE"


def figure(amount: Decimal) -> orjson.Fragment:
    """Return a figure as it is: no float stands between the books and Xero."""
    return orjson.Fragment(f"{amount:f}")


def are_as_posted(
    held: Iterable[Any], expected: Iterable[tuple[JournalLine, Decimal, str]]
) -> bool:
    """Return whether lines of Xero's are those that were posted, each with its amount and text.

    They may come in another order. One that somebody tracked, taxed or described is edited.
    """
    return Counter(
        (
            str(line.get("AccountCode")),
            Decimal(str(line["LineAmount"])),
            line.get("Description"),
            line.get("TaxType"),
            held_tracking(line),
        )
        for line in held
    ) == Counter(
        (line.account, amount, text, line.tax_code or UNTAXED, expected_tracking(line))
        for line, amount, text in expected
    )
