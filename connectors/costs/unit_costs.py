"""Unit costs: what one unit of a SKU costs from a day on, everywhere or at one location."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from connectors.costs.table_file import read_rows
from connectors.errors import BadInput

_NEEDED: Final = ("sku", "cost", "currency", "from")
_CURRENCY: Final = re.compile("[A-Z]{3}")
# Where a cost holds that the channel states: wherever the owner has named none.
CHANNELS_OWN: Final = "*channel"
_DEAREST: Final = Decimal(10_000_000)


@dataclass(frozen=True, slots=True)
class UnitCost:
    """The cost of one unit of a SKU from a day on; `location` is empty where it holds anywhere.

    A location is what the channel calls who ships: `AFN`, `MFN`. `CHANNELS_OWN` is that of a cost
    that the channel states, which counts after every one of the owner's.
    """

    sku: str
    location: str
    since: date
    cost: Decimal
    currency: str


def read_costs(name: str, content: bytes) -> list[UnitCost]:
    """Read a CSV file with `sku`, `cost`, `currency`, `from` and perhaps `location`.

    `BadInput` names the row and the cure, also where a file states two costs for one SKU and day.
    """
    costs: dict[tuple[str, str, date], UnitCost] = {}
    for row in read_rows(name, content, _NEEDED):
        currency = row.required("currency").upper()
        if not _CURRENCY.fullmatch(currency):
            raise row.problem(f"{currency!r} is no currency: write its code, like EUR")
        if row.text("location").startswith("*"):
            raise row.problem(f"{row.text('location')!r} is no location")
        cost = UnitCost(
            row.required("sku"),
            row.text("location"),
            row.day("from"),
            row.amount("cost", _DEAREST),
            currency,
        )
        key = cost.sku, cost.location, cost.since
        if key in costs and costs[key] != cost:
            raise row.problem(f"states another cost of {cost.sku} from {cost.since} on")
        costs[key] = cost
    if not costs:
        raise BadInput(f"{name}: has no rows: write one for each SKU")
    return list(costs.values())
